// SPDX-License-Identifier: Apache-2.0
#pragma once

// A picture in SVG as PNG, for those who show no SVG. rsvg-convert (Debian: librsvg2-bin) does it
// in a process of its own, so that a bot that draws nothing carries no renderer. Any thread.

#include <string>
#include <string_view>

#include "bot/ports.h"

namespace lockkeeper::system {

/// Fails when the program is not installed, and when it takes longer than `limit`.
Result<std::string> png_of(std::string_view svg, const Clock& clock, Millis limit);

}  // namespace lockkeeper::system
