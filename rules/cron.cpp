// SPDX-License-Identifier: Apache-2.0
#include "rules/cron.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <vector>

namespace lockkeeper {
namespace {

using std::chrono::local_days;
using std::chrono::local_time;
using std::chrono::minutes;
using std::chrono::sys_days;

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed",
                                                       "thu", "fri", "sat"};
// The longest a month can be; 29 February comes at least every eighth year.
constexpr std::array<std::size_t, 13> kLongest = {0,  31, 29, 31, 30, 31, 30,
                                                  31, 31, 30, 31, 30, 31};
constexpr auto kHorizon = std::chrono::days(366 * 9);
constexpr int kMissedMax = 1000;
constexpr std::size_t kTextMax = 200;

struct Field {
  std::string_view name;
  int least = 0;
  int most = 0;
  std::span<const std::string_view> names{};  // of the values from `least` on
};

constexpr std::array<Field, 5> kFields = {Field{"minute", 0, 59}, Field{"hour", 0, 23},
                                          Field{"day", 1, 31}, Field{"month", 1, 12, kMonths},
                                          Field{"weekday", 0, 7, kWeekdays}};

std::string lowered(std::string_view text) {
  std::string low(text);
  std::ranges::transform(low, low.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return low;
}

Result<int> parse_number(const Field& field, std::string_view text) {
  int value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec == std::errc{} && read.ptr == text.data() + text.size()) {
    if (value >= field.least && value <= field.most) return value;
    return fail(
        fmt::format("{} {} is not between {} and {}", field.name, value, field.least, field.most));
  }
  const auto name = std::ranges::find(field.names, lowered(text));
  if (name != field.names.end()) return field.least + static_cast<int>(name - field.names.begin());
  return fail(fmt::format("'{}' is no {}{}", clipped(text, 20), field.name,
                          suggestion(lowered(text), field.names)));
}

Result<int> parse_step(const Field& field, std::string_view text) {
  int step = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), step);
  const bool whole = read.ec == std::errc{} && read.ptr == text.data() + text.size();
  if (whole && step >= 1 && step <= field.most) return step;
  return fail(fmt::format("'/{}' is no step of {}: write 1 to {}", clipped(text, 20), field.name,
                          field.most));
}

/// One piece of a list: "*", "*/5", "8", "8-18", "8-18/2".
template <std::size_t N>
Status add_piece(const Field& field, std::string_view piece, std::bitset<N>& bits) {
  const auto slash = piece.find('/');
  const auto range = piece.substr(0, slash);
  const auto dash = range.find('-');
  const bool all = range == "*";
  if (slash != std::string_view::npos && !all && dash == std::string_view::npos) {
    return fail(fmt::format("'{}' in {}: a step follows * or a range, such as {}-{}/5",
                            clipped(piece, 20), field.name, clipped(range, 10), field.most));
  }
  auto first = all ? Result<int>(field.least) : parse_number(field, range.substr(0, dash));
  if (!first) return std::unexpected(first.error());
  auto last = all ? Result<int>(field.most) : first;
  if (dash != std::string_view::npos) last = parse_number(field, range.substr(dash + 1));
  if (!last) return std::unexpected(last.error());
  auto step =
      slash == std::string_view::npos ? Result<int>(1) : parse_step(field, piece.substr(slash + 1));
  if (!step) return std::unexpected(step.error());
  if (*last < *first) {
    return fail(fmt::format("'{}' in {} runs backwards", clipped(piece, 20), field.name));
  }
  for (int value = *first; value <= *last; value += *step)
    bits.set(static_cast<std::size_t>(value));
  return {};
}

