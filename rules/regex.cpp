// SPDX-License-Identifier: Apache-2.0
#include "rules/regex.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "rules/text.h"

namespace lockkeeper {
namespace {

// Large enough for a 20 kB alternation, small enough that a hostile pattern cannot hurt.
constexpr std::int64_t kAutomatonBytesMax = 8LL << 20;
constexpr std::size_t kErrorBytesMax = 200;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == ':' || c == '/' || c == ' ';
}

bool all_plain(std::string_view text) {
  return std::ranges::all_of(text, is_plain);
}

/// Whether the pattern holds `\C` outside `\Q...\E`.
bool matches_single_bytes(std::string_view pattern) {
  bool verbatim = false;
  for (std::size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] != '\\') continue;
    const char escaped = pattern[i + 1];
    if (verbatim) {
      if (escaped == 'E') verbatim = false;
      continue;
    }
    if (escaped == 'C') return true;
    if (escaped == 'Q') verbatim = true;
    ++i;
  }
  return false;
}

/// RE2's error with the operator's pattern in place of the anchored one that it quotes.
std::string in_own_words(std::string error, std::string_view anchored, std::string_view pattern) {
  if (const auto at = error.find(anchored); at != std::string::npos) {
    error.replace(at, anchored.size(), pattern);
  }
  return clipped(error, kErrorBytesMax);
}

bool ascii_line(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return c != '\n' && (static_cast<unsigned char>(c) & 0x80U) == 0; });
}

}  // namespace

Result<Regex> Regex::compile(std::string_view pattern) {
  if (matches_single_bytes(pattern)) return fail("invalid escape sequence: \\C");
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kAutomatonBytesMax);
  const std::string anchored = "^(?:" + std::string(pattern) + ")$";
  auto automaton = std::make_shared<re2::RE2>(anchored, options);
  if (!automaton->ok()) return fail(in_own_words(automaton->error(), anchored, pattern));

  Regex regex;
  regex.automaton_ = std::move(automaton);
  const bool any_tail = pattern.ends_with(".*") || pattern.ends_with(".+");
  if (std::ranges::all_of(pattern, [](char c) { return is_plain(c) || c == '|'; })) {
    regex.shape_ = Shape::literals;
    std::string_view rest = pattern;
    while (true) {
      const std::size_t bar = rest.find('|');
      regex.literals_.emplace_back(rest.substr(0, bar));
      if (bar == std::string_view::npos) break;
      rest.remove_prefix(bar + 1);
    }
    std::ranges::sort(regex.literals_);
  } else if (any_tail && all_plain(pattern.substr(0, pattern.size() - 2))) {
    regex.shape_ = Shape::prefix;
    regex.literals_.emplace_back(pattern.substr(0, pattern.size() - 2));
    regex.tail_may_be_empty_ = pattern.back() == '*';
  }
  return regex;
}

bool Regex::matches(std::string_view text) const {
  if (shape_ == Shape::literals) return std::ranges::binary_search(literals_, text);
  if (shape_ == Shape::prefix) {
    const std::string_view prefix = literals_.front();
    if (!text.starts_with(prefix)) return false;
    const std::string_view tail = text.substr(prefix.size());
    if (ascii_line(tail)) return tail_may_be_empty_ || !tail.empty();
  }
  return re2::RE2::PartialMatch({text.data(), text.size()}, *automaton_);
}

}  // namespace lockkeeper
