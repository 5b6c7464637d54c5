// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>

#include "integrations/sqlite/database.h"

namespace lockkeeper::slack {
namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr Millis kBusy{1000};
constexpr std::string_view kApplicationId = "1280001875";  // "LKGS", in ASCII
// Old keys are looked for once in so many deeds.
constexpr int kPruneEvery = 64;

constexpr const char* kSchema =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS seen(key TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS seen_by_time ON seen(at);"
    "CREATE TABLE IF NOT EXISTS inbox(seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " envelope TEXT NOT NULL, line TEXT NOT NULL);"
    "CREATE INDEX IF NOT EXISTS inbox_by_envelope ON inbox(envelope);"
    "CREATE TABLE IF NOT EXISTS messages(name TEXT PRIMARY KEY, channel TEXT NOT NULL,"
    " ts TEXT NOT NULL, at INTEGER NOT NULL);"
    "PRAGMA application_id = 1280001875; PRAGMA user_version = 1; COMMIT;";

std::int64_t millis_of(Time time) {
  return time.time_since_epoch().count();
}

/// Closed to everybody else: triggers and response URLs are in it.
Status make_file(const std::filesystem::path& path) {
  const int file =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, kOwnerOnly);
  if (file < 0) return fail(std::strerror(errno));
  struct stat info{};
  const bool regular = ::fstat(file, &info) == 0 && S_ISREG(info.st_mode);
  const bool closed = regular && ::fchmod(file, kOwnerOnly) == 0;
  ::close(file);
  if (!regular) return fail("not a regular file");
  return closed ? Status() : fail("its rights cannot be set");
}

class FileStore : public Store {
 public:
  explicit FileStore(std::filesystem::path path) : path_(std::move(path)) {}

  Status open();
  Result<Kept> keep(const Interaction& deed, Time now) override;
  Status done(const std::string& envelope) override;
  Status forget(const std::string& key) override;
  Result<std::vector<Interaction>> waiting() override;
  Status remember(const std::string& name, const MessageRef& at, Time now) override;
  Result<std::map<std::string, MessageRef>> messages() override;

 private:
  [[nodiscard]] std::unexpected<Failure> refused(const Failure& why) const {
    return fail(fmt::format("slack inbox {}: {}", path_.native(), why.what));
  }
  Status change(std::string_view sql, std::initializer_list<std::string_view> words);
  Result<std::int64_t> number(std::string_view sql, std::string_view word = {});
  Result<Kept> keep_within(const Interaction& deed, Time now);
  Status prune(Time now);

  std::filesystem::path path_;
  std::mutex mutex_;
  std::optional<sqlite::Database> database_;
  int kept_ = 0;
};

Status FileStore::open() {
  if (auto made = make_file(path_); !made) return refused(made.error());
  auto opened = sqlite::Database::open(path_, kBusy);
  if (!opened) return refused(opened.error());
  database_ = std::move(*opened);
  const auto tables = database_->text_of("SELECT count(*) FROM sqlite_schema");
  const auto id = database_->text_of("PRAGMA application_id");
  if (!tables || !id) return refused(tables ? id.error() : tables.error());
  if (*tables != "0" && *id != kApplicationId) return refused({"another program's database"});
  const auto mode = database_->text_of("PRAGMA journal_mode = WAL");
  if (!mode) return refused(mode.error());
  auto ready = database_->run("PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;");
  if (ready) ready = database_->run(kSchema);
  return ready ? ready : refused(ready.error());
}

Status FileStore::change(std::string_view sql, std::initializer_list<std::string_view> words) {
  auto statement = database_->prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  int parameter = 1;
  for (const auto word : words)
    statement->bind(parameter++, word);
  const auto stepped = statement->step();
  return stepped ? Status() : std::unexpected(stepped.error());
}

Result<std::int64_t> FileStore::number(std::string_view sql, std::string_view word) {
  auto statement = database_->prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  if (!word.empty()) statement->bind(1, word);
  const auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  const std::int64_t result = *row ? statement->number(0) : 0;
  statement->reset();
  return result;
}

Status FileStore::prune(Time now) {
  const std::string limit = std::to_string(millis_of(now - kSeenFor));
  auto pruned = change("DELETE FROM seen WHERE at < CAST(? AS INTEGER)", {limit});
  if (pruned)
    pruned = change(
        "DELETE FROM seen WHERE key IN (SELECT key FROM seen ORDER BY at DESC"
        " LIMIT -1 OFFSET CAST(? AS INTEGER))",
        {std::to_string(kSeenMax)});
  if (pruned)
    pruned = change(
        "DELETE FROM messages WHERE name IN (SELECT name FROM messages ORDER BY at DESC"
        " LIMIT -1 OFFSET CAST(? AS INTEGER))",
        {std::to_string(kMessagesMax)});
  return pruned;
}

