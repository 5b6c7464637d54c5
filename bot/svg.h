// SPDX-License-Identifier: Apache-2.0
#pragma once

// A sheet of SVG to draw on: rectangles, lines and text by named styles, and axes of time with
// round steps. The document needs nothing else: no script, no font, no reference to the outside.
// Its colours follow the reader's light or dark screen; what does not know of that sees the light
// ones on a page of their own. Values only; one thread at a time.

#include <string>
#include <string_view>
#include <vector>

#include "rules/window.h"

namespace lockkeeper {

/// Names of styles; the sheet knows their colours in light and dark.
namespace ink {
inline constexpr std::string_view page = "page";
inline constexpr std::string_view lane = "lane";    // an empty row
inline constexpr std::string_view grid = "grid";    // lines of the axis
inline constexpr std::string_view quiet = "quiet";  // text that may be overlooked
inline constexpr std::string_view title = "title";
inline constexpr std::string_view shade = "shade";  // over everything: a pause
inline constexpr std::string_view waited = "waited";
inline constexpr std::string_view bad = "bad";
}  // namespace ink

class Svg {
 public:
  /// `label` is what a reader hears who does not see the picture.
  Svg(double width, double height, std::string_view label);

  /// `hint` is shown where the pointer rests on it; empty: nothing is.
  void box(double x, double y, double width, double height, std::string_view style,
           std::string_view hint = {});
  void line(double x1, double y1, double x2, double y2, std::string_view style);

  enum class Anchor { start, middle, end };
  /// Its baseline is at y. What does not fit into `width_max` is cut; 0: all of it is shown.
  void text(double x, double y, std::string_view words, std::string_view style = {},
            Anchor anchor = Anchor::start, double width_max = 0);

  /// The document.
  [[nodiscard]] std::string done() &&;

  /// About how wide such a text becomes; fonts differ, so it is more than most need.
  static double width_of(std::string_view words);

 private:
  std::string body_;
};

/// A text that may stand in an element or an attribute. What XML cannot hold at all becomes "?".
std::string xml_escaped(std::string_view text);

/// A point of an axis.
struct Tick {
  Millis at{};  // from the beginning of the axis
  std::string text;
};

/// Round points between `from` and `to`, at most `most`, by the clocks of the zone.
std::vector<Tick> clock_ticks(Time from, Time to, const Zone* zone, int most);

/// Round durations from 0 up to `whole`.
std::vector<Tick> duration_ticks(Millis whole, int most);

}  // namespace lockkeeper
