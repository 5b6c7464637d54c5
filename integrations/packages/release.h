// SPDX-License-Identifier: Apache-2.0
#pragma once

// The texts of a Debian repository, read as far as detection needs them. Pure functions for any
// thread. Format: https://wiki.debian.org/DebianRepository/Format

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"

namespace lockkeeper::packages {

/// A file that a Release vouches for.
struct ListedFile {
  std::string sha256;
  std::uint64_t size = 0;

  bool operator==(const ListedFile&) const = default;
};

/// The files of the section SHA256, by name. Weaker sums do not count.
Result<std::map<std::string, ListedFile>> parse_release(std::string_view text);

/// The upstream versions of a package in Packages, each once, as they come: "1.34.7" of
/// "1.34.7-1.1", "1.35.0-rc.1" of "1.35.0~rc.1-1.1".
Result<std::vector<std::string>> parse_packages(std::string_view text, std::string_view package);

/// The upstream part of a Debian version.
std::string upstream_version(std::string_view version);

/// What a clear-signed message holds, without looking at its signature. Fails when it is not whole.
Result<std::string> signed_text(std::string_view message);

/// Whether a body is a web page, as captive portals and broken proxies send them.
bool is_web_page(std::string_view body);

}  // namespace lockkeeper::packages
