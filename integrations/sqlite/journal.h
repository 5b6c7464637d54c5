// SPDX-License-Identifier: Apache-2.0
#pragma once

// The journal on disk: one SQLite file with one table, readable with the sqlite3 tool while the
// bot runs:
//
//   CREATE TABLE records(
//     seq  INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order of everything
//     at   TEXT NOT NULL,                      -- RFC 3339, UTC, milliseconds
//     run  TEXT NOT NULL,                      -- the run's id
//     kind TEXT NOT NULL,                      -- opened, intent, outcome, held, ...
//     body TEXT NOT NULL);                     -- JSON, see bot/record.h
//   CREATE INDEX records_by_run ON records(run, seq);
//   CREATE TABLE memory(name TEXT PRIMARY KEY, at TEXT NOT NULL, value TEXT NOT NULL);
//
//   sqlite3 -readonly journal.db "select seq, at, kind, body from records where run = 'r-t9xk2a'"
//
// The file is in WAL mode with synchronous=FULL: a record is on the disk when append() returns.
// `user_version` is the schema's version, `application_id` says that the file is ours.

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bot/detector.h"
#include "bot/ports.h"
#include "config/settings.h"
#include "integrations/sqlite/database.h"
#include "integrations/sqlite/journal_file.h"

namespace lockkeeper::sqlite {

/// Owns the file for as long as it lives; a second bot, or a second object, is refused. Every
/// member may be called from any thread.
class SqliteJournal : public Journal, public Memory {
 public:
  /// Opens or creates the file, checks it, and writes to it once, so that a full disk or a file
  /// that cannot be written is found before a run needs it. Failures are one line that begins with
  /// "journal <path>: ".
  static Result<std::unique_ptr<SqliteJournal>> open(const JournalSettings& settings);

  /// Refuses an Opened while another run is open, or when its run is in the journal already. After
  /// an input/output error, or when the file was moved away, everything is refused until the
  /// journal is opened again; after a full disk it may be tried again.
  Result<Record> append(Time at, const std::string& run, const Body& body) override;
  Result<std::vector<Record>> read(const std::string& run) override;
  Result<std::optional<std::string>> open_run() override;
  Result<std::vector<std::string>> runs(int count) override;

  /// Texts by name, which are replaced: what no run depends on.
  Result<std::string> recall(const std::string& name) override;
  Status remember(Time at, const std::string& name, const std::string& text) override;

 private:
  SqliteJournal(JournalFile file, Database database, Statement insert);

  [[nodiscard]] std::unexpected<Failure> refused(const std::string& why) const;
  Result<Record> failed_append(const std::string& why);
  Status may_open(const std::string& run);

  std::mutex mutex_;
  JournalFile file_;  // first made, last destroyed: the lock outlives the connection
  Database database_;
  Statement insert_;
  bool broken_ = false;  // an input/output error has been seen
};

}  // namespace lockkeeper::sqlite
