// SPDX-License-Identifier: Apache-2.0
#include "rules/time.h"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>

namespace lockkeeper {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Kubernetes writes at most nanoseconds.
constexpr std::size_t kFractionDigitsMax = 9;

/// A cursor over a timestamp; after the first mismatch everything it gives is ignored.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int number = 0;
    const auto* end = rest_.data() + std::min(count, rest_.size());
    const auto parsed = std::from_chars(rest_.data(), end, number);
    good_ = good_ && rest_.size() >= count && parsed.ec == std::errc{} && parsed.ptr == end &&
            rest_.front() != '-';
    rest_.remove_prefix(std::min(count, rest_.size()));
    return number;
  }

  bool maybe(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void need(char wanted) { good_ = maybe(wanted) && good_; }

  /// ".123456" as milliseconds, the rest of the digits dropped; nothing when there is no dot.
  Millis fraction() {
    if (!maybe('.')) return Millis(0);
    int millis = 0;
    std::size_t count = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; ++count) {
      if (count < 3) millis = millis * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    for (std::size_t i = count; i < 3; ++i)
      millis *= 10;
    good_ = good_ && count > 0 && count <= kFractionDigitsMax;
    return Millis(millis);
  }

  /// "Z" or "+02:00".
  minutes offset() {
    if (maybe('Z') || maybe('z')) return minutes(0);
    const bool west = !rest_.empty() && rest_.front() == '-';
    good_ = (maybe('+') || maybe('-')) && good_;
    const int hour = digits(2);
    need(':');
    const int minute = digits(2);
    good_ = good_ && hour < 24 && minute < 60;
    const minutes east = hours(hour) + minutes(minute);
    return west ? -east : east;
  }

  [[nodiscard]] bool good() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

Result<Time> parse_time(std::string_view text) {
  Cursor cursor(text);
  const int year = cursor.digits(4);
  cursor.need('-');
  const int month = cursor.digits(2);
  cursor.need('-');
  const int day = cursor.digits(2);
  if (!cursor.maybe('T')) cursor.need('t');
  const int hour = cursor.digits(2);
  cursor.need(':');
  const int minute = cursor.digits(2);
  cursor.need(':');
  const int second = cursor.digits(2);
  const Millis fraction = cursor.fraction();
  const minutes offset = cursor.offset();
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  // 60 is a leap second; it is read as the second after.
  if (!cursor.good() || !date.ok() || hour > 23 || minute > 59 || second > 60) {
    return fail(fmt::format("'{}' is not a timestamp", clipped(text, 40)));
  }
  return Time(std::chrono::sys_days(date)) + hours(hour) + minutes(minute) + seconds(second) +
         fraction - offset;
}

std::string to_string(Time time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<seconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string clock_text(Time time) {
  return to_string(time).substr(11, 5);
}

}  // namespace lockkeeper
