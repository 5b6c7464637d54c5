// SPDX-License-Identifier: Apache-2.0

// The durations of many runs as a picture.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bot/run_picture.h"
#include "bot/svg.h"
#include "bot/zone_text.h"

namespace lockkeeper {
namespace {

// In pixels.
constexpr double kMargin = 16;
constexpr double kNames = 230;
constexpr double kPlot = 640;
constexpr double kRight = 190;  // for the ending behind the longest bar
constexpr double kRow = 26;
constexpr double kBar = 16;
constexpr double kHead = 88;

constexpr int kTicksMost = 9;

struct KeyEntry {
  std::string_view style;
  std::string_view name;
};

/// The phases that are in any of the runs, and the waiting.
std::vector<KeyEntry> key_of(std::span<const RunReport> runs) {
  std::vector<KeyEntry> key;
  for (const Stage stage : all_stages()) {
    const bool used = std::ranges::any_of(runs, [&](const RunReport& run) {
      return std::ranges::any_of(run.phases, [&](const PhaseReport& phase) {
        return phase.stage == stage && phase.worked > Millis(0);
      });
    });
    if (used) key.push_back({to_string(stage), to_string(stage)});
  }
  key.push_back({ink::waited, "waited"});
  return key;
}

std::string end_text(const RunReport& run) {
  auto text = fmt::format("{} {}", to_string(run.took()),
                          run.ending ? to_string(*run.ending) : std::string_view("so far"));
  if (run.waited > Millis(0)) text += fmt::format(", waited {}", to_string(run.waited));
  return text;
}

void draw_bar(Svg& sheet, const RunReport& run, double y, double pixels_per_ms) {
  double x = kMargin + kNames;
  const auto part = [&](std::string_view style, Millis time) {
    if (time <= Millis(0)) return;
    const double width = static_cast<double>(time.count()) * pixels_per_ms;
    sheet.box(x, y, width, kBar, style, fmt::format("{} {}", style, to_string(time)));
    x += width;
  };
  for (const auto& phase : run.phases)
    part(to_string(phase.stage), phase.worked);
  part(ink::waited, run.waited);
  sheet.text(x + 6, y + 12, end_text(run), ink::quiet);
}

}  // namespace

std::string history_svg(std::span<const RunReport> runs, const Zone* zone) {
  const double height = kHead + kRow * static_cast<double>(std::max<std::size_t>(runs.size(), 1));
  Svg sheet(kMargin + kNames + kPlot + kRight, height + kMargin, "How long runs took");
  sheet.text(kMargin, 24, runs.empty() ? "No run yet" : "How long runs took", ink::title);
  double key_at = kMargin;
  for (const auto& [style, name] : key_of(runs)) {
    sheet.box(key_at, 36, 11, 11, style);
    sheet.text(key_at + 16, 46, name, ink::quiet);
    key_at += 16 + Svg::width_of(name) + 14;
  }
  Millis longest(1);
  for (const auto& run : runs)
    longest = std::max(longest, run.took());
  const double per_ms = kPlot / static_cast<double>(longest.count());
  for (const auto& tick : duration_ticks(longest, kTicksMost)) {
    const double x = kMargin + kNames + static_cast<double>(tick.at.count()) * per_ms;
    sheet.line(x, kHead - 8, x, height, ink::grid);
    sheet.text(x, kHead - 12, tick.text, ink::quiet, Svg::Anchor::middle);
  }
  double y = kHead;
  for (const auto& run : runs) {
    const auto name = fmt::format("{}  {}{}", minute_text(run.opened, zone), to_string(run.target),
                                  run.dry_run ? " (dry)" : "");
    sheet.text(kMargin, y + 12, name, {}, Svg::Anchor::start, kNames - 10);
    draw_bar(sheet, run, y, per_ms);
    y += kRow;
  }
  return std::move(sheet).done();
}

}  // namespace lockkeeper
