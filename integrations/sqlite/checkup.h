// SPDX-License-Identifier: Apache-2.0
#pragma once

// The journal's place for `lockkeeper doctor`, looked at without touching the journal or its lock.
// Any thread.

#include "bot/doctor_facts.h"
#include "config/settings.h"

namespace lockkeeper::sqlite {

/// Who holds the lock is read from /proc/locks, so a daemon that starts at this very moment is not
/// kept from it. In a container with process ids of its own nobody is seen there.
JournalExam check_up(const JournalSettings& settings);

}  // namespace lockkeeper::sqlite
