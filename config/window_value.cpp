// SPDX-License-Identifier: Apache-2.0

// The kinds of values that speak of time of day and of dates.

#include <fmt/format.h>

#include <algorithm>

#include "config/value.h"
#include "config/zone.h"

namespace lockkeeper {
namespace {

constexpr std::string_view kForm = "DAYS FROM-TO ZONE, or names of [window NAME]";

/// A word of a value and the column at which it begins.
struct Word {
  std::string_view text;
  std::size_t column = 0;
};

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  for (std::size_t at = text.find_first_not_of(" \t"); at < text.size();
       at = text.find_first_not_of(" \t", at)) {
    const auto end = std::min(text.find_first_of(" \t", at), text.size());
    words.push_back({text.substr(at, end - at), at + 1});
    at = end;
  }
  return words;
}

/// "Mon-Fri 08:00-18:00 Europe/Berlin". The zone must be there: nobody can tell which one is meant.
ReadValue<Window> read_inline(const std::vector<Word>& words) {
  if (words.size() != 3) {
    return refuse("write a window as Mon-Fri 08:00-18:00 Europe/Berlin, with its time zone");
  }
  Window window;
  const auto days = parse_days(words[0].text);
  if (!days) return refuse(days.error().what, words[0].column);
  const auto time = parse_day_time(words[1].text);
  if (!time) return refuse(time.error().what, words[1].column);
  auto zone = load_zone(words[2].text);
  if (!zone) return refuse(zone.error().what, words[2].column);
  window.days = *days;
  window.from = time->first;
  window.to = time->second;
  window.zone = std::move(*zone);
  return window;
}

/// A date is its first moment in UTC, so that whoever is unsure gets the earlier end.
ReadValue<Time> read_time(std::string_view text) {
  constexpr std::size_t date_length = std::string_view("2026-12-31").size();
  const auto full =
      text.size() == date_length ? std::string(text) + "T00:00:00Z" : std::string(text);
  const auto time = parse_time(full);
  if (time) return *time;
  return refuse(
      fmt::format("'{}' is neither a date such as 2026-12-31 nor a time such as "
                  "2026-12-31T18:00:00Z",
                  clipped(text, 40)));
}

}  // namespace

// A name that stands there is resolved when all sections have been read; until then it has no zone.
ValueKind<std::vector<Window>> windows_value() {
  auto read = [](std::string_view text) -> ReadValue<std::vector<Window>> {
    const auto words = words_of(text);
    std::vector<Window> windows;
    // A blank behind a comma parts names, any other one the words of a window.
    const bool named = std::ranges::all_of(words, [&](const Word& word) {
      return &word == &words.back() || word.text.ends_with(',');
    });
    if (!named) {
      auto window = read_inline(words);
      if (!window) return std::unexpected(window.error());
      windows.push_back(std::move(*window));
      return windows;
    }
    for (const auto name : split(text, ',')) {
      if (name.empty()) return refuse("a name is missing");
      windows.emplace_back();
      windows.back().name = name;
    }
    return windows;
  };
  auto show = [](const std::vector<Window>& windows) {
    std::vector<std::string> texts;
    for (const auto& window : windows)
      texts.push_back(to_string(window));
    return joined(texts, " or ");
  };
  return {std::string(kForm), read, show};
}

ValueKind<std::array<bool, 7>> days_value() {
  auto read = [](std::string_view text) -> ReadValue<std::array<bool, 7>> {
    const auto days = parse_days(text);
    if (!days) return refuse(days.error().what);
    return *days;
  };
  return {"any, or a list of days such as Mon-Fri or Sat,Sun", read, days_text};
}

ValueKind<std::shared_ptr<const Zone>> zone_value() {
  auto read = [](std::string_view text) -> ReadValue<std::shared_ptr<const Zone>> {
    auto zone = load_zone(text);
    if (!zone) return refuse(zone.error().what);
    return std::move(*zone);
  };
  return {"a time zone such as UTC or Europe/Berlin", read,
          [](const std::shared_ptr<const Zone>& zone) { return zone ? zone->name : ""; }};
}

ValueKind<Time> time_value() {
  return {"a date or a time, RFC 3339", read_time,
          [](const Time& time) { return to_string(time); }};
}

}  // namespace lockkeeper
