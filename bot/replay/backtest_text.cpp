// SPDX-License-Identifier: Apache-2.0
#include "bot/replay/backtest_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bot/replay/backtest_picture.h"
#include "rules/utf8.h"

namespace lockkeeper::replay {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLinesMax = 20;  // of one list
constexpr std::size_t kColumns = 72;
constexpr std::size_t kReasonBytesMax = 160;

/// The first lines of a list and how many more there are.
template <typename Items, typename Show>
std::string lines(const Items& items, const Show& show) {
  std::string text;
  std::size_t shown = 0;
  for (const auto& item : items) {
    if (shown++ == kLinesMax) {
      return text + fmt::format("  and {} more\n", items.size() - kLinesMax);
    }
    text += "  " + show(item) + "\n";
  }
  return text;
}

std::string heading(const BacktestReport& report) {
  return fmt::format(
      "Backtest {} to {} ({}), a look every {}, {} series\nRuns of {}, {} undisturbed\n\n",
      to_string(report.from), to_string(report.to), to_string(report.to - report.from),
      to_string(report.step), report.series, counted(report.nodes, "node"),
      to_string(report.undisturbed));
}

std::string runs_text(const BacktestReport& report) {
  std::map<RunEnd, int> ends;
  Millis held{};
  for (const auto& run : report.runs) {
    ++ends[run.end];
    held += run.held;
  }
  std::string text = fmt::format("{}:", counted(report.runs.size(), "run"));
  std::string_view comma = " ";
  for (const auto& [end, count] : ends) {
    text += fmt::format("{}{} {}", comma, count, end_text(end));
    comma = ", ";
  }
  text +=
      fmt::format("; held for {} in {}", to_string(held), counted(report.pauses.size(), "pause"));
  if (report.skipped > 0) {
    text += fmt::format("; {} left out, because a run was still open",
                        counted(static_cast<std::size_t>(report.skipped), "start"));
  }
  text += "\n";
  const auto longest = std::ranges::max_element(
      report.pauses, {}, [](const SimulatedPause& pause) { return pause.to - pause.from; });
  if (longest != report.pauses.end()) {
    text += fmt::format("longest pause: {} from {}: {}\n", to_string(longest->to - longest->from),
                        to_string(longest->from),
                        clipped(joined(longest->reasons, "; "), kReasonBytesMax));
  }
  return text + "\n";
}

std::string ends_text(const BacktestReport& report, RunEnd end, std::string_view title) {
  std::vector<SimulatedRun> these;
  for (const auto& run : report.runs) {
    if (run.end == end) these.push_back(run);
  }
  if (these.empty()) return {};
  return fmt::format("{}\n{}\n", title, lines(these, [](const SimulatedRun& run) {
                       return fmt::format("{}  {}", to_string(run.ended),
                                          clipped(joined(run.reasons, "; "), kReasonBytesMax));
                     }));
}

std::string rules_text(const BacktestReport& report) {
  std::vector<RuleTally> held;
  std::ranges::copy_if(report.rules, std::back_inserter(held), [](const RuleTally& tally) {
    return tally.pauses > 0 || tally.refused > 0 || tally.aborted > 0;
  });
  if (held.empty()) return "No rule held, refused or aborted a run.\n\n";
  std::size_t width = 0;
  for (const auto& tally : held)
    width = std::max(width, character_count(tally.place));
  std::string text = fmt::format(
      "Rules that held runs\n  {:<{}}  pauses   held for    longest  "
      "refused  aborted\n",
      "", width);
  for (const auto& tally : held) {
    text +=
        fmt::format("  {}{}  {:6}  {:>9}  {:>9}  {:7}  {:7}\n", tally.place,
                    std::string(width - character_count(tally.place), ' '), tally.pauses,
                    to_string(tally.held), to_string(tally.longest), tally.refused, tally.aborted);
  }
  return text + "\n";
}

std::string unruled_text(const BacktestReport& report) {
  if (report.unruled.empty()) return {};
  return fmt::format(
      "Alerts without a rule (default_action = {}); a rule for one begins with its line\n{}\n",
      report.default_action, lines(report.unruled, [](const UnruledAlert& one) {
        return fmt::format("match = {}   {} of {}, firing {}", one.match,
                           counted(one.episodes, "time"), counted(one.series, "alert"),
                           to_string(one.firing));
      }));
}

std::string gaps_text(const BacktestReport& report) {
  if (report.gaps.empty()) return {};
  Millis all{};
  for (const auto& gap : report.gaps)
    all += gap.to - gap.from;
  return fmt::format("Unknown: {} in {}; nothing is known there, so it never counts as quiet\n{}\n",
                     to_string(all), counted(report.gaps.size(), "gap"),
                     lines(report.gaps, [](const Gap& gap) {
                       return fmt::format("{}  {}  {}", to_string(gap.from),
                                          to_string(gap.to - gap.from), gap.why);
                     }));
}

double seconds(Millis duration) {
  return static_cast<double>(duration.count()) / 1000;
}

Json json_of(const SimulatedRun& run) {
  return {{"began", to_string(run.began)},
          {"ended", to_string(run.ended)},
          {"end", std::string(end_text(run.end))},
          {"held_seconds", seconds(run.held)},
          {"rules", run.rules},
          {"reasons", run.reasons}};
}

Json json_of(const SimulatedPause& pause) {
  Json held = Json::object();
  for (const auto& [rule, duration] : pause.held)
    held[rule] = seconds(duration);
  return {{"from", to_string(pause.from)},
          {"to", to_string(pause.to)},
          {"held_seconds", held},
          {"reasons", pause.reasons}};
}

Json json_of(const RuleTally& tally) {
  Json firing = Json::array();
  for (const auto& stretch : tally.firing)
    firing.push_back({{"from", to_string(stretch.from)}, {"to", to_string(stretch.to)}});
  return {{"name", tally.name},
          {"place", tally.place},
          {"action", tally.action},
          {"pauses", tally.pauses},
          {"held_seconds", seconds(tally.held)},
          {"longest_seconds", seconds(tally.longest)},
          {"refused", tally.refused},
          {"aborted", tally.aborted},
          {"firing", firing}};
}

Json json_of(const UnruledAlert& one) {
  return {{"match", one.match},
          {"series", one.series},
          {"episodes", one.episodes},
          {"firing_seconds", seconds(one.firing)}};
}

Json json_of(const Gap& gap) {
  return {{"from", to_string(gap.from)}, {"to", to_string(gap.to)}, {"why", gap.why}};
}

template <typename Items>
Json json_list(const Items& items) {
  Json list = Json::array();
  for (const auto& item : items)
    list.push_back(json_of(item));
  return list;
}

}  // namespace

