// SPDX-License-Identifier: Apache-2.0
#pragma once

// The journal's place for `lockkeeper doctor`, looked at without touching the journal or its lock.
// Any thread.

#include <sys/types.h>

#include <string>

#include "bot/doctor_facts.h"
#include "config/settings.h"

namespace lockkeeper::sqlite {

/// Who holds the lock is read from /proc/locks, so a daemon that starts at this very moment is not
/// kept from it. In a container with process ids of its own nobody is seen there.
JournalExam check_up(const JournalSettings& settings);

/// "process 1234": who has this file in the text of /proc/locks, or "". Its lines are like
/// "1: FLOCK  ADVISORY  WRITE 1234 00:2f:131 0 EOF" (proc_locks(5)).
std::string lock_holder(const std::string& locks, dev_t device, ino_t inode);

}  // namespace lockkeeper::sqlite
