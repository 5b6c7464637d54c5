// SPDX-License-Identifier: Apache-2.0
#pragma once

// Asking all neighbours what `lockkeeper doctor` wants to know: each area on a thread of its own,
// all of them within one limit. Part of the composition root.

#include <span>

#include "bot/doctor.h"
#include "integrations/system/real_clock.h"

namespace lockkeeper::cli {

/// Fills what these areas need. When the limit is over, whatever is still asked is ended as soon as
/// it can be, and what was not asked by then says so.
void examine(const Settings& settings, std::span<const Area> areas, bool send_test_alert,
             system::RealClock& clock, Exams& exams);

}  // namespace lockkeeper::cli
