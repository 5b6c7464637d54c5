// SPDX-License-Identifier: Apache-2.0
#include "rules/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <utility>

namespace lockkeeper {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t millis;
};

// Longest first; the order in which Prometheus demands them inside one duration.
constexpr std::array kUnits = {
    Unit{"w", 7LL * 24 * 3600 * 1000},
    Unit{"d", 24LL * 3600 * 1000},
    Unit{"h", 3600LL * 1000},
    Unit{"m", 60LL * 1000},
    Unit{"s", 1000},
    Unit{"ms", 1},
};
// Ten years: beyond any wait this tool makes, and far from overflow.
constexpr std::int64_t kDurationMaxMs = 10LL * 366 * 24 * 3600 * 1000;
constexpr std::string_view kEllipsis = "...";
constexpr std::size_t kShownUnits = 2;

/// How many letters must be changed, added, dropped or swapped with their neighbour.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before;
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::move(above);
    above = row;
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
      row[j] = std::min({row[j - 1] + 1, above[j] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

/// The unit that `text` begins with, or the end of kUnits. "m" must not eat the "m" of "ms".
const Unit* leading_unit(std::string_view text) {
  const std::size_t letters = std::min(text.find_first_of("0123456789"), text.size());
  const auto unit = std::ranges::find(kUnits, text.substr(0, letters), &Unit::name);
  return unit == kUnits.end() ? nullptr : unit;
}

}  // namespace

Result<Millis> parse_duration(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return fail(fmt::format("'{}' is not a duration: {}", clipped(text, 40), why));
  };
  std::string_view rest = text;
  std::int64_t total = 0;
  const Unit* previous = nullptr;
  if (rest.empty()) return bad("write a number with a unit, like 90s or 1h30m");
  while (!rest.empty()) {
    std::int64_t number = 0;
    const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (parsed.ec != std::errc{} || number < 0) return bad("write a number with a unit, like 90s");
    rest.remove_prefix(static_cast<std::size_t>(parsed.ptr - rest.data()));
    if (rest.empty()) return bad(fmt::format("the unit is missing (did you mean {}s?)", number));
    const Unit* unit = leading_unit(rest);
    if (unit == nullptr) return bad("units are w, d, h, m, s and ms");
    if (previous != nullptr && unit <= previous)
      return bad("units go from large to small, once each");
    if (number > kDurationMaxMs / unit->millis) return bad("longer than ten years");
    total += number * unit->millis;
    previous = unit;
    rest.remove_prefix(unit->name.size());
  }
  return total > kDurationMaxMs ? Result<Millis>(bad("longer than ten years")) : Millis(total);
}

std::string to_string(Millis duration) {
  std::int64_t left = duration.count();
  if (left < 0)
    return "-" + to_string(Millis(left == std::numeric_limits<std::int64_t>::min() ? kDurationMaxMs
                                                                                   : -left));
  std::string text;
  std::size_t shown = 0;
  for (const auto& unit : kUnits) {
    const std::int64_t count = left / unit.millis;
    // Milliseconds beside seconds are noise to a person; weeks are read as days.
    const bool noise = unit.name == "w" || (unit.name == "ms" && shown > 0);
    if (count == 0 || noise || shown == kShownUnits) continue;
    text += fmt::format("{}{}", count, unit.name);
    left -= count * unit.millis;
    ++shown;
  }
  return text.empty() ? "0s" : text;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  if (trimmed(text).empty()) return pieces;
  while (true) {
    const std::size_t at = text.find(separator);
    pieces.push_back(trimmed(text.substr(0, at)));
    if (at == std::string_view::npos) return pieces;
    text.remove_prefix(at + 1);
  }
}

std::string joined(std::span<const std::string> words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string nearest(std::string_view word, std::span<const std::string_view> known) {
  // A third of the letters may be wrong: "soack" finds "soak", "x" finds nothing.
  const std::size_t tolerance = std::max<std::size_t>(1, word.size() / 3);
  std::string_view best;
  std::size_t best_distance = tolerance + 1;
  for (const auto candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return word.size() < 2 ? std::string() : std::string(best);
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  const auto near = nearest(word, known);
  return near.empty() ? std::string() : fmt::format(" (did you mean \"{}\"?)", near);
}

std::string clipped(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  if (bytes_max < kEllipsis.size()) return std::string(kEllipsis.substr(0, bytes_max));
  std::size_t end = bytes_max - kEllipsis.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
    --end;
  return std::string(text.substr(0, end)) + std::string(kEllipsis);
}

}  // namespace lockkeeper
