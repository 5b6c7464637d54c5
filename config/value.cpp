// SPDX-License-Identifier: Apache-2.0

// Numbers, durations, sizes and the other plain kinds; the kinds that name things outside are in
// name_value.cpp, those of the rule language in rule_value.cpp.

#include "config/value.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

namespace lockkeeper {
namespace {

constexpr std::size_t kShownBytes = 40;

// Binary units only: with 10GB two people would mean two sizes.
struct SizeUnit {
  std::string_view name;
  std::int64_t bytes;
};
constexpr std::array kSizeUnits = {
    SizeUnit{"TiB", 1LL << 40}, SizeUnit{"GiB", 1LL << 30}, SizeUnit{"MiB", 1LL << 20},
    SizeUnit{"KiB", 1LL << 10}, SizeUnit{"B", 1},
};

/// A value for a message: quoted and cut.
std::string shown(std::string_view text) {
  return "'" + clipped(text, kShownBytes) + "'";
}

/// The number that the whole text is, or nothing: "10x" is not 10.
template <class N>
std::optional<N> whole_number(std::string_view text) {
  N number{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

/// In the largest unit that divides it.
std::string show_size(std::int64_t bytes) {
  for (const auto& unit : kSizeUnits) {
    if (bytes % unit.bytes == 0 && bytes != 0)
      return fmt::format("{}{}", bytes / unit.bytes, unit.name);
  }
  return "0B";
}

/// A number and its unit without a blank; the product must fit.
ReadValue<std::int64_t> read_size(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = whole_number<std::int64_t>(text.substr(0, digits));
  const std::string_view name = text.substr(digits);
  if (number && name.empty()) {
    return refuse(fmt::format("{} has no unit; write B, KiB, MiB, GiB or TiB", shown(text)));
  }
  for (const auto& unit : kSizeUnits) {
    if (number && name == unit.name && *number <= (1LL << 62) / unit.bytes)
      return *number * unit.bytes;
  }
  return refuse(fmt::format("{} is not a size like 512B, 64KiB or 10GiB", shown(text)));
}

}  // namespace

std::string exact(Millis duration) {
  std::string text;
  std::int64_t left = duration.count();
  // Hours are the largest unit, because 24h and 72h is how people speak of waiting.
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> units = {
      {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
  for (const auto& [name, millis] : units) {
    if (left / millis > 0) text += fmt::format("{}{}", left / millis, name);
    left %= millis;
  }
  return text.empty() ? "0s" : text;
}

// The limits belong to the kind, so that the reference shows them and no reader checks again.
ValueKind<Millis> duration_value(Millis least, Millis most) {
  const auto form = fmt::format("a duration from {} to {}", exact(least), exact(most));
  auto read = [least, most](std::string_view text) -> ReadValue<Millis> {
    const auto value = parse_duration(text);
    if (!value) return refuse(value.error().what);
    if (*value < least || *value > most) {
      return refuse(fmt::format("{} is not between {} and {}", text, exact(least), exact(most)));
    }
    return *value;
  };
  return {form, read, exact};
}

ValueKind<int> count_value(int least, int most) {
  auto read = [least, most](std::string_view text) -> ReadValue<int> {
    const auto number = whole_number<int>(text);
    if (!number || *number < least || *number > most) {
      return refuse(
          fmt::format("{} is not a whole number from {} to {}", shown(text), least, most));
    }
    return *number;
  };
  return {fmt::format("a whole number from {} to {}", least, most), read,
          [](const int& value) { return fmt::format("{}", value); }};
}

ValueKind<std::int64_t> size_value(std::int64_t least, std::int64_t most) {
  auto read = [least, most](std::string_view text) -> ReadValue<std::int64_t> {
    const auto bytes = read_size(text);
    if (!bytes) return bytes;
    if (*bytes < least || *bytes > most) {
      return refuse(
          fmt::format("{} is not between {} and {}", text, show_size(least), show_size(most)));
    }
    return bytes;
  };
  return {fmt::format("a size from {} to {}", show_size(least), show_size(most)), read, show_size};
}

// Comparing that way round refuses "nan" too.
ValueKind<double> ratio_value() {
  auto read = [](std::string_view text) -> ReadValue<double> {
    const auto number = whole_number<double>(text);
    if (!number || !(*number > 0.0 && *number <= 1.0)) {
      return refuse(shown(text) + " is not a number above 0 and at most 1");
    }
    return *number;
  };
  return {"a number above 0 and at most 1", read,
          [](const double& value) { return fmt::format("{}", value); }};
}

// Two spellings of each are known from other tools; `on` and `1` are not, to keep files alike.
ValueKind<bool> flag_value() {
  auto read = [](std::string_view text) -> ReadValue<bool> {
    if (text == "yes" || text == "true") return true;
    if (text == "no" || text == "false") return false;
    return refuse(shown(text) + " is neither yes nor no");
  };
  return {"yes or no", read, [](const bool& value) { return value ? "yes" : "no"; }};
}

ValueKind<std::uint16_t> port_value(int least) {
  auto read = [least](std::string_view text) -> ReadValue<std::uint16_t> {
    const auto number = whole_number<std::uint16_t>(text);
    if (number && *number >= least) return *number;
    return refuse(fmt::format("{} is not a port from {} to 65535", shown(text), least));
  };
  return {fmt::format("a port from {} to 65535", least), read,
          [](const std::uint16_t& value) { return fmt::format("{}", value); }};
}

std::string not_among(std::string_view word, const std::vector<std::string_view>& words) {
  const std::vector<std::string> known(words.begin(), words.end());
  return fmt::format("{} is none of {}{}", shown(word), joined(known),
                     suggestion(word.substr(0, kShownBytes), words));
}

}  // namespace lockkeeper
