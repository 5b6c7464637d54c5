// SPDX-License-Identifier: Apache-2.0
#include "rules/version.h"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "rules/text.h"

namespace lockkeeper {
namespace {

// Long enough for every real release; keeps a hostile string from overflowing an int.
constexpr std::size_t kDigitsMax = 6;
constexpr std::size_t kShownBytes = 64;
// "Another major version" in the arithmetic of minors: beyond every allowed skew.
constexpr int kMajorInMinors = 1000;
constexpr int kKubeletSkewMax = 3;
constexpr int kOldKubeletSkewMax = 2;
constexpr int kOldKubeletMinor = 25;

std::optional<int> take_number(std::string_view& text) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9')
    ++digits;
  if (digits == 0 || digits > kDigitsMax) return std::nullopt;
  if (digits > 1 && text.front() == '0') return std::nullopt;
  int number = 0;
  std::from_chars(text.data(), text.data() + digits, number);
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Version> take_core(std::string_view& text) {
  const auto major = take_number(text);
  if (!major || !take(text, '.')) return std::nullopt;
  const auto minor = take_number(text);
  if (!minor || !take(text, '.')) return std::nullopt;
  const auto patch = take_number(text);
  if (!patch) return std::nullopt;
  return Version{*major, *minor, *patch, {}};
}

/// Splits "k3s10" into "k3s" and 10.
std::pair<std::string_view, int> split_trailing_number(std::string_view build) {
  std::size_t start = build.size();
  while (start > 0 && build[start - 1] >= '0' && build[start - 1] <= '9')
    --start;
  int number = 0;
  const auto parsed = std::from_chars(build.data() + start, build.data() + build.size(), number);
  if (parsed.ec == std::errc::result_out_of_range) number = std::numeric_limits<int>::max();
  return {build.substr(0, start), number};
}

bool is_build_text(std::string_view build) {
  if (build.empty()) return false;
  for (const char c : build) {
    const bool fine = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '.' || c == '-';
    if (!fine) return false;
  }
  return true;
}

}  // namespace

std::strong_ordering Version::operator<=>(const Version& other) const {
  if (const auto by = major <=> other.major; by != 0) return by;
  if (const auto by = minor <=> other.minor; by != 0) return by;
  if (const auto by = patch <=> other.patch; by != 0) return by;
  const auto [stem, number] = split_trailing_number(build);
  const auto [other_stem, other_number] = split_trailing_number(other.build);
  if (const auto by = stem <=> other_stem; by != 0) return by;
  return number <=> other_number;
}

Result<Version> parse_version(std::string_view text) {
  std::string_view rest = text;
  take(rest, 'v');
  auto version = take_core(rest);
  if (!version)
    return fail(fmt::format("'{}' is not a version like v1.34.2", clipped(text, kShownBytes)));
  if (take(rest, '+')) {
    if (is_build_text(rest)) {
      version->build = rest;
      return *version;
    }
  } else if (rest.empty()) {
    return *version;
  } else if (rest.front() == '-') {
    return fail(
        fmt::format("'{}' is a pre-release; only releases are run", clipped(text, kShownBytes)));
  }
  return fail(fmt::format("'{}' is not a version like v1.34.2", clipped(text, kShownBytes)));
}

Result<Version> parse_target_version(std::string_view text) {
  std::string_view rest = text;
  const auto version = take_core(rest);
  if (!version || !rest.empty()) {
    return fail(fmt::format("version '{}' is not exactly X.Y.Z", clipped(text, kShownBytes)));
  }
  return *version;
}

std::string to_string(const Version& version) {
  const auto core = fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
  return version.build.empty() ? core : core + "+" + version.build;
}

std::string minor_name(const Version& version) {
  return fmt::format("{}.{}", version.major, version.minor);
}

bool same_minor(const Version& a, const Version& b) {
  return a.major == b.major && a.minor == b.minor;
}

int minors_between(const Version& from, const Version& to) {
  return (to.major - from.major) * kMajorInMinors + (to.minor - from.minor);
}

bool kubelet_skew_allowed(const Version& kubelet, const Version& api_server) {
  const int behind = minors_between(kubelet, api_server);
  const bool old = kubelet.major == 1 && kubelet.minor < kOldKubeletMinor;
  return behind >= 0 && behind <= (old ? kOldKubeletSkewMax : kKubeletSkewMax);
}

}  // namespace lockkeeper
