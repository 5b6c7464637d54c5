// SPDX-License-Identifier: Apache-2.0
#include "integrations/ssh/shell.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockkeeper::ssh {
namespace {

constexpr std::string_view kHarmless =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,+@%^=";

std::string without_nul(std::string_view text) {
  std::string out(text);
  std::erase(out, '\0');
  return out;
}

/// A line that ends a here document and stands nowhere in its content.
std::string end_mark(std::string_view content) {
  std::string mark = "END_OF_FILE";
  for (int i = 0; content.contains(mark); ++i)
    mark = fmt::format("END_OF_FILE_{}", i);
  return mark;
}

}  // namespace

std::string shell_word(std::string_view text) {
  std::string word = without_nul(text);
  if (!word.empty() && word.find_first_not_of(kHarmless) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string shell_words(std::span<const std::string> words) {
  std::string out;
  for (const auto& word : words)
    out += (out.empty() ? "" : " ") + shell_word(word);
  return out;
}

std::string assignments(const std::map<std::string, std::string>& values) {
  std::string out;
  for (const auto& [name, value] : values)
    out += fmt::format("{}={}\n", name, shell_word(value));
  return out;
}

std::string printing_function(std::string_view name, std::string_view content) {
  const std::string body = without_nul(content);
  const std::string mark = end_mark(body);
  const std::string_view newline = body.empty() || body.ends_with('\n') ? "" : "\n";
  return fmt::format("{}() {{\n    cat <<'{}'\n{}{}{}\n}}\n", name, mark, body, newline, mark);
}

std::string all_or_nothing(std::string_view program) {
  return fmt::format("{{\n{}\n}}\n", program);
}

std::string_view root_shell() {
  return "exec sh -c '[ \"$(id -u)\" -eq 0 ] && exec sh -s; exec sudo -n sh -s'";
}

}  // namespace lockkeeper::ssh
