// SPDX-License-Identifier: Apache-2.0
#include "bot/replay/backtest_picture.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/utf8.h"

namespace lockkeeper::replay {
namespace {

// Sizes of the SVG, in its own units.
constexpr int kRowHeight = 22;
constexpr int kBarHeight = 14;
constexpr int kNameWidth = 220;
constexpr int kTimeWidth = 1000;
constexpr int kMargin = 10;
constexpr std::string_view kKey =
    "= run   # held   ! start refused   X aborted or failed   + fires, holds no run   ? unknown";

char letter(Mark mark) {
  switch (mark) {
    case Mark::working:
      return '=';
    case Mark::fired:
      return '+';
    case Mark::unknown:
      return '?';
    case Mark::held:
      return '#';
    case Mark::refused:
      return '!';
    case Mark::stopped:
      return 'X';
  }
  return ' ';
}

// Colours that differ in lightness, too, for eyes that do not tell red from green.
std::string_view colour(Mark mark) {
  switch (mark) {
    case Mark::working:
      return "#7fbf7b";
    case Mark::fired:
      return "#fee08b";
    case Mark::unknown:
      return "#bdbdbd";
    case Mark::held:
      return "#f46d43";
    case Mark::refused:
      return "#762a83";
    case Mark::stopped:
      return "#000000";
  }
  return "#000000";
}

bool blocks(const RuleTally& tally) {
  return tally.action == "pause" || tally.action == "abort" || tally.pauses > 0 ||
         tally.refused > 0 || tally.aborted > 0;
}

PictureRow runs_row(const BacktestReport& report) {
  PictureRow row{"runs", {}};
  for (const auto& run : report.runs)
    row.strokes.push_back({{run.began, run.ended}, Mark::working});
  for (const auto& pause : report.pauses)
    row.strokes.push_back({{pause.from, pause.to}, Mark::held});
  for (const auto& run : report.runs) {
    if (run.end == RunEnd::refused) row.strokes.push_back({{run.ended, run.ended}, Mark::refused});
    if (run.end == RunEnd::aborted || run.end == RunEnd::failed)
      row.strokes.push_back({{run.ended, run.ended}, Mark::stopped});
  }
  return row;
}

PictureRow rule_row(const BacktestReport& report, const RuleTally& tally) {
  PictureRow row{tally.name, {}};
  for (const auto& firing : tally.firing)
    row.strokes.push_back({firing, Mark::fired});
  for (const auto& pause : report.pauses) {
    if (pause.held.contains(tally.name))
      row.strokes.push_back({{pause.from, pause.to}, Mark::held});
  }
  for (const auto& run : report.runs) {
    if (std::ranges::find(run.rules, tally.name) == run.rules.end()) continue;
    const auto mark = run.end == RunEnd::refused ? Mark::refused : Mark::stopped;
    row.strokes.push_back({{run.ended, run.ended}, mark});
  }
  return row;
}

std::string xml(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '<') {
      safe += "&lt;";
    } else if (c == '&') {
      safe += "&amp;";
    } else {
      safe += c;
    }
  }
  return safe;
}

/// Where a time lies among `columns`, as a whole column.
std::size_t column_of(const BacktestReport& report, Time at, std::size_t columns) {
  const auto whole = std::max<std::int64_t>((report.to - report.from).count(), 1);
  const auto since = std::clamp<std::int64_t>((at - report.from).count(), 0, whole);
  const auto column = static_cast<std::size_t>(since) * columns / static_cast<std::size_t>(whole);
  return std::min(column, columns - 1);
}

/// What the colours mean, as a row of its own.
std::string svg_key(int y) {
  std::string text;
  int x = kMargin + kNameWidth;
  const std::vector<std::pair<Mark, std::string_view>> key = {{Mark::working, "run"},
                                                              {Mark::held, "held"},
                                                              {Mark::refused, "start refused"},
                                                              {Mark::stopped, "aborted or failed"},
                                                              {Mark::fired, "fires, holds no run"},
                                                              {Mark::unknown, "unknown"}};
  for (const auto& [mark, name] : key) {
    text += fmt::format(
        "<rect x=\"{}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"{}\"/>\n<text "
        "x=\"{}\" y=\"{}\">{}</text>\n",
        x, y, colour(mark), x + 18, y + 11, name);
    x += kTimeWidth / static_cast<int>(key.size());
  }
  return text;
}

}  // namespace

std::vector<PictureRow> picture(const BacktestReport& report) {
  std::vector<PictureRow> rows = {runs_row(report)};
  for (const auto& tally : report.rules) {
    if (blocks(tally)) rows.push_back(rule_row(report, tally));
  }
  if (!report.gaps.empty()) {
    PictureRow row{"unknown", {}};
    for (const auto& gap : report.gaps)
      row.strokes.push_back({{gap.from, gap.to}, Mark::unknown});
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string picture_text(const BacktestReport& report, std::size_t columns) {
  const auto rows = picture(report);
  std::size_t width = 0;
  for (const auto& row : rows)
    width = std::max(width, character_count(row.name));
  std::string text;
  for (const auto& row : rows) {
    std::string line(columns, '.');
    for (const auto& stroke : row.strokes) {
      const auto from = column_of(report, stroke.when.from, columns);
      // The end of a stretch is not part of it, unless it is a point.
      const auto last = std::max(stroke.when.from, stroke.when.to - Millis(1));
      for (auto column = from; column <= column_of(report, last, columns); ++column)
        line[column] = letter(stroke.mark);
    }
    text += fmt::format("{}{} {}\n", row.name, std::string(width - character_count(row.name), ' '),
                        line);
  }
  const auto column = Millis((report.to - report.from).count() /
                             static_cast<std::int64_t>(std::max<std::size_t>(columns, 1)));
  text += fmt::format("one column is {}; {}\n", to_string(column), kKey);
  return text;
}

std::string picture_svg(const BacktestReport& report) {
  const auto rows = picture(report);
  const int height = 2 * kMargin + kRowHeight * (static_cast<int>(rows.size()) + 2);
  auto text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} "
      "{1}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" "
      "fill=\"#ffffff\"/>\n<text x=\"{2}\" y=\"{3}\">{4} to {5}</text>\n",
      kNameWidth + kTimeWidth + 2 * kMargin, height, kMargin, kMargin + kBarHeight,
      to_string(report.from), to_string(report.to));
  const auto at = [&](Time time) {
    const auto whole = std::max<std::int64_t>((report.to - report.from).count(), 1);
    return static_cast<double>((time - report.from).count()) / static_cast<double>(whole) *
           kTimeWidth;
  };
  int y = kMargin;
  for (const auto& row : rows) {
    y += kRowHeight;
    text += fmt::format(
        "<text x=\"{}\" y=\"{}\">{}</text>\n<rect x=\"{}\" y=\"{}\" width=\"{}\" "
        "height=\"{}\" fill=\"#f0f0f0\"/>\n",
        kMargin, y + kBarHeight - 2, xml(row.name), kMargin + kNameWidth, y, kTimeWidth,
        kBarHeight);
    for (const auto& stroke : row.strokes) {
      const double from = at(stroke.when.from);
      // A short stretch, or a point, still has to be seen.
      const double wide = std::max(at(stroke.when.to) - from, 2.0);
      text +=
          fmt::format("<rect x=\"{:.2f}\" y=\"{}\" width=\"{:.2f}\" height=\"{}\" fill=\"{}\"/>\n",
                      kMargin + kNameWidth + from, y, wide, kBarHeight, colour(stroke.mark));
    }
  }
  return text + svg_key(y + kRowHeight) + "</svg>\n";
}

}  // namespace lockkeeper::replay