Result<Store::Kept> FileStore::keep_within(const Interaction& deed, Time now) {
  const std::string at = std::to_string(millis_of(now));
  bool fresh = true;
  for (const std::string& key : {"envelope " + deed.envelope, deed.key}) {
    const auto known = number("SELECT count(*) FROM seen WHERE key = ?", key);
    if (!known) return std::unexpected(known.error());
    fresh = fresh && *known == 0;
    // A copy under another envelope id is noted under that one as well.
    if (*known > 0) continue;
    auto noted =
        change("INSERT OR IGNORE INTO seen(key, at) VALUES(?, CAST(? AS INTEGER))", {key, at});
    if (!noted) return std::unexpected(noted.error());
    if (key == deed.key) break;
  }
  if (!fresh) return Kept::repeated;
  const auto waiting = number("SELECT count(*) FROM inbox");
  if (!waiting) return std::unexpected(waiting.error());
  if (*waiting >= static_cast<std::int64_t>(kInboxMax)) return Kept::full;
  auto put =
      change("INSERT INTO inbox(envelope, line) VALUES(?, ?)", {deed.envelope, encode(deed)});
  if (put && kept_++ % kPruneEvery == 0) put = prune(now);
  if (!put) return std::unexpected(put.error());
  return Kept::fresh;
}

Result<Store::Kept> FileStore::keep(const Interaction& deed, Time now) {
  const std::lock_guard lock(mutex_);
  if (auto begun = database_->run("BEGIN IMMEDIATE"); !begun) return refused(begun.error());
  auto kept = keep_within(deed, now);
  if (!kept || *kept == Kept::full) {
    static_cast<void>(database_->run("ROLLBACK"));
    return kept ? kept : refused(kept.error());
  }
  if (auto committed = database_->run("COMMIT"); !committed) {
    static_cast<void>(database_->run("ROLLBACK"));
    return refused(committed.error());
  }
  return kept;
}

Status FileStore::done(const std::string& envelope) {
  const std::lock_guard lock(mutex_);
  // Without waiting for the disk: a second handing-out after a power cut is bearable, and the next
  // deed's commit makes this one durable as well.
  static_cast<void>(database_->run("PRAGMA synchronous = NORMAL"));
  const auto gone = change("DELETE FROM inbox WHERE envelope = ?", {envelope});
  static_cast<void>(database_->run("PRAGMA synchronous = FULL"));
  return gone ? gone : refused(gone.error());
}

Status FileStore::forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto gone = change("DELETE FROM seen WHERE key = ?", {key});
  return gone ? gone : refused(gone.error());
}

Result<std::vector<Interaction>> FileStore::waiting() {
  const std::lock_guard lock(mutex_);
  auto rows = database_->prepare("SELECT line FROM inbox ORDER BY seq");
  if (!rows) return refused(rows.error());
  std::vector<Interaction> deeds;
  while (true) {
    const auto row = rows->step();
    if (!row) return refused(row.error());
    if (!*row) return deeds;
    // A line that this version cannot read is another version's; it is left out, not fatal.
    if (auto deed = decode(rows->text(0))) deeds.push_back(std::move(*deed));
  }
}

Status FileStore::remember(const std::string& name, const MessageRef& at, Time now) {
  const std::lock_guard lock(mutex_);
  const auto put = change(
      "INSERT OR REPLACE INTO messages(name, channel, ts, at)"
      " VALUES(?, ?, ?, CAST(? AS INTEGER))",
      {name, at.channel, at.ts, std::to_string(millis_of(now))});
  return put ? put : refused(put.error());
}

Result<std::map<std::string, MessageRef>> FileStore::messages() {
  const std::lock_guard lock(mutex_);
  auto rows = database_->prepare("SELECT name, channel, ts FROM messages");
  if (!rows) return refused(rows.error());
  std::map<std::string, MessageRef> found;
  while (true) {
    const auto row = rows->step();
    if (!row) return refused(row.error());
    if (!*row) return found;
    found[rows->text(0)] = {rows->text(1), rows->text(2)};
  }
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(const std::filesystem::path& path) {
  auto store = std::make_unique<FileStore>(path);
  if (auto opened = store->open(); !opened) return std::unexpected(opened.error());
  return store;
}

}  // namespace lockkeeper::slack
