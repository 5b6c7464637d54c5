// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/sim_journal.h"

#include <algorithm>

namespace lockkeeper::sim {

Result<Record> SimJournal::append(Time at, const std::string& run, const Body& body) {
  const Fault fault = faults_.next("append");
  if (fault == Fault::crash_before) throw Crash{};
  if (disk_full || fault == Fault::error_before) return fail("database or disk is full");
  const bool opens = std::holds_alternative<Opened>(body);
  if (opens && open_now()) return fail("run " + *open_now() + " is open");
  // Through the codec, as on disk: what does not survive it is lost here, too.
  auto decoded = decode(kind_of(body), encode(body));
  if (!decoded) return std::unexpected(decoded.error());
  Record record{static_cast<std::int64_t>(records_.size()) + 1, at, run, std::move(*decoded)};
  records_.push_back(record);
  if (on_append) on_append(record);
  if (fault == Fault::crash_after) throw Crash{};
  if (fault == Fault::error_after) return fail("disk I/O error");
  return record;
}

Result<std::vector<Record>> SimJournal::read(const std::string& run) {
  std::vector<Record> found;
  std::ranges::copy_if(records_, std::back_inserter(found),
                       [&](const Record& record) { return record.run == run; });
  return found;
}

Result<std::optional<std::string>> SimJournal::open_run() {
  return open_now();
}

Result<std::vector<std::string>> SimJournal::runs(int count) {
  std::vector<std::string> ids;
  for (auto at = records_.rbegin(); at != records_.rend() && std::ssize(ids) < count; ++at) {
    if (std::holds_alternative<Opened>(at->body)) ids.push_back(at->run);
  }
  return ids;
}

std::optional<std::string> SimJournal::open_now() const {
  std::optional<std::string> open;
  for (const auto& record : records_) {
    if (std::holds_alternative<Opened>(record.body)) open = record.run;
    if (std::holds_alternative<Closed>(record.body) && open == record.run) open.reset();
  }
  return open;
}

}  // namespace lockkeeper::sim
