// SPDX-License-Identifier: Apache-2.0
#pragma once

// Pages of lists: where the next one begins and at which version, packed into the opaque continue
// token in the same form that the real API server uses. Pure functions.

#include <cstddef>
#include <string>
#include <string_view>

#include "tests/lab/apiserver/api_error.h"
#include "tests/lab/apiserver/store.h"

namespace lockkeeper::lab {

struct Page {
  Key from = {};  ///< The page begins behind this object; an empty name is the beginning.
  Revision at = 0;
  bool any_version = false;  ///< The inconsistent rest of a list whose version is gone.
  std::size_t limit = 0;
  std::size_t left =
      0;  ///< Objects behind `from` where that is known, so that nobody counts twice.
};

std::string continue_token(const Page& page);
/// 400 for a token that was not made here.
Outcome<Page> read_continue_token(std::string_view token);

/// Base64 with the URL alphabet and without padding (RFC 4648, section 5), and back; "" for what
/// is no base64.
std::string to_base64url(std::string_view bytes);
std::string from_base64url(std::string_view text);

}  // namespace lockkeeper::lab
