// SPDX-License-Identifier: Apache-2.0
#include "integrations/sqlite/journal.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "scratch.h"

using namespace lockkeeper;
using namespace lockkeeper::sqlite;

TEST_CASE("a new journal has no runs, and none is open") {
  const Scratch scratch;
  const auto journal = scratch.open();
  CHECK(journal->runs(10).value().empty());
  CHECK_FALSE(journal->open_run().value().has_value());
  CHECK(journal->read("r-none").value().empty());
}

TEST_CASE("every kind of record reads back as it was written, also after reopening") {
  const Scratch scratch;
  const std::vector<Body> bodies = {
      opened("r-1"),
      Intent{.step = 1},
      Outcome{.step = 1,
              .result = StepResult::interrupted,
              .detail = "gone",
              .notes = {{"snapshot", "/srv/backup/x"}}},
      Held{.holder = Holder::doubt, .reasons = {"a", "b"}, .memory = {{"k", "v"}}},
      Ordered{.verb = Verb::resume, .by = "http:ops", .reason = ""},
      Released{.holder = Holder::doubt, .why = "looked"},
      Latched{.by = "rule", .reasons = {"KubeAPIDown"}},
      Closed{.ending = Ending::aborted, .reasons = {"KubeAPIDown"}}};
  std::vector<Record> written;
  auto journal = scratch.open();
  for (const Body& body : bodies) {
    const auto record = journal->append(kNoon, "r-1", body);
    REQUIRE(record);
    CHECK(record->body == body);
    written.push_back(*record);
  }
  CHECK(journal->read("r-1").value() == written);
  journal.reset();
  CHECK(scratch.open()->read("r-1").value() == written);
}

TEST_CASE("numbers rise over all runs and are not given twice") {
  const Scratch scratch;
  std::int64_t last = 0;
  for (const char* run : {"r-1", "r-2"}) {
    const auto journal = scratch.open();
    for (const Body& body : {Body(opened(run)), Body(Closed{Ending::done, {}})}) {
      const auto record = journal->append(kNoon, run, body);
      REQUIRE(record);
      CHECK(record->seq > last);
      last = record->seq;
    }
  }
}

TEST_CASE("times keep their milliseconds, before 1970 too") {
  const Scratch scratch;
  const auto journal = scratch.open();
  for (const std::int64_t at : {1'795'262'400'007LL, -1LL, 0LL}) {
    REQUIRE(journal->append(Time(Millis(at)), "r-1", Intent{1}));
  }
  const auto records = journal->read("r-1").value();
  REQUIRE(records.size() == 3);
  CHECK(records[0].at == Time(Millis(1'795'262'400'007)));
  CHECK(records[1].at == Time(Millis(-1)));
  CHECK(records[2].at == Time(Millis(0)));
}

TEST_CASE("a run cannot be opened while another one is open") {
  const Scratch scratch;
  const auto journal = scratch.open();
  REQUIRE(journal->append(kNoon, "r-1", opened("r-1")));
  CHECK(journal->open_run().value() == "r-1");

  const auto second = journal->append(kNoon, "r-2", opened("r-2"));
  REQUIRE_FALSE(second);
  CHECK(second.error().what ==
        "journal " + scratch.settings.file.native() + ": run r-1 is still open");
  CHECK(journal->read("r-2").value().empty());

  REQUIRE(journal->append(kNoon, "r-1", Closed{Ending::done, {}}));
  CHECK_FALSE(journal->open_run().value().has_value());
  CHECK(journal->append(kNoon, "r-2", opened("r-2")));
  CHECK(journal->open_run().value() == "r-2");
}

TEST_CASE("a run's id is used once") {
  const Scratch scratch;
  const auto journal = scratch.open();
  REQUIRE(journal->append(kNoon, "r-1", opened("r-1")));
  CHECK_FALSE(journal->append(kNoon, "r-1", opened("r-1")));
  REQUIRE(journal->append(kNoon, "r-1", Closed{Ending::done, {}}));
  const auto again = journal->append(kNoon, "r-1", opened("r-1"));
  REQUIRE_FALSE(again);
  CHECK(again.error().what.ends_with(": run r-1 is in it already"));
}

TEST_CASE("the newest runs come first, as many as asked for") {
  const Scratch scratch;
  const auto journal = scratch.open();
  for (const char* run : {"r-1", "r-2", "r-3"}) {
    REQUIRE(journal->append(kNoon, run, opened(run)));
    REQUIRE(journal->append(kNoon, run, Closed{Ending::done, {}}));
  }
  CHECK(journal->runs(2).value() == std::vector<std::string>{"r-3", "r-2"});
  CHECK(journal->runs(9).value().size() == 3);
  CHECK(journal->runs(-1).value().empty());
}

TEST_CASE("many threads append and read at once without losing or repeating a record") {
  const Scratch scratch;
  const auto journal = scratch.open();
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  std::vector<std::thread> writers;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&, t] {
      const std::string run = "r-" + std::to_string(t);
      for (int i = 0; i < kEach; ++i) {
        CHECK(journal->append(kNoon, run, Intent{i}));
        CHECK(journal->read(run).value().size() == static_cast<std::size_t>(i) + 1);
      }
    });
  }
  for (auto& writer : writers)
    writer.join();
  for (int t = 0; t < kThreads; ++t) {
    const auto records = journal->read("r-" + std::to_string(t)).value();
    REQUIRE(records.size() == kEach);
    for (int i = 0; i < kEach; ++i)
      CHECK(records[static_cast<std::size_t>(i)].body == Body(Intent{i}));
  }
}

TEST_CASE("a text is remembered by its name, replaced, and there after reopening") {
  const Scratch scratch;
  auto journal = scratch.open();
  CHECK(journal->recall("detection").value().empty());
  REQUIRE(journal->remember(kNoon, "detection", "{\"a\":1}").has_value());
  REQUIRE(journal->remember(kNoon, "detection", "{\"a\":'2'}").has_value());
  CHECK(journal->recall("detection").value() == "{\"a\":'2'}");
  CHECK(journal->recall("other").value().empty());
  CHECK(journal->runs(10).value().empty());
  journal.reset();
  journal = scratch.open();
  CHECK(journal->recall("detection").value() == "{\"a\":'2'}");
}
