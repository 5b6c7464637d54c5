// SPDX-License-Identifier: Apache-2.0
#include "integrations/sqlite/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>

namespace lockkeeper::sqlite {
namespace {

/// What the connection's last error means, in an operator's words.
std::unexpected<Failure> failure_of(sqlite3* connection) {
  const int code = sqlite3_extended_errcode(connection);
  const int error = sqlite3_system_errno(connection);
  switch (code & 0xFF) {
    case SQLITE_FULL:
      return fail("disk full");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail("locked by another process for too long");
    case SQLITE_NOTADB:
      return fail("not an SQLite database");
    case SQLITE_READONLY:
      return fail("read-only");
    case SQLITE_CORRUPT:
      return fail(fmt::format("damaged: {}", sqlite3_errmsg(connection)));
    case SQLITE_IOERR:
      if (error == ENOSPC) return fail("disk full");
      return fail(fmt::format("input/output error{}{} (SQLite code {})", error != 0 ? ": " : "",
                              error != 0 ? std::strerror(error) : "", code));
    default:
      return fail(fmt::format("{} (SQLite code {})", sqlite3_errmsg(connection), code));
  }
}

}  // namespace

Statement::Statement(sqlite3* connection, sqlite3_stmt* statement)
    : connection_(connection), statement_(statement, sqlite3_finalize) {}

// Neither kind of bind can fail but for a parameter that does not exist, or memory; step() then
// fails for the NULL that is left, because no column of the journal takes one.
Statement& Statement::bind(int parameter, std::int64_t number) {
  sqlite3_bind_int64(statement_.get(), parameter, number);
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), parameter, text.data(), text.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_.get());
    return false;
  }
  // The words are the connection's: they are lost once the statement is reset.
  auto failure = failure_of(connection_);
  sqlite3_reset(statement_.get());
  return failure;
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  // As a blob, because a text with a NUL in it would seem to end there.
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  if (bytes == nullptr) return {};
  const auto length = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return {static_cast<const char*>(bytes), length};
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
}

Database::Database(sqlite3* connection) : connection_(connection, sqlite3_close_v2) {}

Result<Database> Database::open(const std::filesystem::path& file, Millis busy_timeout) {
  sqlite3* connection = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(file.c_str(), &connection, flags, nullptr);
  if (connection == nullptr) return fail("no memory for a database connection");
  Database database(connection);
  if (code != SQLITE_OK) return failure_of(connection);
  if (sqlite3_db_readonly(connection, "main") != 0) return fail("read-only");
  sqlite3_busy_timeout(connection, static_cast<int>(busy_timeout.count()));
  return database;
}

Result<Database> Database::open_to_read(const std::filesystem::path& file, Millis busy_timeout) {
  sqlite3* connection = nullptr;
  const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(file.c_str(), &connection, flags, nullptr);
  if (connection == nullptr) return fail("no memory for a database connection");
  Database database(connection);
  if (code != SQLITE_OK) return failure_of(connection);
  sqlite3_busy_timeout(connection, static_cast<int>(busy_timeout.count()));
  return database;
}

Status Database::run(const char* sql) {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return failure_of(connection_.get());
  }
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      &statement, nullptr);
  if (code != SQLITE_OK) return failure_of(connection_.get());
  return Statement(connection_.get(), statement);
}

Result<std::string> Database::text_of(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  return *row ? statement->text(0) : std::string();
}

std::int64_t Database::last_rowid() const {
  return sqlite3_last_insert_rowid(connection_.get());
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(connection_.get()) == 0;
}

bool Database::io_failed() const {
  return (sqlite3_extended_errcode(connection_.get()) & 0xFF) == SQLITE_IOERR;
}

}  // namespace lockkeeper::sqlite