std::string report_text(const BacktestReport& report) {
  auto text = heading(report) + runs_text(report) + rules_text(report);
  text += ends_text(report, RunEnd::aborted, "Aborted runs");
  text += ends_text(report, RunEnd::refused, "Refused starts");
  text += ends_text(report, RunEnd::failed, "Failed runs");
  if (!report.never.empty()) {
    text += fmt::format("Rules that decided about no alert of this history\n{}\n",
                        lines(report.never, [](const std::string& place) { return place; }));
  }
  text += unruled_text(report) + gaps_text(report);
  return text + "Timeline\n" + picture_text(report, kColumns);
}

std::string report_json(const BacktestReport& report) {
  const Json json = {{"from", to_string(report.from)},
                     {"to", to_string(report.to)},
                     {"step_seconds", seconds(report.step)},
                     {"series", report.series},
                     {"nodes", report.nodes},
                     {"undisturbed_seconds", seconds(report.undisturbed)},
                     {"default_action", report.default_action},
                     {"skipped_starts", report.skipped},
                     {"runs", json_list(report.runs)},
                     {"pauses", json_list(report.pauses)},
                     {"rules", json_list(report.rules)},
                     {"never_matched", report.never},
                     {"unruled", json_list(report.unruled)},
                     {"gaps", json_list(report.gaps)}};
  // Labels come from strangers; what is not UTF-8 in them must not end the program.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lockkeeper::replay
