// SPDX-License-Identifier: Apache-2.0
#include "integrations/sqlite/checkup.h"

#include <doctest/doctest.h>
#include <sys/sysmacros.h>

#include "scratch.h"

using namespace lockkeeper;
using namespace lockkeeper::sqlite;

TEST_CASE("looking at a journal's place makes nothing there") {
  const Scratch scratch;
  const auto before = check_up(scratch.settings);
  CHECK_FALSE(before.found);
  CHECK(before.free_bytes > 0);
  CHECK(before.held_by.empty());
  CHECK(std::filesystem::is_empty(scratch.folder));
  const auto journal = scratch.open();
  CHECK(check_up(scratch.settings).found);
  auto nowhere = scratch.settings;
  nowhere.file = scratch.folder / "absent" / "journal.db";
  CHECK(check_up(nowhere).free_bytes == -1);
}

TEST_CASE("the holder of a lock is the process in the line about its file") {
  const std::string locks =
      "1: POSIX  ADVISORY  WRITE 11 fe:00:131 0 EOF\n"
      "2: FLOCK  ADVISORY  WRITE 12 00:2f:131 0 EOF\n"
      "3: FLOCK  ADVISORY  WRITE 13 fe:00:131 0 EOF\n"
      "3: -> FLOCK  ADVISORY  WRITE 14 fe:00:7 0 EOF\n";
  CHECK(lock_holder(locks, makedev(0xfe, 0), 131) == "process 13");
  CHECK(lock_holder(locks, makedev(0, 0x2f), 131) == "process 12");
  CHECK(lock_holder(locks, makedev(0xfe, 0), 13).empty());
  CHECK(lock_holder(locks, makedev(0xfe, 0), 7).empty());
  CHECK(lock_holder("", makedev(0xfe, 0), 131).empty());
}
