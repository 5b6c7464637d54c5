// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include "scratch.h"

using namespace lockkeeper;
using namespace lockkeeper::sqlite;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

/// A person with the sqlite3 tool.
class Visitor {
 public:
  explicit Visitor(const fs::path& path) {
    REQUIRE(sqlite3_open(path.c_str(), &connection_) == SQLITE_OK);
  }
  ~Visitor() { sqlite3_close(connection_); }
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;
  void run(const char* sql) {
    REQUIRE(sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  /// The first column of each row, joined by blanks.
  std::string ask(const char* sql) {
    std::string answer;
    const auto add = [](void* to, int, char** columns, char**) {
      *static_cast<std::string*>(to) += std::string(columns[0]) + " ";
      return 0;
    };
    REQUIRE(sqlite3_exec(connection_, sql, add, &answer, nullptr) == SQLITE_OK);
    return answer;
  }

 private:
  sqlite3* connection_ = nullptr;
};

/// What `action` returns in a child process of its own, which may ruin its limits and mounts.
std::string in_child(const std::function<std::string()>& action) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::alarm(60);
    const std::string text = action();
    const bool told = ::write(ends[1], text.data(), text.size()) == ssize_t(text.size());
    ::_exit(told ? 0 : 1);
  }
  ::close(ends[1]);
  std::string text(4096, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(::read(ends[0], text.data(), 4096), 0)));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
  return text;
}

/// Appends until it fails: the failure, behind the number of records that were acknowledged.
std::string fill(SqliteJournal& journal, const std::string& run) {
  const Latched large{.by = "rule", .reasons = {std::string(20'000, 'x')}};
  for (int count = 0; count < 10'000; ++count) {
    const auto record = journal.append(kNoon, run, large);
    if (!record) return std::to_string(count) + " " + record.error().what;
  }
  return "never full";
}

/// Runs `action` in a child process with a disk of 1 MiB mounted on the scratch folder, and gives
/// its answer; nothing, visibly, where this test may not mount.
std::optional<std::string> on_small_disk(const Scratch& scratch,
                                         const std::function<std::string()>& action) {
  const std::string answer = in_child([&]() -> std::string {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("", "/", "", MS_REC | MS_PRIVATE, "") != 0 ||
        ::mount("tmpfs", scratch.folder.c_str(), "tmpfs", 0, "size=1m") != 0) {
      return "skipped";
    }
    return action();
  });
  if (answer != "skipped") return answer;
  MESSAGE("skipped: mounting a small disk needs more rights than this test has");
  return std::nullopt;
}

}  // namespace

TEST_CASE("the file is its owner's alone, also when it was not before") {
  const Scratch scratch;
  const mode_t before = ::umask(0);
  scratch.open();
  CHECK(fs::status(scratch.settings.file).permissions() == fs::perms(0600));
  ::umask(before);
  fs::permissions(scratch.settings.file, fs::perms(0664));
  const auto journal = scratch.open();
  CHECK(fs::status(scratch.settings.file).permissions() == fs::perms(0600));
  CHECK(fs::status(scratch.settings.file.native() + "-wal").permissions() == fs::perms(0600));
}

TEST_CASE("a person reads the journal with the sqlite3 tool while the bot has it") {
  const Scratch scratch;
  const auto journal = scratch.open();
  REQUIRE(journal->append(kNoon, "r-1", opened("r-1")));
  REQUIRE(journal->append(kNoon, "r-1", Intent{1}));
  Visitor person(scratch.settings.file);
  CHECK(person.ask("SELECT seq || at || run || kind FROM records ORDER BY seq") ==
        "12026-11-21T12:00:00.123Zr-1opened 22026-11-21T12:00:00.123Zr-1intent ");
  CHECK(person.ask("SELECT body FROM records WHERE kind = 'intent'") == encode(Intent{1}) + " ");
}

TEST_CASE("what cannot be a journal is refused with its path and one reason") {
  Scratch scratch;
  const fs::path file = scratch.settings.file;

  SUBCASE("a folder that is missing") {
    scratch.settings.file = scratch.folder / "no" / "journal.db";
    CHECK(scratch.refusal() == "there is no folder " + (scratch.folder / "no").native());
  }
  SUBCASE("a folder in its place") {
    fs::create_directory(file);
    CHECK(scratch.refusal() == "Is a directory");
  }
  SUBCASE("a FIFO in its place") {
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    CHECK(scratch.refusal() == "not a regular file");
  }
  SUBCASE("text") {
    write(file, "this is not a database, whatever its name says\n" + std::string(2000, 'x'));
    CHECK(scratch.refusal() == "not an SQLite database");
  }
  SUBCASE("somebody else's database") {
    Visitor(file).run("CREATE TABLE cats(name)");
    CHECK(scratch.refusal() == "an SQLite database, but not a journal of lockkeeper");
  }
  SUBCASE("a newer schema") {
    scratch.open();
    Visitor(file).run("PRAGMA user_version = 7");
    CHECK(scratch.refusal() == "written by a newer lockkeeper (schema 7; this one knows 1)");
  }
  SUBCASE("a journal whose table was taken away") {
    scratch.open();
    Visitor(file).run("ALTER TABLE records RENAME TO old");
    CHECK(scratch.refusal().starts_with("no such table: records"));
  }
}

TEST_CASE("a damaged journal is refused") {
  const Scratch scratch;
  {
    const auto journal = scratch.open();
    for (int i = 0; i < 300; ++i)
      REQUIRE(journal->append(kNoon, "r-1", Intent{i}));
  }
  const auto size = fs::file_size(scratch.settings.file);
  std::fstream file(scratch.settings.file, std::ios::in | std::ios::out | std::ios::binary);
  for (std::uintmax_t at = 4096; at + 16 < size; at += 512)
    file.seekp(static_cast<std::streamoff>(at)) << "0123456789abcdef";
  file.close();
  CHECK(scratch.refusal().starts_with("damaged: "));
}

TEST_CASE("a record that does not decode is named, not skipped") {
  const Scratch scratch;
  const auto journal = scratch.open();
  REQUIRE(journal->append(kNoon, "r-1", Intent{1}));
  Visitor(scratch.settings.file).run("UPDATE records SET body = '{}'");
  const auto records = journal->read("r-1");
  REQUIRE_FALSE(records);
  CHECK(records.error().what.find("journal.db: record 1 (intent): ") != std::string::npos);
}

TEST_CASE("a second bot on the same journal is refused by its process id") {
  const Scratch scratch;
  const auto journal = scratch.open();
  const std::string expected = "in use by another lockkeeper (pid " + std::to_string(::getpid());
  CHECK(scratch.refusal() == expected + ")");
  const std::string answer = in_child([&] {
    const auto second = SqliteJournal::open(scratch.settings);
    return second ? std::string("opened") : second.error().what;
  });
  CHECK(answer == "journal " + scratch.settings.file.native() + ": " + expected + ")");
  CHECK(journal->append(kNoon, "r-1", Intent{1}));
}

TEST_CASE("a visitor's short lock is waited for, a long one is a failure without a record") {
  Scratch scratch;
  scratch.settings.busy_timeout = Millis(100);
  const auto journal = scratch.open();
  Visitor person(scratch.settings.file);
  person.run("BEGIN IMMEDIATE");
  const auto refused = journal->append(kNoon, "r-1", Intent{1});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what.ends_with("journal.db: locked by another process for too long"));
  person.run("ROLLBACK");
  CHECK(journal->append(kNoon, "r-1", Intent{2}));
  CHECK(journal->read("r-1").value().size() == 1);
}

