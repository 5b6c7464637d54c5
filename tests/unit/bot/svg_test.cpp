// SPDX-License-Identifier: Apache-2.0
#include "bot/svg.h"

#include <doctest/doctest.h>

#include "bot/run_picture.h"
#include "tests/unit/bot/report_story.h"
#include "tests/unit/bot/small_cluster.h"

namespace lockkeeper {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

Texts texts_of(const std::vector<Tick>& ticks) {
  Texts texts;
  for (const auto& tick : ticks)
    texts.push_back(tick.text);
  return texts;
}

}  // namespace

TEST_CASE("what strangers wrote stays text, and what XML cannot hold is left out") {
  CHECK(xml_escaped("<script a=\"b\">&") == "&lt;script a=&quot;b&quot;&gt;&amp;");
  CHECK(xml_escaped(std::string_view("a\0b\x1b\x7f\n", 6)) == "a?b?? ");
  CHECK(xml_escaped("\xff\xc3") == "??");
  CHECK(xml_escaped("\xef\xbf\xbf gr\xc3\xbc\xc3\x9f") == "? gr\xc3\xbc\xc3\x9f");
}

TEST_CASE("an axis has round steps by the clocks there, and never too many") {
  CHECK(texts_of(clock_ticks(test::kNoon + minutes(1), test::kNoon + minutes(21), nullptr, 9)) ==
        Texts{"12:05", "12:10", "12:15", "12:20"});
  const Zone india{"Asia/Kolkata", {{std::chrono::sys_seconds{}, minutes(330)}}};
  CHECK(texts_of(clock_ticks(test::kNoon, test::kNoon + hours(9), &india, 5)) ==
        Texts{"18:00", "20:00", "22:00", "11-21", "02:00"});
  CHECK(texts_of(duration_ticks(seconds(50), 9)) == Texts{"0", "10s", "20s", "30s", "40s", "50s"});
  for (Millis whole = Millis(1); whole < hours(24 * 365 * 20); whole = whole * 3 + Millis(7)) {
    CHECK(duration_ticks(whole, 9).size() <= 10);
    CHECK(clock_ticks(test::kNoon, test::kNoon + whole, nullptr, 9).size() <= 10);
  }
}

TEST_CASE("a picture needs nothing from outside and runs nothing") {
  const auto runs = test::reports_of(test::known_past(), test::kMorning);
  for (const auto& svg : {timeline_svg(runs.front(), nullptr), history_svg(runs, nullptr),
                          timeline_svg(runs[2], nullptr), history_svg({}, nullptr)}) {
    for (const auto* bad :
         {"<script", "href", "url(", "@import", "onload", "=\"-", "=\"nan", "<not>"})
      CHECK_MESSAGE(svg.find(bad) == std::string::npos, bad);
    CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    CHECK(svg.ends_with("</svg>\n"));
  }
}

}  // namespace lockkeeper
