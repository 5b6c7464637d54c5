// SPDX-License-Identifier: Apache-2.0
#include "rules/matcher.h"

#include <algorithm>

#include "rules/text.h"

namespace lockkeeper {
namespace {

std::string_view to_string(MatchOp op) {
  switch (op) {
    case MatchOp::equal:
      return "=";
    case MatchOp::not_equal:
      return "!=";
    case MatchOp::regex:
      return "=~";
    case MatchOp::not_regex:
      return "!~";
  }
  return "?";
}

bool is_classic_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
  };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || digit(c); });
}

}  // namespace

bool Matcher::matches(const Labels& labels) const {
  const std::string_view actual = labels.get(name);
  switch (op) {
    case MatchOp::equal:
      return actual == value;
    case MatchOp::not_equal:
      return actual != value;
    case MatchOp::regex:
      return regex->matches(actual);
    case MatchOp::not_regex:
      return !regex->matches(actual);
  }
  return false;
}

bool matches(const Matchers& matchers, const Labels& labels) {
  return first_mismatch(matchers, labels) == nullptr;
}

const Matcher* first_mismatch(const Matchers& matchers, const Labels& labels) {
  const auto at = std::ranges::find_if(
      matchers, [&](const Matcher& matcher) { return !matcher.matches(labels); });
  return at == matchers.end() ? nullptr : &*at;
}

std::string to_string(const Matcher& matcher) {
  std::string text = is_classic_name(matcher.name) ? matcher.name : quoted(matcher.name);
  return text.append(to_string(matcher.op)).append(quoted(matcher.value));
}

std::string to_string(const Matchers& matchers) {
  std::string text = "{";
  for (const auto& matcher : matchers) {
    if (text.size() > 1) text += ", ";
    text += to_string(matcher);
  }
  return text + "}";
}

}  // namespace lockkeeper
