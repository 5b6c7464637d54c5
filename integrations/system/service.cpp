// SPDX-License-Identifier: Apache-2.0
#include "integrations/system/service.h"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>
#include <string>

namespace lockkeeper::system {
namespace {

// systemd cuts a status far later; nobody reads one that is longer.
constexpr std::size_t kStatusBytesMax = 500;

}  // namespace

void notify_ready() noexcept {
  sd_notify(0, "READY=1");
}

void notify_status(std::string_view line) noexcept {
  try {
    std::string state = "STATUS=" + clipped(line, kStatusBytesMax);
    std::ranges::replace(state, '\n', ' ');
    sd_notify(0, state.c_str());
  } catch (...) {
    // Out of memory: the status stays as it was.
  }
}

void notify_watchdog() noexcept {
  sd_notify(0, "WATCHDOG=1");
}

void notify_stopping() noexcept {
  sd_notify(0, "STOPPING=1");
}

std::optional<Millis> watchdog_interval() noexcept {
  std::uint64_t period_us = 0;
  if (sd_watchdog_enabled(0, &period_us) <= 0) return std::nullopt;
  return Millis(static_cast<std::int64_t>(period_us / 2 / 1000));
}

}  // namespace lockkeeper::system
