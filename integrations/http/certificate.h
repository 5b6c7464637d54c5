// SPDX-License-Identifier: Apache-2.0
#pragma once

// When a certificate ends, as far as anybody but OpenSSL wants to know about certificates. Pure;
// any thread.

#include <optional>
#include <string_view>

#include "rules/time.h"

namespace lockkeeper::http {

/// The end of validity of the first certificate in a PEM text; nothing when there is none that can
/// be read.
std::optional<Time> certificate_end(std::string_view pem);

}  // namespace lockkeeper::http
