// SPDX-License-Identifier: Apache-2.0
#include "config/zone.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <vector>

#include "rules/text.h"

namespace lockkeeper {
namespace {

using std::chrono::sys_days;
using std::chrono::year;

constexpr std::chrono::sys_seconds kFrom = sys_days(year(2000) / 1 / 1);
constexpr std::chrono::sys_seconds kTo = sys_days(year(2038) / 1 / 1);
// Summer in New York, four hours behind UTC, in the last years that the data tells of.
constexpr std::string_view kCanary = "America/New_York";
constexpr std::chrono::sys_seconds kCanaryTime = sys_days(year(2036) / 7 / 1);
constexpr std::chrono::seconds kCanaryOffset = -std::chrono::hours(4);

/// Not by locate_zone(): Debian's library was built without the one that takes a string_view.
const date::time_zone* find(const date::tzdb& data, std::string_view name) {
  const auto at = std::ranges::find(data.zones, name, &date::time_zone::name);
  return at == data.zones.end() ? nullptr : &*at;
}

/// The name that was meant, perhaps, when it is Europe/Berln.
std::string near(const date::tzdb& data, std::string_view name) {
  std::vector<std::string_view> known;
  known.reserve(data.zones.size());
  for (const auto& zone : data.zones)
    known.push_back(zone.name());
  return suggestion(name, known);
}

Zone read(const date::time_zone& source) {
  Zone zone;
  zone.name = source.name();
  for (auto at = kFrom; at < kTo;) {
    const auto info = source.get_info(at);
    zone.stretches.push_back({at, info.offset});
    if (info.end <= at) break;
    at = info.end;
  }
  return zone;
}

}  // namespace

Result<std::shared_ptr<const Zone>> load_zone(std::string_view name) {
  if (name == "UTC") return std::make_shared<const Zone>();
  try {
    const auto& data = date::get_tzdb();
    const auto* zone = find(data, name);
    if (zone == nullptr) {
      return fail(fmt::format("'{}' is not a time zone{}", clipped(name, 60), near(data, name)));
    }
    const auto* canary = find(data, kCanary);
    if (canary == nullptr || canary->get_info(kCanaryTime).offset != kCanaryOffset) {
      return fail("the system's time zone data has no summer times for the coming years");
    }
    return std::make_shared<const Zone>(read(*zone));
  } catch (const std::exception& problem) {
    return fail(fmt::format("the system's time zone data cannot be read: {}", problem.what()));
  }
}

}  // namespace lockkeeper
