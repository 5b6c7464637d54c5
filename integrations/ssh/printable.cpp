// SPDX-License-Identifier: Apache-2.0
#include "integrations/ssh/printable.h"

#include <algorithm>
#include <vector>

#include "rules/text.h"
#include "rules/utf8.h"

namespace lockkeeper::ssh {
namespace {

constexpr char kEscape = '\x1b';

/// The length of the terminal escape that begins `text`: CSI up to its final byte, else two bytes.
std::size_t escape_bytes(std::string_view text) {
  if (text.size() < 2 || text[1] != '[') return std::min<std::size_t>(2, text.size());
  std::size_t at = 2;
  while (at < text.size() && (text[at] < '@' || text[at] > '~'))
    ++at;
  return std::min(at + 1, text.size());
}

std::string printable_line(std::string_view line) {
  while (line.ends_with('\r'))
    line.remove_suffix(1);
  if (const auto at = line.rfind('\r'); at != std::string_view::npos) line.remove_prefix(at + 1);
  std::string out;
  while (!line.empty()) {
    const auto first = static_cast<unsigned char>(line.front());
    std::size_t bytes = 1;
    if (line.front() == kEscape) {
      bytes = escape_bytes(line);
    } else if (first < 0x20 || first == 0x7F) {
      out += ' ';
    } else {
      bytes = character_bytes(line, 0);
      const bool valid = invalid_utf8_at(line.substr(0, bytes)) == bytes;
      // U+0080 to U+009F are control characters too, and some terminals obey them.
      const bool control =
          first == 0xC2 && bytes == 2 && static_cast<unsigned char>(line[1]) < 0xA0;
      if (!valid) bytes = 1;
      out += valid && !control ? line.substr(0, bytes) : "?";
    }
    line.remove_prefix(bytes);
  }
  return out;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    auto line = printable_line(text.substr(0, end));
    if (!trimmed(line).empty()) lines.emplace_back(trimmed(line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t end = text.find('\n');
    out += printable_line(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

std::string last_line(std::string_view text, std::size_t bytes_max) {
  const auto lines = lines_of(text);
  return lines.empty() ? std::string() : clipped(lines.back(), bytes_max);
}

std::string last_lines(std::string_view text, std::size_t lines_max, std::size_t bytes_max) {
  const auto lines = lines_of(text);
  std::string out;
  std::size_t shown = 0;
  for (auto line = lines.rbegin(); line != lines.rend() && shown < lines_max; ++line, ++shown) {
    if (!out.empty() && out.size() + line->size() + 3 > bytes_max) break;
    out.insert(0, clipped(*line, bytes_max) + (out.empty() ? "" : " | "));
  }
  return out;
}

}  // namespace lockkeeper::ssh