TEST_CASE("a journal that was deleted or moved under the bot takes no more records") {
  const Scratch scratch;
  const auto journal = scratch.open();
  REQUIRE(journal->append(kNoon, "r-1", Intent{1}));
  fs::rename(scratch.settings.file, scratch.folder / "elsewhere.db");
  const auto refused = journal->append(kNoon, "r-1", Intent{2});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what.ends_with("the file was moved or deleted while in use"));
  fs::rename(scratch.folder / "elsewhere.db", scratch.settings.file);
  CHECK_FALSE(journal->append(kNoon, "r-1", Intent{3}));
}

TEST_CASE("a write that fails half-way breaks the journal, and what was acknowledged stays") {
  const Scratch scratch;
  const std::string answer = in_child([&] {
    const auto journal = scratch.open();
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 300'000, .rlim_max = 300'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string first = fill(*journal, "r-1");
    const auto next = journal->append(kNoon, "r-1", Intent{1});
    return first + "\n" + (next ? "written" : next.error().what);
  });
  CAPTURE(answer);
  const auto acknowledged = std::stoul(answer);
  CHECK(acknowledged >= 3);
  CHECK(answer.find("journal.db: input/output error") != std::string::npos);
  CHECK(answer.ends_with("not written since an input/output error; start the bot again"));
  CHECK(scratch.open()->read("r-1").value().size() == acknowledged);
}

TEST_CASE("a disk that fills up loses nothing, and the journal goes on when there is room again") {
  const Scratch scratch;
  const auto answer = on_small_disk(scratch, [&] {
    const fs::path ballast = scratch.folder / "ballast";
    write(ballast, std::string(300'000, 'b'));
    const auto journal = scratch.open();
    const std::string first = fill(*journal, "r-1");
    const auto kept = journal->read("r-1").value().size();
    fs::remove(ballast);
    const bool again = journal->append(kNoon, "r-1", Intent{1}).has_value();
    return first + "\nkept " + std::to_string(kept) + ", again " + (again ? "yes" : "no");
  });
  if (!answer) return;
  CAPTURE(*answer);
  const std::string acknowledged = std::to_string(std::stoul(*answer));
  CHECK(answer->find("journal.db: disk full\n") != std::string::npos);
  CHECK(answer->ends_with("\nkept " + acknowledged + ", again yes"));
}

TEST_CASE("a journal on a full disk is refused before a run needs it") {
  const Scratch scratch;
  const auto answer = on_small_disk(scratch, [&] {
    scratch.open();
    write(scratch.folder / "ballast", std::string(900'000, 'b'));
    for (int i = 0; i < 300; ++i)
      write(scratch.folder / std::to_string(i), std::string(4096, 'b'));
    const auto journal = SqliteJournal::open(scratch.settings);
    return journal ? std::string("opened") : journal.error().what;
  });
  if (answer) CHECK(answer->ends_with("journal.db: disk full"));
}

TEST_CASE("a journal on a read-only disk is refused") {
  const Scratch scratch;
  const auto answer = on_small_disk(scratch, [&] {
    scratch.open();
    ::mount("", scratch.folder.c_str(), "", MS_REMOUNT | MS_RDONLY, "");
    const auto journal = SqliteJournal::open(scratch.settings);
    return journal ? std::string("opened") : journal.error().what;
  });
  if (answer) CHECK(answer->ends_with("journal.db.lock: Read-only file system"));
}
