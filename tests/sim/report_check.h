// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether the report of the newest run tells what its records tell, no more and no less. Counts for
// itself, over the records alone.

#include <string>

#include "bot/ports.h"

namespace lockkeeper::sim {

/// What is wrong with it, or nothing.
std::string report_trouble(Journal& journal, Time now);

}  // namespace lockkeeper::sim
