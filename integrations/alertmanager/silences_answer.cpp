// SPDX-License-Identifier: Apache-2.0
#include "integrations/alertmanager/silences_answer.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "integrations/json/reader.h"

namespace lockkeeper::alertmanager {
namespace {

using json::Path;
using json::Shape;
using json::Value;

// How many containers are open around ...
constexpr std::size_t kSilence = 1;        // ... a silence
constexpr std::size_t kMember = 2;         // ... a member of it
constexpr std::size_t kMatcher = 3;        // ... one of its matchers, or a member of its status
constexpr std::size_t kMatcherMember = 4;  // ... a member of a matcher

constexpr std::string_view kNameLabel = "alertname";
constexpr std::string_view kNodeLabel = "node";

class SilencesReader : public json::Listener {
 public:
  std::vector<KnownSilence> silences;

  Status begin(const Path& path, Shape shape) override {
    if (path.depth() == 0) {
      return shape == Shape::array ? Status() : json::wrong_type(path, "an array");
    }
    if (path.depth() == kSilence) {
      if (shape != Shape::object) return json::wrong_type(path, "an object");
      if (silences.size() == kSilencesMax) {
        return fail(fmt::format("more than {} silences", kSilencesMax));
      }
      silences.emplace_back();
    }
    if (path.depth() == kMember && path.key(1) == "matchers" && shape != Shape::array) {
      return json::wrong_type(path, "an array");
    }
    if (path.depth() == kMatcher && path.key(1) == "matchers") {
      if (shape != Shape::object) return json::wrong_type(path, "an object");
      silences.back().matchers.emplace_back();
    }
    return {};
  }

  Status end(const Path& path, Shape) override {
    if (path.depth() != kSilence) return {};
    if (silences.back().id.empty()) return fail(path.text() + ".id: missing");
    if (silences.back().state.empty()) return fail(path.text() + ".status.state: missing");
    return {};
  }

  Status value(const Path& path, const Value& value) override {
    if (path.depth() == 0) return json::wrong_type(path, "an array");
    if (path.depth() == kSilence) return json::wrong_type(path, "an object");
    auto& silence = silences.back();
    if (path.depth() == kMember) return member(path, value, silence);
    // One that is not understood could be the one that makes it narrow.
    if (path.depth() == kMatcher && path.key(1) == "matchers") {
      return json::wrong_type(path, "an object");
    }
    if (path.depth() == kMatcher && path.key(1) == "status" && path.key(2) == "state") {
      silence.state = value.text;
    }
    if (path.depth() != kMatcherMember || path.key(1) != "matchers") return {};
    auto& matcher = silence.matchers.back();
    const std::string_view name = path.key(3);
    if (name == "name") matcher.name = value.text;
    if (name == "value") matcher.value = value.text;
    if (name == "isRegex") matcher.regex = value.truth;
    if (name == "isEqual") matcher.equal = value.truth;
    return {};
  }

 private:
  static Status member(const Path& path, const Value& value, KnownSilence& silence) {
    const std::string_view name = path.key(1);
    if (name == "matchers") return json::wrong_type(path, "an array");
    if (name == "id") silence.id = value.text;
    if (name == "createdBy") silence.created_by = value.text;
    if (name == "comment") silence.comment = value.text;
    if (name != "startsAt" && name != "endsAt") return {};
    const auto at = parse_time(value.text);
    if (!at) return json::wrong_type(path, "a time");
    (name == "startsAt" ? silence.starts_at : silence.ends_at) = *at;
    return {};
  }
};

/// What tells our silences from others', of other clusters' runs too.
std::string comment_of(std::string_view run, std::string_view node, std::string_view cluster) {
  return fmt::format("run {} of {} works on {}; renewed meanwhile, taken back at the end", run,
                     cluster, node);
}

/// The value of the only equality on that label, or "".
std::string_view equality(const KnownSilence& silence, std::string_view label) {
  for (const auto& matcher : silence.matchers) {
    if (matcher.name == label && !matcher.regex && matcher.equal) return matcher.value;
  }
  return {};
}

}  // namespace

Result<std::vector<KnownSilence>> read_silences_answer(std::string_view body) {
  SilencesReader reader;
  if (auto read = json::read(body, {}, reader); !read) return std::unexpected(read.error());
  return std::move(reader.silences);
}

std::string silence_body(const OwnSilence& silence, const std::string& cluster) {
  const auto matcher = [](std::string_view name, const std::string& value) {
    return nlohmann::json{{"name", name}, {"value", value}, {"isRegex", false}, {"isEqual", true}};
  };
  nlohmann::json body{
      {"matchers", {matcher(kNameLabel, silence.alertname), matcher(kNodeLabel, silence.node)}},
      {"startsAt", to_string(silence.starts_at)},
      {"endsAt", to_string(silence.ends_at)},
      {"createdBy", kSilenceAuthor},
      {"comment", comment_of(silence.run, silence.node, cluster)}};
  if (!silence.id.empty()) body["id"] = silence.id;
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<OwnSilence> own_silence(const KnownSilence& silence, const std::string& cluster) {
  const auto node = equality(silence, kNodeLabel);
  const auto alertname = equality(silence, kNameLabel);
  if (silence.created_by != kSilenceAuthor || silence.matchers.size() != 2 || node.empty() ||
      alertname.empty()) {
    return std::nullopt;
  }
  constexpr std::string_view kBefore = "run ";
  const auto end = silence.comment.find(' ', kBefore.size());
  if (!silence.comment.starts_with(kBefore) || end == std::string::npos) return std::nullopt;
  const auto run = silence.comment.substr(kBefore.size(), end - kBefore.size());
  if (silence.comment != comment_of(run, node, cluster)) return std::nullopt;
  return OwnSilence{silence.id,        run,
                    std::string(node), std::string(alertname),
                    silence.starts_at, silence.ends_at};
}

}  // namespace lockkeeper::alertmanager
