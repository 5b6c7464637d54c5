// SPDX-License-Identifier: Apache-2.0
#include "integrations/alertmanager/poller.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rules/text.h"

namespace lockkeeper::alertmanager {
namespace {

// By default all of them are listed; said, because the meaning of an absent alert rests on it.
constexpr std::string_view kAlerts =
    "/api/v2/alerts?active=true&silenced=true&inhibited=true&unprocessed=true";
constexpr std::string_view kSilences = "/api/v2/silences";
constexpr std::size_t kIdShown = 8;
constexpr std::size_t kNameBytesMax = 60;

/// Why the alert is held back; empty when it is not, or not by anybody but us.
std::string held_back_by(const KnownAlert& alert,
                         const std::map<std::string_view, const KnownSilence*>& silences,
                         const std::map<std::string_view, const KnownAlert*>& alerts) {
  for (const auto& id : alert.silenced_by) {
    const auto silence = silences.find(id);
    if (silence == silences.end() || silence->second->created_by == kSilenceAuthor) continue;
    return fmt::format("silenced by {} ({})", id.substr(0, kIdShown),
                       clipped(silence->second->created_by, kNameBytesMax));
  }
  if (alert.inhibited_by.empty()) return {};
  const auto by = alerts.find(alert.inhibited_by.front());
  return fmt::format("inhibited by {}",
                     by == alerts.end()
                         ? std::string("an alert that has gone")
                         : clipped(by->second->labels.get("alertname"), kNameBytesMax));
}

bool any_silenced(const std::vector<KnownAlert>& alerts) {
  return std::ranges::any_of(alerts, [](const auto& alert) { return !alert.silenced_by.empty(); });
}

Sighting failed(std::string why) {
  return {.good = false, .why_not = std::move(why), .firing = {}, .watchdog = false};
}

}  // namespace

Sighting sighting_of(const std::vector<KnownAlert>& alerts,
                     const std::vector<KnownSilence>& silences) {
  std::map<std::string_view, const KnownSilence*> silence_by_id;
  for (const auto& silence : silences)
    silence_by_id.emplace(silence.id, &silence);
  std::map<std::string_view, const KnownAlert*> alert_by_print;
  for (const auto& alert : alerts)
    alert_by_print.emplace(alert.fingerprint, &alert);
  Sighting sighting{.good = true, .why_not = "", .firing = {}, .watchdog = false};
  for (const auto& alert : alerts) {
    // Held back or not, it fires.
    sighting.alertmanager.push_back(alert.labels);
    auto by = held_back_by(alert, silence_by_id, alert_by_print);
    if (!by.empty()) sighting.suppressed.push_back({alert.labels, std::move(by)});
  }
  return sighting;
}

Sighting combined(std::vector<Sighting> members) {
  std::vector<std::string> failures;
  std::map<Labels, std::string> known;  // labels -> what holds it back
  for (auto& member : members) {
    if (!member.good) {
      failures.push_back(member.why_not);
      continue;
    }
    std::map<Labels, std::string> held;
    for (auto& [labels, by] : member.suppressed)
      held.emplace(std::move(labels), std::move(by));
    for (auto& labels : member.alertmanager) {
      const auto by = held.find(labels);
      const auto text = by == held.end() ? std::string() : by->second;
      const auto [at, fresh] = known.emplace(std::move(labels), text);
      if (!fresh && text.empty()) at->second.clear();
    }
  }
  if (failures.size() == members.size()) return failed(joined(failures, "; "));
  Sighting sighting{.good = true, .why_not = "", .firing = {}, .watchdog = false};
  // One that is left is enough, but people want to know.
  sighting.note = joined(failures, "; ");
  for (auto& [labels, by] : known) {
    sighting.alertmanager.push_back(labels);
    if (!by.empty()) sighting.suppressed.push_back({labels, by});
  }
  return sighting;
}

Sighting Poller::poll() {
  std::vector<Question> questions;
  for (std::size_t member = 0; member < api_.members(); ++member)
    questions.push_back({member, "GET", std::string(kAlerts), {}});
  const auto answers = api_.ask(questions, stopping_.get_token());
  std::vector<Sighting> members(answers.size());
  std::vector<std::vector<KnownAlert>> alerts(answers.size());
  questions.clear();
  for (std::size_t member = 0; member < answers.size(); ++member) {
    if (!answers[member]) {
      members[member] = failed(answers[member].error().what);
      continue;
    }
    auto read = read_alerts_answer(*answers[member]);
    if (!read) {
      members[member] = failed(fmt::format("{}: {}", api_.name(member), read.error().what));
      continue;
    }
    alerts[member] = std::move(*read);
    members[member] = sighting_of(alerts[member], {});
    // Who has silenced is only asked where somebody has.
    if (any_silenced(alerts[member]))
      questions.push_back({member, "GET", std::string(kSilences), {}});
  }
  const auto lists = api_.ask(questions, stopping_.get_token());
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const auto member = questions[i].member;
    auto read = lists[i] ? read_silences_answer(*lists[i]) : std::unexpected(lists[i].error());
    members[member] =
        read ? sighting_of(alerts[member], *read)
             : failed(fmt::format("{}: silences: {}", api_.name(member), read.error().what));
  }
  return combined(std::move(members));
}

}  // namespace lockkeeper::alertmanager
