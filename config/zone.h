// SPDX-License-Identifier: Apache-2.0
#pragma once

// Time zones by their IANA name, from the system's time zone data. The only place that reads it,
// and only while a configuration is loaded: what comes out is a plain table (rules/window.h).

#include <memory>
#include <string_view>

#include "rules/result.h"
#include "rules/window.h"

namespace lockkeeper {

/// The zone, with its offsets from 2000 until the data ends (2037 as Debian packs it; the newest
/// offset holds from then on). Fails, with the nearest name, when there is no such zone; and when
/// the data is missing or holds no summer times for the coming years, as data packed in the short
/// form ("slim") looks to the library that reads it: a window would then be open an hour off.
Result<std::shared_ptr<const Zone>> load_zone(std::string_view name);

}  // namespace lockkeeper
