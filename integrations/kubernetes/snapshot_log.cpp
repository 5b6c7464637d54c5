// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/snapshot_log.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "rules/text.h"

namespace lockkeeper::kubernetes {
namespace {

constexpr std::size_t kLineMaxBytes = 2'000;

std::string_view last_line_with(std::string_view log, std::string_view text) {
  const auto at = log.rfind(text);
  if (at == std::string_view::npos) return {};
  return log.substr(at, std::min(log.find('\n', at) - at, kLineMaxBytes));
}

/// The first word that looks like a file: an absolute path, or anything with a slash (s3://...).
std::string path_in(const std::string& line) {
  static const re2::RE2 kPath(R"((?:^|[\s:="'(])((?:[A-Za-z0-9.+-]+:/)?/[^\s"'(),;]+))");
  std::string path;
  re2::RE2::PartialMatch(line, kPath, &path);
  return path;
}

}  // namespace

std::optional<std::int64_t> size_in(std::string_view text) {
  static const re2::RE2 kSize(
      R"((?i)(?:^|[\s(=:,])([0-9]+(?:\.[0-9]+)?)\s*(bytes?|[KMGT]i?B?|B)(?:[\s),.;]|$))");
  std::string number;
  std::string unit;
  if (!re2::RE2::PartialMatch(std::string(text), kSize, &number, &unit)) return std::nullopt;
  constexpr std::string_view kLetters = "KMGT";
  const auto power = kLetters.find(static_cast<char>(std::toupper(unit.front())));
  double bytes = std::strtod(number.c_str(), nullptr);
  if (power != std::string_view::npos)
    for (std::size_t i = 0; i <= power; ++i)
      bytes *= 1024.0;
  return static_cast<std::int64_t>(bytes);
}

std::optional<Time> time_in(std::string_view text) {
  static const re2::RE2 kTime(R"((?:^|[^0-9])(20[0-9]{2})-?([0-9]{2})-?([0-9]{2})[T_ .-]?)"
                              R"(([0-9]{2})[:_.-]?([0-9]{2})(?:[:_.-]?([0-9]{2}))?(?:\.[0-9]+)?)"
                              R"((Z|[+-][0-9]{2}:[0-9]{2})?(?:[^0-9]|$))");
  std::array<std::string, 7> part;
  if (!re2::RE2::PartialMatch(std::string(text), kTime, &part[0], &part[1], &part[2], &part[3],
                              &part[4], &part[5], &part[6]))
    return std::nullopt;
  if (part[5].empty()) part[5] = "00";
  if (part[6].empty()) part[6] = "Z";
  const auto time = parse_time(fmt::format("{}-{}-{}T{}:{}:{}{}", part[0], part[1], part[2],
                                           part[3], part[4], part[5], part[6]));
  return time ? std::optional<Time>(*time) : std::nullopt;
}

// The name's own time wins: a line often ends with the time at which it was written.
Result<SnapshotFile> read_snapshot_log(std::string_view log, std::string_view success_text) {
  const auto line = last_line_with(log, success_text);
  if (line.empty()) return fail(fmt::format("its log does not say \"{}\"", success_text));
  const std::string rest(trimmed(line.substr(success_text.size())));
  SnapshotFile file;
  file.path = path_in(rest);
  if (file.path.empty())
    return fail(fmt::format("its log says \"{}\" but names no file", success_text));
  const auto after_path = rest.substr(rest.find(file.path) + file.path.size());
  auto bytes = size_in(after_path);
  if (!bytes) bytes = size_in(rest.substr(0, rest.find(file.path)));
  if (!bytes) return fail(fmt::format("its log says \"{}\" without a size", success_text));
  file.bytes = *bytes;
  file.taken = time_in(file.path);
  if (!file.taken) file.taken = time_in(rest);
  return file;
}

}  // namespace lockkeeper::kubernetes
