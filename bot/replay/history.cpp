// SPDX-License-Identifier: Apache-2.0
#include "bot/replay/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

namespace lockkeeper::replay {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kStale = "no new sample of the Watchdog: Prometheus was not evaluating";

/// One line of recorded polls.
struct Poll {
  Time at{};
  std::vector<Labels> firing;
  std::string failed;
};

Result<Labels> labels_of(const Json& json) {
  if (!json.is_object()) return fail("firing: each alert is an object of labels");
  std::vector<Labels::Pair> pairs;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_string()) return fail(fmt::format("firing: the label {} is not a string", name));
    pairs.emplace_back(name, value.get<std::string>());
  }
  return Labels(std::move(pairs));
}

Result<Poll> poll_of(std::string_view line) {
  const auto json = Json::parse(line, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return fail("not a JSON object");
  Poll poll;
  bool told = false;
  bool timed = false;
  for (const auto& [key, value] : json.items()) {
    if (key == "at" && value.is_string()) {
      const auto at = parse_time(value.get<std::string>());
      if (!at) return fail("at: " + at.error().what);
      poll.at = *at;
      timed = true;
    } else if (key == "failed" && value.is_string() && !value.get<std::string>().empty()) {
      poll.failed = value.get<std::string>();
      told = true;
    } else if (key == "firing" && value.is_array()) {
      for (const auto& alert : value) {
        auto labels = labels_of(alert);
        if (!labels) return std::unexpected(labels.error());
        poll.firing.push_back(std::move(*labels));
      }
      told = true;
    } else {
      return fail(
          fmt::format("unknown key '{}', or its value is of another kind; a poll has at "
                      "and either firing or failed",
                      clipped(key, 40)));
    }
  }
  if (!timed) return fail("a poll needs at");
  if (!told) return fail("a poll needs firing, which may be [], or failed");
  return poll;
}

/// The difference between neighbours that is met most often.
Millis usual_step(const std::vector<Time>& looks) {
  std::map<Millis, int> counts;
  for (std::size_t i = 1; i < looks.size(); ++i)
    ++counts[looks[i] - looks[i - 1]];
  const auto most =
      std::ranges::max_element(counts, {}, [](const auto& one) { return one.second; });
  return most == counts.end() ? std::chrono::seconds(15) : most->first;
}

}  // namespace

Result<HistoryBuilder> HistoryBuilder::grid(Time from, Time to, Millis step) {
  if (to <= from) return fail("the history ends before it begins");
  const auto count = static_cast<std::size_t>((to - from) / step) + 1;
  if (count > kLooksMax) {
    return fail(
        fmt::format("{} looks at steps of {}, more than {}: take a larger step or less "
                    "time",
                    count, to_string(step), kLooksMax));
  }
  std::vector<Time> looks;
  looks.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    looks.push_back(from + static_cast<std::int64_t>(i) * step);
  return HistoryBuilder(std::move(looks), step);
}

HistoryBuilder::HistoryBuilder(std::vector<Time> looks, Millis step) {
  history_.looks = std::move(looks);
  history_.step = step;
}

std::size_t HistoryBuilder::series(const Labels& labels) {
  const auto [at, fresh] = numbers_.emplace(labels, history_.series.size());
  if (fresh) {
    history_.series.push_back(labels);
    firings_.emplace_back();
  }
  return at->second;
}

/// The look of the grid that is nearest; the number of looks when the time lies outside.
std::size_t HistoryBuilder::look_at(Time at) const {
  const Millis since = at - history_.looks.front() + history_.step / 2;
  if (since < Millis(0)) return history_.looks.size();
  return std::min(static_cast<std::size_t>(since / history_.step), history_.looks.size());
}

void HistoryBuilder::fires(std::size_t series, Time at) {
  const auto look = look_at(at);
  if (look < history_.looks.size()) fires_in_look(series, look);
}

void HistoryBuilder::newest_sample(Time look, Time sample) {
  auto& newest = samples_.try_emplace(look, sample).first->second;
  newest = std::max(newest, sample);
}

void HistoryBuilder::find_stale_looks() {
  std::optional<Millis> interval;
  std::optional<Time> before;
  for (const auto& [look, sample] : samples_) {
    if (before && sample > *before) {
      interval = std::min(interval.value_or(sample - *before), sample - *before);
    }
    before = sample;
  }
  if (!interval) return;
  for (const auto& [at, sample] : samples_) {
    const auto look = look_at(at);
    if (at - sample > 2 * *interval && look < history_.looks.size()) unseen_look(look, kStale);
  }
}

void HistoryBuilder::fires_in_look(std::size_t series, std::size_t look) {
  auto& firings = firings_[series];
  if (!firings.empty() && look < firings.back().to) return;
  if (!firings.empty() && look == firings.back().to) {
    ++firings.back().to;
  } else {
    firings.push_back({series, look, look + 1});
  }
}

void HistoryBuilder::unseen_look(std::size_t look, std::string_view why) {
  auto& unseen = history_.unseen;
  if (!unseen.empty() && unseen.back().to == look && unseen.back().why == why) {
    ++unseen.back().to;
  } else {
    unseen.push_back({look, look + 1, std::string(why)});
  }
}

History HistoryBuilder::finish() {
  find_stale_looks();
  for (const auto& firings : firings_)
    history_.firings.insert(history_.firings.end(), firings.begin(), firings.end());
  std::ranges::sort(history_.firings, {},
                    [](const auto& one) { return std::pair(one.from, one.series); });
  std::ranges::sort(history_.unseen, {}, &History::Unseen::from);
  return std::move(history_);
}

Result<History> read_recorded_polls(std::string_view text) {
  std::vector<Poll> polls;
  std::size_t number = 0;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    ++number;
    if (trimmed(line).empty()) continue;
    auto poll = poll_of(line);
    if (!poll) return fail(fmt::format("line {}: {}", number, poll.error().what));
    if (!polls.empty() && poll->at <= polls.back().at) {
      return fail(fmt::format("line {}: not later than the poll before it", number));
    }
    if (polls.size() == kLooksMax) return fail(fmt::format("more than {} polls", kLooksMax));
    polls.push_back(std::move(*poll));
  }
  if (polls.empty()) return fail("no polls");
  std::vector<Time> looks;
  for (const auto& poll : polls)
    looks.push_back(poll.at);
  const Millis step = usual_step(looks);
  HistoryBuilder builder(std::move(looks), step);
  for (std::size_t i = 0; i < polls.size(); ++i) {
    if (!polls[i].failed.empty()) builder.unseen_look(i, polls[i].failed);
    for (const auto& labels : polls[i].firing)
      builder.fires_in_look(builder.series(labels), i);
  }
  return builder.finish();
}

}  // namespace lockkeeper::replay
