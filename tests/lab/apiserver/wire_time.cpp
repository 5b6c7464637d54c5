// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/wire_time.h"

#include <date/date.h>
#include <fmt/format.h>

#include <sstream>

namespace lockkeeper::lab {
namespace {

using std::chrono::duration_cast;
using std::chrono::floor;
using std::chrono::microseconds;
using std::chrono::seconds;

}  // namespace

std::string to_seconds(WallTime time) {
  return date::format("%FT%TZ", floor<seconds>(time));
}

std::string to_micros(WallTime time) {
  return date::format("%FT%TZ", floor<microseconds>(time));
}

std::string now_seconds() {
  return to_seconds(std::chrono::system_clock::now());
}

std::string now_micros() {
  return to_micros(std::chrono::system_clock::now());
}

std::optional<WallTime> parse_time(std::string_view text) {
  std::string normal(text);
  if (normal.ends_with('Z')) normal.replace(normal.size() - 1, 1, "+00:00");
  std::istringstream stream(normal);
  date::sys_time<microseconds> time;
  stream >> date::parse("%FT%T%Ez", time);
  if (stream.fail()) return std::nullopt;
  return time;
}

std::string age_of(std::string_view creation) {
  const auto born = parse_time(creation);
  if (!born) return "<unknown>";
  const auto age = duration_cast<seconds>(std::chrono::system_clock::now() - *born).count();
  if (age < 120) return fmt::format("{}s", std::max<std::int64_t>(age, 0));
  if (age < 600) return fmt::format("{}m{}s", age / 60, age % 60);
  if (age < 3 * 3600) return fmt::format("{}m", age / 60);
  if (age < 8 * 3600) return fmt::format("{}h{}m", age / 3600, age % 3600 / 60);
  if (age < 48 * 3600) return fmt::format("{}h", age / 3600);
  return fmt::format("{}d", age / 86400);
}

}  // namespace lockkeeper::lab
