// SPDX-License-Identifier: Apache-2.0
#include "bot/replay/series_notation.h"

#include <fmt/format.h>

#include <charconv>

#include "rules/matcher.h"
#include "rules/text.h"
#include "rules/utf8.h"

namespace lockkeeper::replay {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kShownMax = 40;

/// A number at the start of `text`, which is cut off; nothing when there is none.
std::optional<double> take_number(std::string_view& text) {
  auto rest = text;
  if (rest.starts_with('+')) rest.remove_prefix(1);
  double value = 0;
  const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (problem != std::errc{}) return std::nullopt;
  text = rest.substr(static_cast<std::size_t>(end - rest.data()));
  return value;
}

/// The count behind an `x` at the start of `text`; nothing when it is malformed.
std::optional<std::size_t> take_times(std::string_view& text) {
  if (!text.starts_with('x')) return std::nullopt;
  text.remove_prefix(1);
  std::size_t count = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (problem != std::errc{}) return std::nullopt;
  text = text.substr(static_cast<std::size_t>(end - text.data()));
  return count;
}

/// One item as first value, step and count.
struct Item {
  std::optional<double> first;
  double step = 0;
  std::size_t count = 1;
};

std::optional<Item> parse_item(std::string_view text) {
  Item item;
  const bool missing = text.starts_with('_');
  const bool stale = text.starts_with("stale");
  if (missing || stale) {
    text.remove_prefix(missing ? 1 : std::string_view("stale").size());
  } else {
    item.first = take_number(text);
    if (!item.first) return std::nullopt;
    if (text.starts_with('+') || text.starts_with('-')) {
      const auto step = take_number(text);
      if (!step || !text.starts_with('x')) return std::nullopt;
      item.step = *step;
    }
  }
  if (!text.empty()) {
    const auto times = take_times(text);
    if (!times || !text.empty() || *times > kValuesMax) return std::nullopt;
    item.count = missing ? *times : *times + 1;
  }
  return item;
}

}  // namespace

Result<SeriesValues> parse_series_values(std::string_view text) {
  SeriesValues values;
  while (true) {
    const auto start = text.find_first_not_of(kBlanks);
    if (start == std::string_view::npos) break;
    text.remove_prefix(start);
    const auto word = text.substr(0, text.find_first_of(kBlanks));
    text.remove_prefix(word.size());
    const auto item = parse_item(word);
    if (!item) {
      return fail(
          fmt::format("'{}' is not a series item; write 1, _, stale, 1x10, _x5 or 0+1x10, "
                      "separated by blanks",
                      clipped(word, kShownMax)));
    }
    if (values.size() + item->count > kValuesMax) {
      return fail(fmt::format("more than {} values", kValuesMax));
    }
    for (std::size_t i = 0; i < item->count; ++i) {
      values.push_back(item->first
                           ? std::optional(*item->first + static_cast<double>(i) * item->step)
                           : std::nullopt);
    }
  }
  if (values.empty()) return fail("no values");
  return values;
}

Result<Labels> parse_series(std::string_view text) {
  text = trimmed(text);
  const auto name = trimmed(text.substr(0, text.find('{')));
  auto rest = text;
  rest.remove_prefix(std::min(text.find('{'), text.size()));
  const auto matchers = rest.empty() || trimmed(rest) == "{}"
                            ? std::expected<Matchers, MatcherError>()
                            : parse_matchers(rest);
  if (!matchers) {
    const auto before = character_count(text.substr(0, text.size() - rest.size()));
    return fail(
        fmt::format("column {}: {}", before + matchers.error().column, matchers.error().what));
  }
  Labels labels;
  for (const auto& matcher : *matchers) {
    if (matcher.op != MatchOp::equal) {
      return fail(
          fmt::format("{} is no label of an alert; only = can stand here", to_string(matcher)));
    }
    labels.set(matcher.name, matcher.value);
  }
  if (!name.empty() && name != "ALERTS") labels.set("alertname", name);
  if (labels.empty()) return fail("no labels; write ALERTNAME{label=\"value\"}");
  return labels;
}

}  // namespace lockkeeper::replay
