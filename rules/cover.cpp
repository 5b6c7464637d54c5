// SPDX-License-Identifier: Apache-2.0
#include "rules/cover.h"

#include <algorithm>
#include <optional>

#include "rules/text.h"

namespace lockkeeper {
namespace {

/// One branch of a simple regular expression: a word, or a beginning with any tail.
struct Branch {
  enum class Tail { none, any, some };  // nothing, `.*`, `.+`

  std::string text;
  Tail tail = Tail::none;
};

bool is_special(char c) {
  return std::string_view(".+*?()[]{}^$").contains(c);
}

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// `Prefix.*` and `Prefix.+` with everything else literal; nothing when it is more than that.
std::optional<Branch> branch_of(std::string_view text) {
  Branch branch;
  if (text.ends_with(".*") || text.ends_with(".+")) {
    branch.tail = text.ends_with('*') ? Branch::Tail::any : Branch::Tail::some;
    text.remove_suffix(2);
    // `\.*` is any number of dots and not a tail.
    const auto last_other = text.find_last_not_of('\\');
    const auto backslashes =
        text.size() - (last_other == std::string_view::npos ? 0 : last_other + 1);
    if (backslashes % 2 != 0) return std::nullopt;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_special(text[i])) return std::nullopt;
    if (text[i] == '\\') {
      // `\d` and its like stand for more than one text; `\.` is a dot.
      if (++i == text.size() || is_letter_or_digit(text[i])) return std::nullopt;
    }
    branch.text += text[i];
  }
  return branch;
}

/// The pattern as branches; nothing when one of them is not simple.
std::optional<std::vector<Branch>> branches_of(std::string_view pattern) {
  std::vector<Branch> branches;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= pattern.size(); ++i) {
    if (i < pattern.size() && pattern[i] == '\\') {
      ++i;
      continue;
    }
    if (i < pattern.size() && pattern[i] != '|') continue;
    auto branch = branch_of(pattern.substr(start, i - start));
    if (!branch) return std::nullopt;
    branches.push_back(std::move(*branch));
    start = i + 1;
  }
  return branches;
}

bool holds_for(const Matcher& matcher, std::string_view value) {
  Labels labels;
  labels.set(matcher.name, value);
  return matcher.matches(labels);
}

/// The only values that this matcher allows, where they can be listed.
std::optional<std::vector<std::string>> values_of(const Matcher& matcher) {
  if (matcher.op == MatchOp::equal) return std::vector{matcher.value};
  if (matcher.op != MatchOp::regex) return std::nullopt;
  const auto branches = branches_of(matcher.value);
  if (!branches) return std::nullopt;
  std::vector<std::string> values;
  for (const auto& branch : *branches) {
    if (branch.tail != Branch::Tail::none) return std::nullopt;
    values.push_back(branch.text);
  }
  return values;
}

bool tail_covers(const Branch& wide, const Branch& narrow) {
  if (wide.tail == Branch::Tail::none || !narrow.text.starts_with(wide.text)) return false;
  const auto rest = std::string_view(narrow.text).substr(wide.text.size());
  if (rest.contains('\n')) return false;  // which `.` does not match
  return wide.tail == Branch::Tail::any || !rest.empty() || narrow.tail == Branch::Tail::some;
}

/// Whether `wide` holds for every value that begins like `narrow`, whose tail is open.
bool holds_for_open(const Matcher& wide, const Branch& narrow) {
  if (wide.op != MatchOp::regex) return false;
  const auto branches = branches_of(wide.value);
  return branches && std::ranges::any_of(*branches, [&](const Branch& branch) {
           return tail_covers(branch, narrow);
         });
}

/// Whether `given`, a matcher of the same label, implies `wide`.
bool implies(const Matcher& given, const Matcher& wide) {
  if (given.op == wide.op && given.value == wide.value) return true;
  if (given.op == MatchOp::equal) return holds_for(wide, given.value);
  if (wide.op == MatchOp::not_equal) return !holds_for(given, wide.value);
  if (wide.op == MatchOp::not_regex) {
    auto positive = wide;
    positive.op = MatchOp::regex;
    const auto excluded = values_of(positive);
    const auto possible = [&](const std::string& value) { return holds_for(given, value); };
    if (excluded) return std::ranges::none_of(*excluded, possible);
  }
  if (given.op != MatchOp::regex) return false;
  const auto branches = branches_of(given.value);
  return branches && std::ranges::all_of(*branches, [&](const Branch& branch) {
           return branch.tail == Branch::Tail::none ? holds_for(wide, branch.text)
                                                    : holds_for_open(wide, branch);
         });
}

}  // namespace

bool covers(const Matchers& wide, const Matchers& narrow) {
  return std::ranges::all_of(wide, [&](const Matcher& wanted) {
    return std::ranges::any_of(narrow, [&](const Matcher& given) {
      return given.name == wanted.name && implies(given, wanted);
    });
  });
}

std::string contradiction(const Matchers& matchers) {
  for (const auto& one : matchers) {
    const auto values = values_of(one);
    if (!values) continue;
    const auto about_it = [&](const Matcher& other) { return other.name == one.name; };
    const bool possible = std::ranges::any_of(*values, [&](const std::string& value) {
      return std::ranges::all_of(matchers, [&](const Matcher& other) {
        return !about_it(other) || holds_for(other, value);
      });
    });
    if (possible) continue;
    std::vector<std::string> texts;
    for (const auto& other : matchers) {
      if (about_it(other)) texts.push_back(to_string(other));
    }
    return joined(texts, " and ");
  }
  return {};
}

bool matches_only_empty(std::string_view pattern) {
  std::string rest(pattern);
  for (auto at = rest.find("(?:"); at != std::string::npos; at = rest.find("(?:"))
    rest.replace(at, 3, "(");
  return rest.find_first_not_of("^$()|") == std::string::npos;
}

}  // namespace lockkeeper
