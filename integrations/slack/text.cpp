// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "rules/utf8.h"

namespace lockkeeper::slack {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";     // U+2026
constexpr std::string_view kLooksLikeBacktick = "\xCB\x8B";
// An entity or a `<...>` that is longer is not looked for: Slack's own are shorter.
constexpr std::size_t kTokenBytesMax = 4000;

/// The code point of one valid character.
std::uint32_t point_of(std::string_view character) {
  const auto byte = [&](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(character[at]));
  };
  switch (character.size()) {
    case 1:
      return byte(0);
    case 2:
      return (byte(0) & 0x1FU) << 6U | (byte(1) & 0x3FU);
    case 3:
      return (byte(0) & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
    default:
      return (byte(0) & 0x07U) << 18U | (byte(1) & 0x3FU) << 12U | (byte(2) & 0x3FU) << 6U |
             (byte(3) & 0x3FU);
  }
}

/// Characters that show nothing, or turn the rest of a line around. U+200D stays: it joins emoji.
bool garbles(std::uint32_t point) {
  if (point < 0x20) return point != '\n' && point != '\t';
  static constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 9> kRanges = {{
      {0x7F, 0x9F},
      {0x061C, 0x061C},
      {0x200B, 0x200C},
      {0x200E, 0x200F},
      {0x2028, 0x202E},
      {0x2060, 0x206F},
      {0xFEFF, 0xFEFF},
      {0xFFF9, 0xFFFB},
      {0xE0000, 0xE007F},
  }};
  return std::ranges::any_of(
      kRanges, [&](const auto& range) { return point >= range.first && point <= range.second; });
}

/// Calls `take` with each valid character, and with U+FFFD for each invalid byte.
template <class Take>
void each_character(std::string_view text, Take take) {
  while (!text.empty()) {
    const std::size_t valid = invalid_utf8_at(text);
    for (std::size_t at = 0; at < valid;) {
      const std::size_t bytes = character_bytes(text, at);
      take(text.substr(at, bytes));
      at += bytes;
    }
    text.remove_prefix(valid);
    if (text.empty()) return;
    take(kReplacement);
    text.remove_prefix(1);
  }
}

std::string replaced(std::string_view text, char from, std::string_view to) {
  std::string out;
  for (const char c : text) {
    if (c == from) {
      out += to;
    } else {
      out += c;
    }
  }
  return out;
}

std::string entities(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

/// What may not be parted at `at`: an entity, a `<...>`, a run of backticks, one character.
std::size_t token_bytes(std::string_view text, std::size_t at) {
  const char first = text[at];
  if (first == '&' || first == '<') {
    const auto window = text.substr(at, first == '&' ? 6 : kTokenBytesMax);
    const std::size_t end = window.find(first == '&' ? ';' : '>');
    if (end != window.npos) return end + 1;
  }
  if (text.substr(at).starts_with("```")) return 3;
  return character_bytes(text, at);
}

}  // namespace

std::size_t length(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) != 0x80U) units += byte >= 0xF0U ? 2 : 1;
  }
  return units;
}

std::string clean(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  each_character(text, [&](std::string_view character) {
    if (!garbles(point_of(character))) out += character;
  });
  return out;
}

std::string escaped(std::string_view text) {
  return entities(clean(text));
}

std::string code(std::string_view text) {
  const std::string line = replaced(replaced(clean(text), '\n', " "), '`', kLooksLikeBacktick);
  // An empty span would show two backticks.
  return line.empty() ? "` `" : "`" + entities(line) + "`";
}

std::string link(std::string_view url, std::string_view label) {
  const bool web = url.starts_with("https://") || url.starts_with("http://");
  const bool plain = std::ranges::all_of(url, [](unsigned char c) { return c > 0x20 && c < 0x7F; });
  if (!web || !plain) return escaped(label);
  std::string target = replaced(replaced(url, '|', "%7C"), '>', "%3E");
  target = replaced(replaced(target, '<', "%3C"), '&', "&amp;");
  // A bar in the label would end it.
  return "<" + target + "|" + replaced(escaped(label), '|', "/") + ">";
}

std::string cut(std::string_view mrkdwn, std::size_t length_max) {
  if (length(mrkdwn) <= length_max) return std::string(mrkdwn);
  constexpr std::size_t kClosing = 5;  // a newline, three backticks, the ellipsis
  const std::size_t room = length_max - std::min(length_max, kClosing);
  std::size_t used = 0;
  std::size_t at = 0;
  bool in_block = false;
  bool in_span = false;
  while (at < mrkdwn.size()) {
    const auto token = mrkdwn.substr(at, token_bytes(mrkdwn, at));
    used += length(token);
    if (used > room) break;
    if (token == "```") {
      in_block = !in_block;
      in_span = false;
    } else if (token == "`" && !in_block) {
      in_span = !in_span;
    } else if (token == "\n") {
      in_span = false;
    }
    at += token.size();
  }
  std::string out(mrkdwn.substr(0, at));
  if (in_span) out += '`';
  if (in_block) out += "\n```";
  return out + std::string(kEllipsis);
}

std::string cut_plain(std::string_view text, std::size_t length_max) {
  if (length(text) <= length_max) return std::string(text);
  std::size_t used = 1;  // the ellipsis
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t bytes = character_bytes(text, at);
    used += length(text.substr(at, bytes));
    if (used > length_max) break;
    at += bytes;
  }
  return std::string(text.substr(0, at)) + std::string(kEllipsis);
}

std::string naming(std::string_view text, std::string_view command) {
  constexpr std::string_view kUsual = "/upgrade";
  if (command.empty() || command == kUsual) return std::string(text);
  const auto in_word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '/' ||
           c == '_' || c == '-' || (static_cast<unsigned char>(c) & 0x80U) != 0;
  };
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = at + kUsual.size();
    const bool named = text.substr(at).starts_with(kUsual) && (at == 0 || !in_word(text[at - 1])) &&
                       (end == text.size() || !in_word(text[end]));
    out += named ? command : text.substr(at, 1);
    at = named ? end : at + 1;
  }
  return out;
}

std::string typed(std::string_view text) {
  std::string out;
  const std::string tidy = clean(text);
  const std::string_view all = tidy;
  for (std::size_t at = 0; at < all.size();) {
    const auto token = all.substr(at, token_bytes(all, at));
    at += token.size();
    if (token.size() > 1 && token.front() == '<') {
      const auto inside = token.substr(1, token.size() - 2);
      const auto target = inside.substr(0, inside.find('|'));
      const bool name = target.starts_with('@') || target.starts_with('#');
      out += name || target.starts_with('!') ? "<" + std::string(target) + ">"
                                             : typed(target);  // an address has entities, too
    } else if (token == "&amp;") {
      out += '&';
    } else if (token == "&lt;") {
      out += '<';
    } else if (token == "&gt;") {
      out += '>';
    } else if (static_cast<unsigned char>(token.front()) >= 0x80 && is_space(token)) {
      out += ' ';
    } else {
      out += token;
    }
  }
  return out;
}

std::string local_time(Time at) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch());
  return fmt::format("<!date^{}^{{date_short_pretty}} {{time}}|{} UTC>", seconds.count(),
                     clock_text(at));
}

}  // namespace lockkeeper::slack
