// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/snapshot_log.h"

#include <doctest/doctest.h>

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;

namespace {

Result<SnapshotFile> read(const std::string& log) {
  return read_snapshot_log(log, "Backup done");
}

std::string time_text(std::string_view text) {
  const auto time = time_in(text);
  return time ? to_string(*time) : "";
}

}  // namespace

TEST_CASE("the line that says so names the file and its size") {
  const auto file = read("starting\nBackup done: /backup/etcd.db (5242912 bytes)\nbye\n");
  REQUIRE(file.has_value());
  CHECK(file->path == "/backup/etcd.db");
  CHECK(file->bytes == 5242912);
  CHECK_FALSE(file->taken.has_value());
}

TEST_CASE("sizes come with units, before or behind the file") {
  CHECK(read("Backup done: /b/x.db (5 MiB)")->bytes == 5 << 20);
  CHECK(read("Backup done: /b/x.db 1.5G")->bytes == 1610612736);
  CHECK(read("Backup done (12KB) /b/x.db")->bytes == 12 << 10);
  CHECK(read("Backup done: s3://bucket/etcd/x.db, 2048 B.")->bytes == 2048);
  CHECK(read("Backup done: s3://bucket/etcd/x.db, 2048 B.")->path == "s3://bucket/etcd/x.db");
  CHECK(read("Backup done: path=\"/b/x.db\" size=77bytes")->path == "/b/x.db");
}

TEST_CASE("the last such line counts") {
  CHECK(read("Backup done: /b/1 (1 bytes)\nBackup done: /b/2 (2 bytes)\n")->path == "/b/2");
}

TEST_CASE("what is missing is said") {
  CHECK(read("all fine").error().what == "its log does not say \"Backup done\"");
  CHECK(read("").error().what == "its log does not say \"Backup done\"");
  CHECK(read("Backup done.").error().what == "its log says \"Backup done\" but names no file");
  CHECK(read("Backup done: /b/x.db").error().what == "its log says \"Backup done\" without a size");
  CHECK(read("Backup done: /b/x-12345.db took 12 s").error().what ==
        "its log says \"Backup done\" without a size");
}

TEST_CASE("a time is found in its usual spellings") {
  const std::string wanted = "2026-11-20T17:35:37Z";
  CHECK(time_text("2026-11-20T17:35:37Z") == wanted);
  CHECK(time_text("etcd-2026-11-20_17-35-37.db") == wanted);
  CHECK(time_text("/b/etcd-20261120T173537Z.db") == wanted);
  CHECK(time_text("/b/etcd-20261120173537.db") == wanted);
  CHECK(time_text("at 2026-11-20 17:35:37.250 done") == wanted);
  CHECK(time_text("2026-11-20T19:35:37+02:00") == wanted);
  CHECK(time_text("/b/etcd-20261120-1735.db") == "2026-11-20T17:35:00Z");
}

TEST_CASE("what is no time is none") {
  for (const auto* text :
       {"", "etcd.db", "/b/etcd-2026-11-20.db", "1.34.2", "20269999T999999", "id 1202611201735371"})
    CHECK(time_text(text).empty());
}

TEST_CASE("the file's own name wins over other times in the line") {
  const auto file =
      read("Backup done: /b/etcd-20261119-1200.db (9999 bytes) at 2026-11-20T17:35:37Z");
  CHECK(to_string(*file->taken) == "2026-11-19T12:00:00Z");
}
