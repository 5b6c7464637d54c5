// SPDX-License-Identifier: Apache-2.0
#include "integrations/system/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>

#include "rules/text.h"

namespace lockkeeper::system {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"trace", "debug", "info", "warn", "error"};
constexpr std::size_t kTextBytesMax = 4096;

std::atomic<Level> g_level = Level::info;

std::size_t index_of(Level level) {
  return static_cast<std::size_t>(level);
}

/// `text` in double quotes; what could break the line or the pair is escaped.
std::string escaped(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// One sink with a lock of its own, so lines of several threads do not mix.
spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger made("lockkeeper", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made.set_level(spdlog::level::trace);
    made.set_pattern("time=%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc);
    return made;
  }();
  return instance;
}

}  // namespace

Result<Level> parse_level(std::string_view word) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == word) return static_cast<Level>(i);
  }
  return fail(fmt::format("'{}' is not a log level{}; one of trace, debug, info, warn, error",
                          clipped(word, 40), suggestion(word, kNames)));
}

void set_log_level(Level level) noexcept {
  g_level = level;
}

void log(Level level, std::string_view text) noexcept {
  if (level < g_level.load()) return;
  try {
    const std::string line = fmt::format("level={} msg={}", kNames[index_of(level)],
                                         escaped(clipped(text, kTextBytesMax)));
    logger().log(spdlog::level::info, spdlog::string_view_t(line));
  } catch (...) {
    // A log that cannot be written must not end what it was about.
  }
}

}  // namespace lockkeeper::system
