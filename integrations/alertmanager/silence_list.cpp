// SPDX-License-Identifier: Apache-2.0
#include "integrations/alertmanager/silence_list.h"

#include <array>

#include "integrations/alertmanager/silences_answer.h"

namespace lockkeeper::alertmanager {
namespace {

constexpr std::string_view kSilences = "/api/v2/silences";
constexpr std::string_view kSilence = "/api/v2/silence/";
// Ids are UUIDs; what is not one does not go into a path.
constexpr std::string_view kIdBytes = "0123456789abcdefABCDEF-";

}  // namespace

/// The member that answered last is asked first. A second one is asked when it does not answer, so
/// the wait is at most one timeout for each member.
Result<std::string> SilenceList::ask(Question question) {
  Result<std::string> answer = fail("Alertmanager: nobody to ask");
  for (std::size_t tried = 0; tried < api_.members(); ++tried) {
    question.member = (member_ + tried) % api_.members();
    answer = std::move(api_.ask(std::array{question}, stopping_.get_token()).front());
    if (!answer) continue;
    member_ = question.member;
    break;
  }
  return answer;
}

Result<std::vector<OwnSilence>> SilenceList::standing() {
  const auto body = ask({0, "GET", std::string(kSilences), {}});
  if (!body) return std::unexpected(body.error());
  const auto silences = read_silences_answer(*body);
  if (!silences) return fail("Alertmanager: silences: " + silences.error().what);
  std::vector<OwnSilence> own;
  for (const auto& silence : *silences) {
    if (silence.state == "expired") continue;
    if (auto ours = own_silence(silence, cluster_)) own.push_back(std::move(*ours));
  }
  return own;
}

Status SilenceList::put(const OwnSilence& silence) {
  const auto done = ask({0, "POST", std::string(kSilences), silence_body(silence, cluster_)});
  return done ? Status() : std::unexpected(done.error());
}

Status SilenceList::take_back(const std::string& id) {
  if (id.empty() || id.find_first_not_of(kIdBytes) != std::string::npos) {
    return fail("Alertmanager: a silence has an id that is none");
  }
  const auto done = ask({0, "DELETE", std::string(kSilence) + id, {}});
  return done ? Status() : std::unexpected(done.error());
}

}  // namespace lockkeeper::alertmanager
