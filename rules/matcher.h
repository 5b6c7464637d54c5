// SPDX-License-Identifier: Apache-2.0
#pragma once

// Matchers over labels, in Alertmanager's syntax: the part in which its classic and its UTF-8
// dialect agree, plus quoted UTF-8 label names. Values only: no I/O, any thread.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/labels.h"
#include "rules/regex.h"

namespace lockkeeper {

enum class MatchOp { equal, not_equal, regex, not_regex };

/// One comparison of one label, such as `severity=~"warning|critical"`. A missing label equals the
/// empty string for all four operators, as in Alertmanager.
struct Matcher {
  std::string name;
  MatchOp op = MatchOp::equal;
  std::string value;
  std::optional<Regex> regex;  // set exactly when op is regex or not_regex

  [[nodiscard]] bool matches(const Labels& labels) const;
};

/// All of them must match. An empty list matches everything; rules refuse it.
using Matchers = std::vector<Matcher>;

/// Why a text is not a list of matchers.
struct MatcherError {
  std::size_t column = 0;  // of the offending character, counted in characters from 1
  std::string what;        // one line, with the way to mend it where only one dialect would refuse

  bool operator==(const MatcherError&) const = default;
};

/// Reads `name op value` separated by commas, with optional braces around and an optional comma at
/// the end. A text on which the two dialects disagree is an error that names the fix, because it
/// would change its meaning with Alertmanager's next upgrade.
/// Grammar: https://prometheus.io/docs/alerting/latest/configuration/#matcher
std::expected<Matchers, MatcherError> parse_matchers(std::string_view text);

/// Whether every matcher matches.
bool matches(const Matchers& matchers, const Labels& labels);

/// The first matcher that does not match, or nullptr: what `rules explain` shows.
const Matcher* first_mismatch(const Matchers& matchers, const Labels& labels);

/// `severity=~"warning|critical"`.
std::string to_string(const Matcher& matcher);

/// `{a="b", c=~"d"}`.
std::string to_string(const Matchers& matchers);

}  // namespace lockkeeper
