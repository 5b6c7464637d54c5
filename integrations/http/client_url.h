// SPDX-License-Identifier: Apache-2.0
#pragma once

// The parts of a URL that the client needs, read by curl's own parser so that both always agree.
// Pure functions for any thread.

#include <optional>
#include <string>
#include <string_view>

namespace lockkeeper::http {

struct UrlParts {
  std::string scheme;
  std::string host;  ///< IPv6 addresses with their brackets.
  std::string port;  ///< Always given: the scheme's own when the URL has none.
};

/// Nothing when the text is no absolute URL.
std::optional<UrlParts> url_parts(const std::string& url);

/// The same URL with another host; the port stays, spelt out.
std::string with_host(const std::string& url, const std::string& host);

/// Where a Location header leads, which may be relative to `base`. Nothing when it is unreadable.
std::optional<std::string> redirected(const std::string& base, const std::string& location);

/// localhost, 127.0.0.0/8 and ::1: never reached through a proxy of the environment, as in Go.
bool is_loopback(std::string_view host);

}  // namespace lockkeeper::http
