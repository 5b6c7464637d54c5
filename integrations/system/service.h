// SPDX-License-Identifier: Apache-2.0
#pragma once

// What systemd is told about this process, by the sd_notify protocol. Outside a unit of
// `Type=notify` (no $NOTIFY_SOCKET) every function does nothing. Any thread may call; nothing
// fails, because a daemon that cannot report is still a daemon.
// Protocol: https://www.freedesktop.org/software/systemd/man/sd_notify.html

#include <optional>
#include <string_view>

#include "rules/text.h"

namespace lockkeeper::system {

/// READY=1: start-up is over, dependent units may start.
void notify_ready() noexcept;

/// STATUS=: the line that `systemctl status` shows. Newlines, which would begin another
/// assignment, become blanks.
void notify_status(std::string_view line) noexcept;

/// WATCHDOG=1: still alive. To be sent from the thread whose life matters, more often than
/// `watchdog_interval` says.
void notify_watchdog() noexcept;

/// STOPPING=1: shutting down on purpose.
void notify_stopping() noexcept;

/// Half of the unit's WatchdogSec, the period that systemd recommends; nothing when the unit has
/// none or it was meant for another process.
std::optional<Millis> watchdog_interval() noexcept;

}  // namespace lockkeeper::system
