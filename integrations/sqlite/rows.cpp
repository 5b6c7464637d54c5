// SPDX-License-Identifier: Apache-2.0
#include "integrations/sqlite/rows.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockkeeper::sqlite {
namespace {

constexpr std::string_view kSchemaVersion = "1";
constexpr std::string_view kApplicationId = "1280001346";  // "LKEB", in ASCII

Result<Record> record_of(const Statement& row) {
  Record record{.seq = row.number(0), .at = {}, .run = row.text(2), .body = {}};
  const std::string kind = row.text(3);
  const auto at = parse_time(row.text(1));
  auto body = decode(kind, row.text(4));
  if (!at || !body) {
    return fail(fmt::format("record {} ({}): {}", record.seq, kind,
                            at ? body.error().what : at.error().what));
  }
  record.at = *at;
  record.body = std::move(*body);
  return record;
}

}  // namespace

Result<bool> is_new(Database& database) {
  const auto tables = database.text_of("SELECT count(*) FROM sqlite_schema");
  if (!tables) return std::unexpected(tables.error());
  if (*tables == "0") return true;
  const auto id = database.text_of("PRAGMA application_id");
  const auto version = database.text_of("PRAGMA user_version");
  if (!id || !version) return std::unexpected(id ? version.error() : id.error());
  if (*id != kApplicationId) return fail("an SQLite database, but not a journal of lockkeeper");
  if (*version != kSchemaVersion) {
    return fail(fmt::format("written by a newer lockkeeper (schema {}; this one knows {})",
                            *version, kSchemaVersion));
  }
  return false;
}

Result<std::vector<Record>> read_run(Database& database, const std::string& run) {
  auto rows =
      database.prepare("SELECT seq, at, run, kind, body FROM records WHERE run = ? ORDER BY seq");
  if (!rows) return std::unexpected(rows.error());
  rows->bind(1, run);
  std::vector<Record> records;
  for (auto row = rows->step();; row = rows->step()) {
    if (!row) return std::unexpected(row.error());
    if (!*row) return records;
    auto record = record_of(*rows);
    if (!record) return std::unexpected(record.error());
    records.push_back(std::move(*record));
  }
}

Result<std::optional<std::string>> read_open_run(Database& database) {
  // An Opened is refused while a run is open, so only the newest one can be.
  auto newest = database.prepare(
      "SELECT run, EXISTS(SELECT 1 FROM records AS c WHERE c.run = o.run AND c.kind = 'closed')"
      " FROM records AS o WHERE kind = 'opened' ORDER BY seq DESC LIMIT 1");
  if (!newest) return std::unexpected(newest.error());
  const auto row = newest->step();
  if (!row) return std::unexpected(row.error());
  if (!*row || newest->number(1) != 0) return std::nullopt;
  return newest->text(0);
}

Result<std::vector<std::string>> read_runs(Database& database, int count) {
  auto rows =
      database.prepare("SELECT run FROM records WHERE kind = 'opened' ORDER BY seq DESC LIMIT ?");
  if (!rows) return std::unexpected(rows.error());
  rows->bind(1, std::max(count, 0));
  std::vector<std::string> runs;
  for (auto row = rows->step();; row = rows->step()) {
    if (!row) return std::unexpected(row.error());
    if (!*row) return runs;
    runs.push_back(rows->text(0));
  }
}

Result<std::string> read_memory(Database& database, const std::string& name) {
  const auto tables = database.text_of("SELECT count(*) FROM sqlite_schema WHERE name = 'memory'");
  if (!tables || *tables == "0") return tables ? Result<std::string>("") : tables;
  auto rows = database.prepare("SELECT value FROM memory WHERE name = ?");
  if (!rows) return std::unexpected(rows.error());
  const auto row = rows->bind(1, name).step();
  if (!row) return std::unexpected(row.error());
  return *row ? rows->text(0) : std::string();
}

}  // namespace lockkeeper::sqlite
