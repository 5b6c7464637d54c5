// SPDX-License-Identifier: Apache-2.0
#include "bot/daemon_home.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "bot/build_info.h"
#include "bot/detector.h"
#include "bot/people.h"
#include "integrations/slack/text.h"

namespace lockkeeper {
namespace {

// Several people who open the tab after an alert ask the API server once.
constexpr Millis kClusterKept{30'000};

constexpr std::string_view kApproves = "approve what others ask for";
constexpr std::string_view kOperates = "start, pause, resume and abort";
constexpr std::array<std::pair<Act, std::string_view>, 4> kDeeds = {{
    {Act::view, "look"},
    {Act::operate, kOperates},
    {Act::approve, kApproves},
    {Act::administer, "clear what a lost run has left"},
}};

bool may_do(const slack::HomePerson& person, std::string_view deed) {
  return std::ranges::find(person.may, deed) != person.may.end();
}

}  // namespace

slack::HomePerson HomeSource::person(const std::string& user) {
  const Actor actor = "slack:" + user;
  const auto& authority = parts_.settings.authority;
  slack::HomePerson person{.user = user, .roles = {}, .may = {}, .problems = {}};
  person.roles = roles_of(actor, authority, parts_.groups, &person.problems);
  for (const auto& [act, deed] : kDeeds)
    if (authorise(actor, act, authority, parts_.groups).allowed) person.may.emplace_back(deed);
  if (!person.may.empty()) look_at_cluster();
  return person;
}

void HomeSource::look_at_cluster() {
  {
    const std::scoped_lock lock(mutex_);
    const Moment now = parts_.clock.moment();
    if (looked_ && now - *looked_ < kClusterKept) return;
    looked_ = now;
  }
  const auto facts = parts_.world.look();
  const auto at = clock_text(parts_.clock.now());
  const std::scoped_lock lock(mutex_);
  cluster_ = {"API server", facts.has_value(),
              facts ? fmt::format("answered at {} UTC, {}, {}", at, facts->api_server_text,
                                  counted(facts->nodes.size(), "node"))
                    : fmt::format("at {} UTC: {}", at, facts.error().what)};
}

slack::HomePicture HomeSource::picture(const slack::HomePerson& person) {
  slack::HomePicture picture{.cluster = parts_.settings.cluster.name,
                             .version = std::string(build_version()),
                             .run = parts_.newest_run(),
                             .waiting = {},
                             .gate = parts_.gate.view(parts_.clock.moment()),
                             .links = {}};
  picture.links = links(picture.gate);
  for (auto& reason : picture.gate.reasons)
    reason = slack::naming(reason, parts_.settings.slack.command);
  // A journal that cannot be read is told by everything else.
  const auto waiting = parts_.approvals.waiting();
  for (const auto& request : waiting.value_or(std::vector<StartRequest>()))
    picture.waiting.push_back({request, may(person, request)});
  return picture;
}

std::vector<slack::HomeLink> HomeSource::links(const GateView& gate) {
  const auto problems = parts_.slack_problems();
  std::vector<slack::HomeLink> links = {
      {"Slack", problems.empty(), problems.empty() ? "connected" : joined(problems, "; ")}};
  for (const auto& source : gate.sources)
    links.push_back({source.name, source.good, source.good ? "seen" : source.why_not});
  const std::scoped_lock lock(mutex_);
  if (!cluster_.name.empty()) links.push_back(cluster_);
  return links;
}

slack::HomeRequest::May HomeSource::may(const slack::HomePerson& person,
                                        const StartRequest& request) const {
  const Actor actor = "slack:" + person.user;
  const auto& by = request.what.by;
  const auto like = likeness(by, actor, parts_.settings.authority);
  if (like == Likeness::same && may_do(person, kOperates)) return slack::HomeRequest::May::withdraw;
  const bool another = like == Likeness::different || by == kDetectionActor;
  return another && may_do(person, kApproves) ? slack::HomeRequest::May::decide
                                              : slack::HomeRequest::May::look;
}

}  // namespace lockkeeper
