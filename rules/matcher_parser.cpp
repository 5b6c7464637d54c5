// SPDX-License-Identifier: Apache-2.0

// The reader of matcher lists. One cursor walks the text; each take_* eats one token or sets the
// error. Where only one of Alertmanager's dialects would accept, the error says how to write it so
// that both do.

#include <fmt/format.h>

#include <optional>

#include "rules/matcher.h"
#include "rules/text.h"
#include "rules/utf8.h"

namespace lockkeeper {
namespace {

constexpr std::string_view kBlanks = " \t\n\f\r";
constexpr std::string_view kReserved = "{}!=~,\\\"'`";
// No rule needs more; bounds what a hostile file can make us hold.
constexpr std::size_t kTextBytesMax = 64UL << 10;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::expected<Matchers, MatcherError> read();

 private:
  bool read_list();
  bool read_matcher();
  bool missing_comma(bool braces);
  bool take_name(std::string& name);
  bool take_op(MatchOp& op);
  bool take_value(std::string& value);
  bool take_quoted(std::string& out);
  bool take_escape(std::string& out);
  bool compile(Matcher& matcher, std::size_t at);

  void skip_blanks() {
    while (!done() && kBlanks.find(peek()) != std::string_view::npos)
      ++at_;
  }
  [[nodiscard]] bool done() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return text_[at_]; }
  [[nodiscard]] std::string shown() const;
  [[nodiscard]] std::string_view bare_token() const;
  bool error(std::size_t at, std::string what);

  std::string_view text_;
  std::size_t at_ = 0;
  bool value_was_bare_ = false;
  Matchers matchers_;
  std::optional<MatcherError> error_;
};

bool Reader::error(std::size_t at, std::string what) {
  error_ = MatcherError{character_count(text_.substr(0, at)) + 1, std::move(what)};
  return false;
}

/// The character at the cursor, for messages.
std::string Reader::shown() const {
  if (done()) return "the end of the text";
  return "'" + std::string(text_.substr(at_, character_bytes(text_, at_))) + "'";
}

/// The longest run from the cursor without blanks and reserved characters.
std::string_view Reader::bare_token() const {
  std::size_t end = at_;
  while (end < text_.size()) {
    const std::size_t bytes = character_bytes(text_, end);
    if (kReserved.find(text_[end]) != std::string_view::npos) break;
    if (is_space(text_.substr(end, bytes))) break;
    end += bytes;
  }
  return text_.substr(at_, end - at_);
}

std::expected<Matchers, MatcherError> Reader::read() {
  if (text_.size() > kTextBytesMax) {
    error(0, fmt::format("longer than {} bytes", kTextBytesMax));
  } else if (const std::size_t bad = invalid_utf8_at(text_); bad != text_.size()) {
    error(bad, "not valid UTF-8");
  } else {
    read_list();
  }
  if (error_) return std::unexpected(*error_);
  return std::move(matchers_);
}

bool Reader::read_list() {
  const bool braces = text_.starts_with('{');
  if (braces) ++at_;
  skip_blanks();
  if (!braces && !done() && peek() == '{') return error(at_, "remove the blank before '{'");
  const auto at_end = [&] { return braces ? !done() && peek() == '}' : done(); };
  while (!at_end()) {
    if (!read_matcher()) return false;
    skip_blanks();
    if (at_end()) break;
    if (done()) return error(at_, "the closing '}' is missing");
    if (peek() != ',') return missing_comma(braces);
    ++at_;
    skip_blanks();
  }
  if (braces) ++at_;
  return done() || error(at_, fmt::format("expected the end after '}}', found {}", shown()));
}

/// What follows a matcher is neither a comma nor the end.
bool Reader::missing_comma(bool braces) {
  if (peek() == '}') return error(at_, "remove the '}', or begin with '{'");
  if (value_was_bare_) {
    return error(at_, fmt::format("quote the value, or write ',' before {}", shown()));
  }
  return error(at_, fmt::format("expected ','{}, found {}", braces ? " or '}'" : "", shown()));
}

bool Reader::read_matcher() {
  Matcher matcher;
  if (!take_name(matcher.name)) return false;
  skip_blanks();
  if (!take_op(matcher.op)) return false;
  skip_blanks();
  const std::size_t value_at = at_;
  if (!take_value(matcher.value) || !compile(matcher, value_at)) return false;
  matchers_.push_back(std::move(matcher));
  return true;
}

bool Reader::take_name(std::string& name) {
  const std::size_t start = at_;
  if (done()) return error(at_, "expected a label name, found the end of the text");
  if (peek() == '"') {
    if (!take_quoted(name)) return false;
    return !name.empty() || error(start, "a label name cannot be empty");
  }
  name = bare_token();
  at_ += name.size();
  if (name.empty()) return error(start, fmt::format("expected a label name, found {}", shown()));
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
    if (letter || (i > 0 && c >= '0' && c <= '9')) continue;
    return error(start, fmt::format("quote the label name: {}", quoted(name)));
  }
  return true;
}

bool Reader::take_op(MatchOp& op) {
  const std::string_view rest = text_.substr(at_);
  if (rest.starts_with("=~")) {
    op = MatchOp::regex;
  } else if (rest.starts_with("!~")) {
    op = MatchOp::not_regex;
  } else if (rest.starts_with("!=")) {
    op = MatchOp::not_equal;
  } else if (rest.starts_with("=")) {
    op = MatchOp::equal;
  } else {
    return error(at_, fmt::format("expected =, !=, =~ or !~, found {}", shown()));
  }
  at_ += op == MatchOp::equal ? 1 : 2;
  return true;
}

bool Reader::take_value(std::string& value) {
  value_was_bare_ = done() || peek() != '"';
  if (!value_was_bare_) return take_quoted(value);
  const std::size_t start = at_;
  value = bare_token();
  at_ += value.size();
  if (!value.empty()) return true;
  if (done() || peek() == ',' || peek() == '}') {
    return error(start, "expected a value; write \"\" for the empty one");
  }
  return error(start, fmt::format("quote the value, it begins with {}", shown()));
}

bool Reader::take_quoted(std::string& out) {
  const std::size_t start = at_++;
  while (!done() && peek() != '"') {
    const char c = peek();
    if (c == '\n') return error(at_, "write a newline inside quotes as \\n");
    if (c == '\\') {
      if (!take_escape(out)) return false;
    } else {
      out += c;
      ++at_;
    }
  }
  if (done()) return error(start, "the closing quote is missing");
  ++at_;
  return true;
}

bool Reader::take_escape(std::string& out) {
  const std::size_t start = at_++;
  if (done()) return error(start, "the closing quote is missing");
  const char escaped = peek();
  if (escaped != 'n' && escaped != '"' && escaped != '\\') {
    return error(start, fmt::format("double the backslash: \\\\{}",
                                    text_.substr(at_, character_bytes(text_, at_))));
  }
  out += escaped == 'n' ? '\n' : escaped;
  ++at_;
  return true;
}

bool Reader::compile(Matcher& matcher, std::size_t at) {
  if (matcher.op != MatchOp::regex && matcher.op != MatchOp::not_regex) return true;
  auto regex = Regex::compile(matcher.value);
  if (!regex) return error(at, fmt::format("bad regular expression: {}", regex.error().what));
  matcher.regex = std::move(*regex);
  return true;
}

}  // namespace

std::expected<Matchers, MatcherError> parse_matchers(std::string_view text) {
  return Reader(text).read();
}

}  // namespace lockkeeper
