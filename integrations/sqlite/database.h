// SPDX-License-Identifier: Apache-2.0
#pragma once

// The little of SQLite that the journal needs: a connection, statements, and error codes put into
// words. Owned and locked by the journal; not thread safe by itself. <sqlite3.h> is included by
// database.cpp only.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "rules/result.h"
#include "rules/text.h"

struct sqlite3;
struct sqlite3_stmt;

namespace lockkeeper::sqlite {

/// A prepared statement. Parameters and columns are counted from 1 and 0, as SQLite does. It must
/// not outlive its Database.
class Statement {
 public:
  Statement& bind(int parameter, std::int64_t number);
  Statement& bind(int parameter, std::string_view text);

  /// Runs it until the next row: true for a row, false at the end. A statement that has ended, or
  /// failed, starts over at the next call.
  Result<bool> step();

  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::string text(int column) const;

  /// Ends the statement early, with the lock that it holds.
  void reset();

 private:
  friend class Database;
  Statement(sqlite3* connection, sqlite3_stmt* statement);

  sqlite3* connection_;
  std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement_;
};

/// One connection to an existing file.
class Database {
 public:
  /// Opens for reading and writing; SQLite's silent fall-back to read-only is a failure. Another
  /// process's lock is waited for as long as `busy_timeout`.
  static Result<Database> open(const std::filesystem::path& file, Millis busy_timeout);

  /// Opens for reading alone; nothing is made that is not there.
  static Result<Database> open_to_read(const std::filesystem::path& file, Millis busy_timeout);

  /// Runs statements that give no rows.
  Status run(const char* sql);

  Result<Statement> prepare(std::string_view sql);

  /// The first column of the first row, for PRAGMAs and counts.
  Result<std::string> text_of(std::string_view sql);

  [[nodiscard]] std::int64_t last_rowid() const;

  /// Whether a transaction is open: after an error SQLite may or may not have rolled it back.
  [[nodiscard]] bool in_transaction() const;

  /// Whether the last failure was one of input or output, other than a full disk. After a failed
  /// fsync Linux forgets that the pages were dirty, and the next fsync would succeed in vain.
  [[nodiscard]] bool io_failed() const;

 private:
  explicit Database(sqlite3* connection);

  std::unique_ptr<sqlite3, int (*)(sqlite3*)> connection_;
};

}  // namespace lockkeeper::sqlite
