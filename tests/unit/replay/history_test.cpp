// SPDX-License-Identifier: Apache-2.0
#include "bot/replay/history.h"

#include <doctest/doctest.h>

namespace lockkeeper::replay {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Time kNine = parse_time("2026-11-20T09:00:00Z").value();
const Labels kDisk{{"alertname", "Disk"}};

std::string refusal(std::string_view text) {
  const auto read = read_recorded_polls(text);
  return read ? "read" : read.error().what;
}

TEST_CASE("samples in neighbouring looks are one firing, a look without is its end") {
  auto builder = HistoryBuilder::grid(kNine, kNine + minutes(2), seconds(15)).value();
  const auto disk = builder.series(kDisk);
  CHECK(builder.series(kDisk) == disk);
  for (const int second : {15, 30, 30, 60, 75})
    builder.fires(disk, kNine + seconds(second));
  builder.fires(disk, kNine - hours(1));
  builder.fires(disk, kNine + hours(1));
  const auto history = builder.finish();
  CHECK(history.looks.size() == 9);
  REQUIRE(history.firings.size() == 2);
  CHECK(history.firings[0].from == 1);
  CHECK(history.firings[0].to == 3);
  CHECK(history.firings[1].from == 4);
  CHECK(history.firings[1].to == 6);
}

TEST_CASE("a sample that only lookback keeps alive is no sight") {
  // Written every 30 s until 1m, then again from 4m on; lookback shows the one of 1m in between.
  auto builder = HistoryBuilder::grid(kNine, kNine + minutes(5), seconds(15)).value();
  for (Millis at{}; at <= minutes(5); at += seconds(15)) {
    const bool dead = at > minutes(1) && at < minutes(4);
    const Millis written = dead ? Millis(minutes(1)) : at - at % seconds(30);
    builder.newest_sample(kNine + at, kNine + written);
  }
  const auto history = builder.finish();
  REQUIRE(history.unseen.size() == 1);
  CHECK(history.looks[history.unseen[0].from] == kNine + minutes(2) + seconds(15));
  CHECK(history.looks[history.unseen[0].to] == kNine + minutes(4));
}

TEST_CASE("a history without end or with too many looks is refused") {
  CHECK(HistoryBuilder::grid(kNine, kNine, seconds(15)).error().what ==
        "the history ends before it begins");
  CHECK(HistoryBuilder::grid(kNine, kNine + hours(24 * 365), seconds(1))
            .error()
            .what.starts_with("31536001 looks at steps of 1s, more than 4300000"));
}

TEST_CASE("recorded polls are read line by line") {
  const auto read = read_recorded_polls(
      "{\"at\":\"2026-11-20T09:00:00Z\",\"firing\":[{\"alertname\":\"Disk\"}]}\n\n"
      "{\"at\":\"2026-11-20T09:00:15Z\",\"firing\":[]}\n"
      "{\"at\":\"2026-11-20T09:00:30Z\",\"failed\":\"refused\"}\n"
      "{\"at\":\"2026-11-20T09:02:00Z\",\"firing\":[{\"alertname\":\"Disk\"}]}");
  REQUIRE(read.has_value());
  CHECK(read->step == seconds(15));
  CHECK(read->looks.size() == 4);
  CHECK(read->series == std::vector<Labels>{kDisk});
  REQUIRE(read->firings.size() == 2);
  CHECK(read->firings[1].from == 3);
  REQUIRE(read->unseen.size() == 1);
  CHECK(read->unseen[0].from == 2);
  CHECK(read->unseen[0].why == "refused");
}

TEST_CASE("a line that is no poll is named") {
  CHECK(refusal("") == "no polls");
  CHECK(refusal("{\"at\":\"2026-11-20T09:00:00Z\",\"firing\":[]}\nx") ==
        "line 2: not a JSON object");
  CHECK(refusal("{\"firing\":[]}") == "line 1: a poll needs at");
  CHECK(refusal("{\"at\":\"2026-11-20T09:00:00Z\"}") ==
        "line 1: a poll needs firing, which may be [], or failed");
  CHECK(refusal("{\"at\":\"noon\",\"firing\":[]}").starts_with("line 1: at: "));
  CHECK(refusal("{\"at\":\"2026-11-20T09:00:00Z\",\"firing\":[{\"a\":1}]}") ==
        "line 1: firing: the label a is not a string");
  CHECK(refusal("{\"at\":\"2026-11-20T09:00:00Z\",\"fires\":[]}")
            .starts_with("line 1: unknown key 'fires'"));
  CHECK(refusal("{\"at\":\"2026-11-20T09:00:15Z\",\"firing\":[]}\n"
                "{\"at\":\"2026-11-20T09:00:00Z\",\"firing\":[]}") ==
        "line 2: not later than the poll before it");
}

}  // namespace
}  // namespace lockkeeper::replay