template <std::size_t N>
Status parse_field(const Field& field, std::string_view text, std::bitset<N>& bits) {
  for (std::size_t at = 0; at <= text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    const auto piece = text.substr(at, comma - at);
    if (piece.empty()) return fail(fmt::format("a {} is missing beside a comma", field.name));
    if (auto added = add_piece(field, piece, bits); !added) return added;
    at = comma + 1;
  }
  return {};
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (auto at = text.find_first_not_of(" \t"); at < text.size();
       at = text.find_first_not_of(" \t", at)) {
    const auto end = std::min(text.find_first_of(" \t", at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

/// Whether some month is long enough for some of its days; days of the week come every week.
bool ever_due(const Cron& cron, bool weekdays_restricted) {
  if (cron.either_day && weekdays_restricted) return true;
  for (std::size_t month = 1; month <= 12; ++month)
    for (std::size_t day = 1; cron.months[month] && day <= kLongest[month]; ++day)
      if (cron.days[day]) return true;
  return false;
}

bool due_on(const Cron& cron, local_days date) {
  const std::chrono::year_month_day parts(date);
  if (!cron.months[static_cast<unsigned>(parts.month())]) return false;
  const bool day = cron.days[static_cast<unsigned>(parts.day())];
  const bool weekday = cron.weekdays[std::chrono::weekday(date).c_encoding()];
  return cron.either_day ? day || weekday : day && weekday;
}

/// The moments at which a zone's clocks show a time: one, two where they are set back, none where
/// they skip it. `gap` is then the moment behind the skipped hour.
struct Moments {
  std::array<Time, 2> at{};
  std::size_t count = 0;
  Time gap{};
};

Moments moments_of(const Zone& zone, local_time<Millis> local) {
  Moments found;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(local.time_since_epoch());
  const auto take = [&](std::chrono::sys_seconds from, std::chrono::sys_seconds to,
                        std::chrono::seconds offset) {
    const std::chrono::sys_seconds time(seconds - offset);
    if (time >= from && time < to && found.count < 2) found.at[found.count++] = time;
  };
  auto from = std::chrono::sys_seconds::min();
  std::chrono::seconds offset{};
  for (const auto& stretch : zone.stretches) {
    take(from, stretch.since, offset);
    const bool skipped = std::chrono::sys_seconds(seconds - offset) >= stretch.since &&
                         std::chrono::sys_seconds(seconds - stretch.offset) < stretch.since;
    if (skipped) found.gap = stretch.since;
    from = stretch.since;
    offset = stretch.offset;
  }
  take(from, std::chrono::sys_seconds::max(), offset);
  return found;
}

/// Only the stretches that can be in force around a date, so that a minute's look is short.
Zone around(const Zone& zone, local_days date) {
  Zone near;
  const auto from = sys_days(date.time_since_epoch()) - std::chrono::days(2);
  const auto to = from + std::chrono::days(5);
  for (std::size_t i = 0; i < zone.stretches.size(); ++i) {
    const bool ended = i + 1 < zone.stretches.size() && zone.stretches[i + 1].since < from;
    if (!ended && zone.stretches[i].since < to) near.stretches.push_back(zone.stretches[i]);
  }
  return near;
}

std::optional<Time> first_on(const Cron& cron, const Zone& zone, local_days date, Time after) {
  std::optional<Time> first;
  const auto take = [&](Time time) {
    if (time > after && (!first || time < *first)) first = time;
  };
  for (std::size_t hour = 0; hour < 24; ++hour) {
    for (std::size_t minute = 0; cron.hours[hour] && minute < 60; ++minute) {
      if (!cron.minutes[minute]) continue;
      const auto found = moments_of(zone, date + minutes(hour * 60 + minute));
      if (found.count == 0 && !cron.every_hour) take(found.gap);
      for (std::size_t i = 0; i < (cron.every_hour ? found.count : std::min(found.count, 1UL)); ++i)
        take(found.at[i]);
    }
  }
  return first;
}

}  // namespace

Result<Cron> parse_cron(std::string_view text) {
  if (text.size() > kTextMax) return fail("a schedule is not so long");
  if (text.starts_with('@')) return fail("write the five fields of cron, for example 0 23 * * *");
  const auto words = words_of(text);
  if (words.size() != kFields.size()) {
    return fail(fmt::format("a schedule has five fields (minute hour day month weekday), not {}",
                            words.size()));
  }
  Cron cron;
  std::bitset<8> weekdays;  // 7 is Sunday, too
  const std::array read = {
      parse_field(kFields[0], words[0], cron.minutes),
      parse_field(kFields[1], words[1], cron.hours), parse_field(kFields[2], words[2], cron.days),
      parse_field(kFields[3], words[3], cron.months), parse_field(kFields[4], words[4], weekdays)};
  for (const auto& field : read)
    if (!field) return std::unexpected(field.error());
  for (std::size_t day = 0; day < weekdays.size(); ++day)
    if (weekdays[day]) cron.weekdays.set(day % 7);
  // As crontab(5) has it: a field that begins with * restricts nothing by itself.
  const bool by_weekday = !words[4].starts_with('*');
  cron.either_day = !words[2].starts_with('*') && by_weekday;
  cron.every_hour = cron.hours.all();
  for (const auto word : words)
    cron.text += (cron.text.empty() ? "" : " ") + std::string(word);
  if (!ever_due(cron, by_weekday)) return fail("there is no such day: it would never be due");
  return cron;
}

std::optional<Time> next_run(const Cron& cron, const Zone& zone, Time after) {
  const auto today = std::chrono::floor<std::chrono::days>(zone.local(after));
  // From yesterday on: where the clocks are set back at midnight, a day has a second end.
  for (auto date = today - std::chrono::days(1); date <= today + kHorizon;
       date += std::chrono::days(1)) {
    if (!due_on(cron, date)) continue;
    if (auto first = first_on(cron, around(zone, date), date, after)) return first;
  }
  return std::nullopt;
}

MissedRuns missed_runs(const Cron& cron, const Zone& zone, Time since, Time now) {
  MissedRuns missed;
  for (auto due = next_run(cron, zone, since); due && *due <= now && missed.count < kMissedMax;
       due = next_run(cron, zone, *due)) {
    ++missed.count;
    missed.newest = *due;
  }
  return missed;
}

}  // namespace lockkeeper
