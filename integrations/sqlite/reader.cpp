// SPDX-License-Identifier: Apache-2.0
#include "integrations/sqlite/reader.h"

#include <fmt/format.h>

#include "integrations/sqlite/rows.h"

namespace lockkeeper::sqlite {

Result<std::unique_ptr<JournalReader>> JournalReader::open(const JournalSettings& settings) {
  const auto refuse = [&](const std::string& why) {
    return fail(fmt::format("journal {}: {}", settings.file.native(), why));
  };
  std::error_code problem;
  if (!std::filesystem::exists(settings.file, problem)) return refuse("there is none");
  auto database = Database::open_to_read(settings.file, settings.busy_timeout);
  if (!database) return refuse(database.error().what);
  const auto fresh = is_new(*database);
  if (!fresh) return refuse(fresh.error().what);
  if (*fresh) return refuse("it is empty");
  // The constructor is private, so make_unique cannot call it.
  return std::unique_ptr<JournalReader>(new JournalReader(settings.file, std::move(*database)));
}

std::unexpected<Failure> JournalReader::refused(const std::string& why) const {
  return fail(fmt::format("journal {}: {}", file_.native(), why));
}

template <class T>
Result<T> JournalReader::told(Result<T> result) const {
  return result ? std::move(result) : refused(result.error().what);
}

Result<std::vector<Record>> JournalReader::read(const std::string& run) {
  return told(read_run(database_, run));
}

Result<std::optional<std::string>> JournalReader::open_run() {
  return told(read_open_run(database_));
}

Result<std::vector<std::string>> JournalReader::runs(int count) {
  return told(read_runs(database_, count));
}

Result<std::string> JournalReader::recall(const std::string& name) {
  return told(read_memory(database_, name));
}

Result<Record> JournalReader::append(Time, const std::string&, const Body&) {
  return refused("it is only read here");
}

Status JournalReader::remember(Time, const std::string&, const std::string&) {
  return refused("it is only read here");
}

}  // namespace lockkeeper::sqlite
