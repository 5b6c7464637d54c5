// SPDX-License-Identifier: Apache-2.0
#include "bot/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "bot/zone_text.h"
#include "rules/utf8.h"

namespace lockkeeper {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Of 12 px sans-serif; 6.7 is what DejaVu Sans, a wide one, needs on average.
constexpr double kLetterWidth = 6.7;

// Colours that differ in lightness, too, for eyes that do not tell red from green (after Okabe and
// Ito). Those of the marks are in the middle, so that they stand out on light and on dark.
constexpr std::string_view kStyle =
    "<style>\n"
    "text{font:12px sans-serif;fill:#1f2328}\n"
    ".quiet{fill:#59636e}.title{font-size:15px;font-weight:bold}\n"
    ".on{fill:#111}.lit{fill:#fff}.page{fill:#fff}.lane{fill:#f0f2f5}\n"
    ".grid{stroke:#c9d1d9;stroke-width:1}\n"
    ".preflight{fill:#8da0cb}.snapshot{fill:#009e73}.containerd{fill:#cc79a7}.repo{fill:#b8a500}\n"
    ".master{fill:#0072b2}.workers{fill:#56b4e9}.postflight{fill:#8c8c8c}\n"
    ".drain{fill:#e69f00}.script{fill:#0072b2}.ready{fill:#56b4e9}.soak{fill:#009e73}\n"
    ".other{fill:#8c8c8c}.person{fill:#9467bd}.open{fill:#7fbf9b}\n"
    ".waited{fill:#d55e00}.bad{fill:#b00020}.shade{fill:#d55e00;fill-opacity:.16}\n"
    "@media (prefers-color-scheme:dark){\n"
    "text{fill:#e6edf3}.quiet{fill:#9198a1}\n"
    ".page{fill:#0d1117}.lane{fill:#1c2128}.grid{stroke:#3d444d}\n"
    ".bad{fill:#ff6b6b}.shade{fill-opacity:.3}}\n"
    "</style>\n";

constexpr std::array<Millis, 20> kSteps = {
    seconds(1), seconds(2), seconds(5),  seconds(10), seconds(15), seconds(30), minutes(1),
    minutes(2), minutes(5), minutes(10), minutes(15), minutes(30), hours(1),    hours(2),
    hours(3),   hours(6),   hours(12),   hours(24),   hours(48),   hours(168)};

Millis step_for(Millis whole, int most) {
  const auto fits = std::ranges::find_if(
      kSteps, [&](Millis step) { return whole.count() / step.count() < most; });
  return fits == kSteps.end() ? Millis(whole.count() / most) : *fits;
}

std::string_view anchor_text(Svg::Anchor anchor) {
  if (anchor == Svg::Anchor::middle) return " text-anchor=\"middle\"";
  return anchor == Svg::Anchor::end ? " text-anchor=\"end\"" : "";
}

/// "12", "12.5": what is finer than a tenth of a pixel is not seen.
std::string number(double value) {
  auto text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

std::string with_style(std::string_view style) {
  return style.empty() ? std::string() : fmt::format(" class=\"{}\"", style);
}

/// As many whole characters as have room, with "..." where some have not.
std::string cut_to(std::string_view words, double width) {
  if (width <= 0 || Svg::width_of(words) <= width) return std::string(words);
  const auto room = static_cast<std::size_t>(std::max(width / kLetterWidth - 2, 1.0));
  std::size_t end = 0;
  for (std::size_t count = 0; count < room && end < words.size(); ++count)
    end += character_bytes(words, end);
  return std::string(words.substr(0, end)) + "...";
}

}  // namespace

std::string xml_escaped(std::string_view text) {
  std::string safe;
  for (std::size_t at = 0; at < text.size();) {
    const auto length = character_bytes(text, at);
    const auto one = text.substr(at, length);
    at += length;
    const auto byte = static_cast<unsigned char>(one.front());
    if (invalid_utf8_at(one) != one.size() || one == "\xEF\xBF\xBE" || one == "\xEF\xBF\xBF") {
      safe += '?';
    } else if (byte < 0x20 || byte == 0x7F) {
      safe += byte == '\n' || byte == '\t' ? ' ' : '?';
    } else if (one == "<") {
      safe += "&lt;";
    } else if (one == ">") {
      safe += "&gt;";
    } else if (one == "&") {
      safe += "&amp;";
    } else if (one == "\"") {
      safe += "&quot;";
    } else {
      safe += one;
    }
  }
  return safe;
}

double Svg::width_of(std::string_view words) {
  return kLetterWidth * static_cast<double>(character_count(words));
}

Svg::Svg(double width, double height, std::string_view label) {
  body_ = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\" role=\"img\">\n<title>{2}</title>\n{3}",
      number(width), number(height), xml_escaped(label), kStyle);
  box(0, 0, width, height, ink::page);
}

void Svg::box(double x, double y, double width, double height, std::string_view style,
              std::string_view hint) {
  body_ += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{}", number(x), number(y),
                       number(width), number(height), with_style(style));
  body_ += hint.empty() ? "/>\n" : fmt::format("><title>{}</title></rect>\n", xml_escaped(hint));
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view style) {
  body_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"{}/>\n", number(x1),
                       number(y1), number(x2), number(y2), with_style(style));
}

void Svg::text(double x, double y, std::string_view words, std::string_view style, Anchor anchor,
               double width_max) {
  body_ +=
      fmt::format("<text x=\"{}\" y=\"{}\"{}{}>{}</text>\n", number(x), number(y),
                  with_style(style), anchor_text(anchor), xml_escaped(cut_to(words, width_max)));
}

std::string Svg::done() && {
  return std::move(body_) + "</svg>\n";
}

std::vector<Tick> clock_ticks(Time from, Time to, const Zone* zone, int most) {
  const Millis step = step_for(std::max(to - from, Millis(1)), most);
  const auto local = (zone == nullptr ? Zone{}.local(from) : zone->local(from)).time_since_epoch();
  std::vector<Tick> ticks;
  // By the local clock: a step of three hours begins at midnight there.
  for (Millis at = (step - local % step) % step; from + at <= to; at += step) {
    const Time time = from + at;
    auto text = step < minutes(1) ? second_text(time, zone) : hour_text(time, zone);
    if (step >= hours(24) || text == "00:00") text = day_text(time, zone);
    ticks.push_back({at, std::move(text)});
  }
  return ticks;
}

std::vector<Tick> duration_ticks(Millis whole, int most) {
  const Millis step = step_for(std::max(whole, Millis(1)), most);
  std::vector<Tick> ticks;
  for (Millis at{}; at <= whole; at += step)
    ticks.push_back({at, at == Millis(0) ? "0" : to_string(at)});
  return ticks;
}

}  // namespace lockkeeper
