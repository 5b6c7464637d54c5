// SPDX-License-Identifier: Apache-2.0
#include "integrations/sqlite/reader.h"

#include <doctest/doctest.h>

#include <fstream>
#include <memory>

#include "scratch.h"

using namespace lockkeeper;
using namespace lockkeeper::sqlite;

namespace {

std::unique_ptr<JournalReader> reader_of(const Scratch& scratch) {
  auto reader = JournalReader::open(scratch.settings);
  REQUIRE_MESSAGE(reader, (reader ? "" : reader.error().what));
  return std::move(*reader);
}

/// What is said of a file that cannot be read, after "journal <path>: ".
std::string refusal(const Scratch& scratch) {
  const auto reader = JournalReader::open(scratch.settings);
  REQUIRE_FALSE(reader);
  const std::string prefix = "journal " + scratch.settings.file.native() + ": ";
  REQUIRE(reader.error().what.starts_with(prefix));
  return reader.error().what.substr(prefix.size());
}

}  // namespace

TEST_CASE("a reader sees what was written, with the writer still there and after it has left") {
  const Scratch scratch;
  auto journal = scratch.open();
  REQUIRE(journal->append(kNoon, "r-1", opened("r-1")));
  REQUIRE(journal->append(kNoon, "r-1", Closed{Ending::done, {}}));
  REQUIRE(journal->append(kNoon, "r-2", opened("r-2")));
  REQUIRE(journal->remember(kNoon, "report", "once"));
  const auto look = [&] {
    const auto reader = reader_of(scratch);
    CHECK(reader->runs(10).value() == std::vector<std::string>{"r-2", "r-1"});
    CHECK(reader->open_run().value() == "r-2");
    CHECK(reader->read("r-1").value().size() == 2);
    CHECK(reader->recall("report").value() == "once");
    CHECK(reader->recall("nothing").value().empty());
    return reader->read("r-2").value();
  };
  const auto beside = look();
  CHECK(beside == journal->read("r-2").value());
  journal.reset();
  CHECK(look() == beside);
  // And the next writer finds its journal as it was.
  CHECK(scratch.open()->read("r-2").value() == beside);
}

TEST_CASE("a reader writes nothing and keeps nobody from writing") {
  const Scratch scratch;
  REQUIRE(scratch.open()->append(kNoon, "r-1", opened("r-1")));
  const auto reader = reader_of(scratch);
  CHECK_FALSE(reader->append(kNoon, "r-1", Intent{1}));
  CHECK_FALSE(reader->remember(kNoon, "report", "x"));
  auto journal = scratch.open();
  CHECK(journal->append(kNoon, "r-1", Intent{1}));
  CHECK(reader->read("r-1").value().size() == 2);
}

TEST_CASE("what is no journal is refused and left alone") {
  const Scratch scratch;
  CHECK(refusal(scratch) == "there is none");
  CHECK_FALSE(std::filesystem::exists(scratch.settings.file));
  std::ofstream(scratch.settings.file).flush();
  CHECK(refusal(scratch) == "it is empty");
  std::ofstream(scratch.settings.file) << "something else, long enough not to be taken for one";
  CHECK(refusal(scratch) == "not an SQLite database");
}
