// SPDX-License-Identifier: Apache-2.0
#include "integrations/sqlite/journal.h"

#include <fmt/format.h>

#include "integrations/sqlite/rows.h"

namespace lockkeeper::sqlite {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE records(seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL,"
    " run TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL);"
    "CREATE INDEX records_by_run ON records(run, seq);"
    "PRAGMA application_id = 1280001346;";

// Also made in the file of an older bot, which does not mind it.
constexpr const char* kMemory =
    "CREATE TABLE IF NOT EXISTS memory(name TEXT PRIMARY KEY, at TEXT NOT NULL,"
    " value TEXT NOT NULL);";

/// "2026-11-20T17:35:37.123Z": what the Clock gave, so that a record reads back equal.
std::string with_millis(Time at) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(at);
  std::string text = to_string(at);
  text.pop_back();
  return fmt::format("{}.{:03}Z", text, (at - whole).count());
}

/// Brings the file into the shape and the mode that the header promises, with one real write.
Status prepare_file(Database& database) {
  const auto fresh = is_new(database);
  if (!fresh) return std::unexpected(fresh.error());
  const auto mode = database.text_of("PRAGMA journal_mode = WAL");
  if (!mode) return std::unexpected(mode.error());
  if (*mode != "wal") return fail("its file system does not support SQLite's write-ahead log");
  auto ready = database.run("PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;");
  if (ready) ready = database.run("BEGIN IMMEDIATE");
  if (ready && *fresh) ready = database.run(kSchema);
  if (ready) ready = database.run(kMemory);
  if (ready) ready = database.run("PRAGMA user_version = 1; COMMIT;");
  if (!ready) return ready;
  // This reads every page once; a journal of a hundred runs has a few megabytes.
  const auto check = database.text_of("PRAGMA quick_check(1)");
  if (!check) return std::unexpected(check.error());
  if (*check != "ok") return fail("damaged: " + clipped(*check, 200));
  return {};
}

}  // namespace

SqliteJournal::SqliteJournal(JournalFile file, Database database, Statement insert)
    : file_(std::move(file)), database_(std::move(database)), insert_(std::move(insert)) {}

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open(const JournalSettings& settings) {
  auto file = JournalFile::claim(settings.file);
  if (!file) return std::unexpected(file.error());
  const auto refuse = [&](const Failure& why) {
    return fail(fmt::format("journal {}: {}", settings.file.native(), why.what));
  };
  auto database = Database::open(settings.file, settings.busy_timeout);
  if (!database) return refuse(database.error());
  if (auto prepared = prepare_file(*database); !prepared) return refuse(prepared.error());
  auto insert = database->prepare("INSERT INTO records(at, run, kind, body) VALUES(?, ?, ?, ?)");
  if (!insert) return refuse(insert.error());
  // The constructor is private, so make_unique cannot call it.
  return std::unique_ptr<SqliteJournal>(
      new SqliteJournal(std::move(*file), std::move(*database), std::move(*insert)));
}

std::unexpected<Failure> SqliteJournal::refused(const std::string& why) const {
  return fail(fmt::format("journal {}: {}", file_.path().native(), why));
}

Result<Record> SqliteJournal::failed_append(const std::string& why) {
  // Asked before the rollback, whose own result would hide it.
  broken_ = broken_ || database_.io_failed();
  if (database_.in_transaction()) static_cast<void>(database_.run("ROLLBACK"));
  return refused(why);
}

Status SqliteJournal::may_open(const std::string& run) {
  const auto open = read_open_run(database_);
  if (!open) return std::unexpected(open.error());
  // The same run twice is told below, in its own words.
  if (*open && **open != run) return fail(fmt::format("run {} is still open", **open));
  auto known = database_.prepare("SELECT 1 FROM records WHERE run = ? LIMIT 1");
  if (!known) return std::unexpected(known.error());
  const auto row = known->bind(1, run).step();
  if (!row) return std::unexpected(row.error());
  return *row ? fail(fmt::format("run {} is in it already", run)) : Status();
}

Result<Record> SqliteJournal::append(Time at, const std::string& run, const Body& body) {
  const std::lock_guard lock(mutex_);
  if (broken_) return refused("not written since an input/output error; start the bot again");
  if (!file_.still_there()) {
    broken_ = true;
    return refused("the file was moved or deleted while in use");
  }
  // The write lock is taken first, so nothing changes between the check and the record.
  if (auto begun = database_.run("BEGIN IMMEDIATE"); !begun) {
    return failed_append(begun.error().what);
  }
  if (std::holds_alternative<Opened>(body)) {
    if (auto allowed = may_open(run); !allowed) return failed_append(allowed.error().what);
  }
  insert_.bind(1, with_millis(at)).bind(2, run).bind(3, kind_of(body)).bind(4, encode(body));
  if (const auto inserted = insert_.step(); !inserted) return failed_append(inserted.error().what);
  const std::int64_t seq = database_.last_rowid();
  if (auto durable = database_.run("COMMIT"); !durable) return failed_append(durable.error().what);
  return Record{.seq = seq, .at = at, .run = run, .body = body};
}

Result<std::vector<Record>> SqliteJournal::read(const std::string& run) {
  const std::lock_guard lock(mutex_);
  auto records = read_run(database_, run);
  return records ? std::move(records) : refused(records.error().what);
}

Result<std::optional<std::string>> SqliteJournal::open_run() {
  const std::lock_guard lock(mutex_);
  auto run = read_open_run(database_);
  return run ? run : refused(run.error().what);
}

Result<std::vector<std::string>> SqliteJournal::runs(int count) {
  const std::lock_guard lock(mutex_);
  auto runs = read_runs(database_, count);
  return runs ? std::move(runs) : refused(runs.error().what);
}

Result<std::string> SqliteJournal::recall(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto text = read_memory(database_, name);
  return text ? std::move(text) : refused(text.error().what);
}

Status SqliteJournal::remember(Time at, const std::string& name, const std::string& text) {
  const std::lock_guard lock(mutex_);
  if (broken_) return refused("not written since an input/output error; start the bot again");
  auto rows = database_.prepare("INSERT OR REPLACE INTO memory(name, at, value) VALUES(?, ?, ?)");
  if (!rows) return refused(rows.error().what);
  rows->bind(1, name).bind(2, with_millis(at)).bind(3, text);
  if (const auto done = rows->step(); !done) {
    broken_ = broken_ || database_.io_failed();
    return refused(done.error().what);
  }
  return {};
}

}  // namespace lockkeeper::sqlite
