// SPDX-License-Identifier: Apache-2.0
#include "config/ini_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "rules/text.h"
#include "rules/utf8.h"

namespace lockkeeper {
namespace {

constexpr std::string_view kBlanks = " \t";

bool is_blank(char c) {
  return kBlanks.find(c) != std::string_view::npos;
}

/// What keys are made of. libinih would take any text, and `a:b = c` as key a.
bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

/// In characters, as an editor counts.
std::size_t column_of(std::string_view line, std::size_t at) {
  return character_count(line.substr(0, at)) + 1;
}

/// Where a character stands that no text file needs, or line.size(). libinih trims some of them
/// like blanks, and ends a line at NUL.
std::size_t control_character_at(std::string_view line) {
  const auto at = std::ranges::find_if(line, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
  return static_cast<std::size_t>(at - line.begin());
}

struct CommentLike {
  std::size_t at = 0;
  char mark = ';';
};

/// The first ` ;`, or ` #` outside double quotes: what a person may mean, and libinih for `;` will
/// take, as a comment.
std::optional<CommentLike> comment_like(std::string_view line) {
  bool in_quotes = false;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '"' && line[i - 1] != '\\') in_quotes = !in_quotes;
    if (!is_blank(line[i - 1])) continue;
    if (line[i] == ';' || (line[i] == '#' && !in_quotes)) return CommentLike{i, line[i]};
  }
  return std::nullopt;
}

/// Walks the lines; knows the section and the keys seen so far.
class Check {
 public:
  Check(std::size_t line_bytes_max, std::span<const std::string_view> repeatable, ErrorList& errors)
      : line_bytes_max_(line_bytes_max), repeatable_(repeatable), errors_(errors) {}

  void take_line(std::string_view line);

  std::vector<IniSection> sections;

 private:
  bool characters_are_fine(std::string_view line);
  void take_section(std::string_view line);
  void take_pair(std::string_view line);
  bool key_is_fine(std::string_view key, std::string_view after);
  bool key_is_new(const std::string& key);
  void error(std::string what, std::size_t column = 0) {
    errors_.add(line_number_, std::move(what), column);
  }

  std::size_t line_bytes_max_;
  std::span<const std::string_view> repeatable_;
  ErrorList& errors_;
  int line_number_ = 0;
  bool in_section_ = false;
  bool repeated_section_ = false;  // its lines are checked, but belong to nothing
  std::map<std::string, int, std::less<>> section_lines_;
  std::map<std::string, int, std::less<>> key_lines_;  // of the present section
};

// A line that is too long is told before its content, of which a message could not show much.
bool Check::characters_are_fine(std::string_view line) {
  if (line.size() > line_bytes_max_) {
    error(fmt::format("the line is longer than {} bytes", line_bytes_max_));
    return false;
  }
  if (const auto at = control_character_at(line); at != line.size()) {
    error(line[at] == '\0' ? "the line holds a NUL byte"
                           : fmt::format("the line holds the control character 0x{:02X}",
                                         static_cast<unsigned>(line[at])),
          column_of(line, at));
    return false;
  }
  if (const auto at = invalid_utf8_at(line); at != line.size()) {
    error("the text is not valid UTF-8", column_of(line, at));
    return false;
  }
  return true;
}

/// One line without its newline. What is wrong with its characters hides everything else.
void Check::take_line(std::string_view line) {
  ++line_number_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!characters_are_fine(line)) return;
  const std::string_view words = trimmed(line);
  if (words.empty() || words.front() == '#' || words.front() == ';') return;
  if (is_blank(line.front())) {
    error("an indented line would continue the value above; begin it in the first column");
  } else if (line.front() == '[') {
    take_section(words);
  } else {
    take_pair(words);
  }
}

/// A bad section still ends the one before: its keys must not fall into that.
void Check::take_section(std::string_view line) {
  in_section_ = true;
  repeated_section_ = true;  // until it is known to be a good one
  key_lines_.clear();
  const std::size_t end = line.find(']');
  if (end == std::string_view::npos) return error("the ']' of the section is missing");
  const std::string_view name = line.substr(1, end - 1);
  if (end + 1 != line.size()) {
    return error(fmt::format("nothing may follow [{}] on its line; a comment stands on its own",
                             clipped(name, kIniNameBytesMax)),
                 column_of(line, end + 1));
  }
  if (name.empty()) return error("the section has no name");
  if (name.size() > kIniNameBytesMax) {
    return error(fmt::format("the section name is longer than {} bytes", kIniNameBytesMax));
  }
  if (trimmed(name) != name) return error("remove the blanks at the ends of the section name");
  if (const auto comment = comment_like(name)) {
    return error(fmt::format("a section name cannot hold \" {}\"", comment->mark));
  }
  const auto [first, fresh] = section_lines_.emplace(name, line_number_);
  if (!fresh) {
    return error(fmt::format("[{}] stands already in line {}", name, first->second));
  }
  repeated_section_ = false;
  sections.push_back({std::string(name), line_number_, {}});
}

/// `after` is the text behind the first '=', which for a =~ or != shows that it is none of ours.
bool Check::key_is_fine(std::string_view key, std::string_view after) {
  const bool matcher_op = key.ends_with('!') || after.starts_with('~');
  if (matcher_op) {
    error("a matcher needs its key: write match = and the matcher behind it");
  } else if (key.empty()) {
    error("the key before '=' is missing");
  } else if (key.size() > kIniNameBytesMax) {
    error(fmt::format("the key is longer than {} bytes", kIniNameBytesMax));
  } else if (!std::ranges::all_of(key, is_name_character)) {
    error("a key is one word of letters, digits and _, followed by '='");
  } else {
    return true;
  }
  return false;
}

bool Check::key_is_new(const std::string& key) {
  const auto [first, fresh] = key_lines_.emplace(key, line_number_);
  if (fresh || std::ranges::find(repeatable_, key) != repeatable_.end()) return true;
  error(fmt::format("key \"{}\" stands already in line {}", key, first->second));
  return false;
}

/// Messages here name the key but never the value, which may be a secret in the wrong place.
void Check::take_pair(std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) {
    return error("write key = value; there is no '=' in this line");
  }
  const std::string key(trimmed(line.substr(0, equals)));
  const std::string_view after = line.substr(equals + 1);
  const std::string_view value = trimmed(after);
  const std::size_t value_at = value.empty() ? line.size() : line.find(value, equals + 1);
  if (!key_is_fine(key, after)) return;
  if (!in_section_) return error(fmt::format("key \"{}\" stands before any [section]", key));
  if (value.starts_with(';')) {
    return error("the value begins with ';' and would be read as a comment",
                 column_of(line, value_at));
  }
  if (const auto comment = comment_like(line)) {
    return error(fmt::format("\" {}\" inside a value: a comment stands on its own line; in a "
                             "regular expression write \"[ ]{}\"",
                             comment->mark, comment->mark),
                 column_of(line, comment->at));
  }
  if (repeated_section_ || !key_is_new(key)) return;
  sections.back().entries.push_back(
      {key, std::string(value), line_number_, column_of(line, value_at)});
}

}  // namespace

std::vector<IniSection> check_ini(std::string_view text, std::size_t line_bytes_max,
                                  std::span<const std::string_view> repeatable, ErrorList& errors) {
  Check check(line_bytes_max, repeatable, errors);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    check.take_line(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return std::move(check.sections);
}

}  // namespace lockkeeper
