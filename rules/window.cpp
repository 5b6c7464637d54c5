// SPDX-License-Identifier: Apache-2.0
#include "rules/window.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace lockkeeper {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

// By weekday::c_encoding().
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr minutes kDay = hours(24);

Result<std::size_t> parse_day(std::string_view text) {
  const auto at = std::ranges::find(kDays, text);
  if (at != kDays.end()) return static_cast<std::size_t>(at - kDays.begin());
  return fail(fmt::format("'{}' is none of Mon, Tue, Wed, Thu, Fri, Sat, Sun{}", clipped(text, 40),
                          suggestion(text, kDays)));
}

/// "08:00"; both digits of both numbers, so that 8:00 and 08:0 are not guessed at.
std::optional<minutes> parse_clock(std::string_view text) {
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  if (!digit(0) || !digit(1) || !digit(3) || !digit(4)) return std::nullopt;
  int hour = 0;
  int minute = 0;
  std::from_chars(text.data(), text.data() + 2, hour);
  std::from_chars(text.data() + 3, text.data() + 5, minute);
  const minutes time = hours(hour) + minutes(minute);
  return minute < 60 && time <= kDay ? std::optional(time) : std::nullopt;
}

std::string clock(minutes time) {
  return fmt::format("{:02}:{:02}", time.count() / 60, time.count() % 60);
}

}  // namespace

std::chrono::local_time<Millis> Zone::local(Time time) const {
  const auto next =
      std::ranges::upper_bound(stretches, time, {}, [](const Stretch& one) { return one.since; });
  const auto offset = next == stretches.begin() ? std::chrono::seconds(0) : std::prev(next)->offset;
  return std::chrono::local_time<Millis>(time.time_since_epoch() + offset);
}

bool Window::open_at(Time time) const {
  const auto local = zone ? zone->local(time) : Zone{}.local(time);
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const auto since_midnight = local - day;
  const auto begins_on = [&](std::chrono::local_days start) {
    return days[std::chrono::weekday(start).c_encoding()];
  };
  if (from < to) return begins_on(day) && since_midnight >= from && since_midnight < to;
  return (begins_on(day) && since_midnight >= from) ||
         (begins_on(day - std::chrono::days(1)) && since_midnight < to);
}

Result<std::array<bool, 7>> parse_days(std::string_view text) {
  std::array<bool, 7> chosen{};
  if (text == "any") {
    chosen.fill(true);
    return chosen;
  }
  const auto pieces = split(text, ',');
  if (pieces.empty()) return fail("no day is named; write Mon-Fri, or any");
  for (const auto piece : pieces) {
    const auto dash = piece.find('-');
    const auto first = parse_day(trimmed(piece.substr(0, dash)));
    const auto last =
        dash == std::string_view::npos ? first : parse_day(trimmed(piece.substr(dash + 1)));
    if (!first) return std::unexpected(first.error());
    if (!last) return std::unexpected(last.error());
    for (std::size_t day = *first;; day = (day + 1) % kDays.size()) {
      chosen[day] = true;
      if (day == *last) break;
    }
  }
  return chosen;
}

Result<std::pair<minutes, minutes>> parse_day_time(std::string_view text) {
  const auto dash = text.find('-');
  const auto from = parse_clock(trimmed(text.substr(0, dash)));
  const auto to =
      dash == std::string_view::npos ? std::nullopt : parse_clock(trimmed(text.substr(dash + 1)));
  if (!from || !to || *from == kDay) {
    return fail(fmt::format("'{}' is not a time of day such as 08:00-18:00", clipped(text, 40)));
  }
  if (*from == *to) {
    return fail(fmt::format("{} begins and ends at the same time; the whole day is 00:00-24:00",
                            clipped(text, 40)));
  }
  return std::pair(*from, *to);
}

std::string days_text(const std::array<bool, 7>& chosen) {
  if (std::ranges::all_of(chosen, [](bool day) { return day; })) return "any";
  // The week is told from Monday, and three or more days in a row as a range.
  std::vector<std::string> words;
  for (std::size_t day = 1; day <= kDays.size();) {
    std::size_t end = day;
    while (end <= kDays.size() && chosen[end % 7])
      ++end;
    for (std::size_t one = day; one < end && end - day < 3; ++one)
      words.emplace_back(kDays[one % 7]);
    if (end - day >= 3) words.push_back(fmt::format("{}-{}", kDays[day % 7], kDays[(end - 1) % 7]));
    day = std::max(end, day + 1);
  }
  return joined(words, ",");
}

std::string day_time_text(minutes from, minutes to) {
  return clock(from) + "-" + clock(to);
}

std::string to_string(const Window& window) {
  const auto text =
      fmt::format("{} {} {}", days_text(window.days), day_time_text(window.from, window.to),
                  window.zone ? window.zone->name : "UTC");
  return window.name.empty() ? text : fmt::format("{} ({})", window.name, text);
}

std::string_view to_string(EndAction action) {
  return action == EndAction::pause ? "pause" : "release";
}

}  // namespace lockkeeper
