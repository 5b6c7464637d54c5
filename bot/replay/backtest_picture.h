// SPDX-License-Identifier: Apache-2.0
#pragma once

// A backtest as a picture: one row for the runs, one for each rule that mattered, one for what is
// unknown; time goes from left to right. The same marks make the text and the SVG. Pure functions;
// any thread.

#include <cstddef>
#include <string>
#include <vector>

#include "bot/replay/backtest.h"

namespace lockkeeper::replay {

/// What happened in a stretch; later ones are drawn over earlier ones.
enum class Mark {
  working,  ///< `=` a run that nothing held
  fired,    ///< `+` a rule decided about an alert while no run was held by it
  unknown,  ///< `?` nobody could see
  held,     ///< `#` a run waited
  refused,  ///< `!` a start was refused
  stopped,  ///< `X` a run was aborted or failed
};

struct PictureRow {
  struct Stroke {
    Stretch when;
    Mark mark = Mark::working;
  };

  std::string name;
  std::vector<Stroke> strokes;  // in the order of drawing
};

/// Rules that only ignored or notified have no row: nothing waited for them.
std::vector<PictureRow> picture(const BacktestReport& report);

/// As lines of text of that many columns behind the names, with a line for the time and the key.
std::string picture_text(const BacktestReport& report, std::size_t columns);

/// As an SVG document that needs nothing else.
std::string picture_svg(const BacktestReport& report);

}  // namespace lockkeeper::replay
