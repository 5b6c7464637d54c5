// SPDX-License-Identifier: Apache-2.0
#pragma once

// The journal in memory, with the same refusals as the one on disk. What was appended survives a
// crash; a crash before the append leaves no trace of it.

#include <functional>

#include "bot/ports.h"
#include "tests/sim/faults.h"

namespace lockkeeper::sim {

class SimJournal : public Journal {
 public:
  explicit SimJournal(Faults& faults) : faults_(faults) {}

  Result<Record> append(Time at, const std::string& run, const Body& body) override;
  Result<std::vector<Record>> read(const std::string& run) override;
  Result<std::optional<std::string>> open_run() override;
  Result<std::vector<std::string>> runs(int count) override;

  /// Called after each durable record.
  std::function<void(const Record&)> on_append;
  bool disk_full = false;

  [[nodiscard]] const std::vector<Record>& records() const { return records_; }

 private:
  [[nodiscard]] std::optional<std::string> open_now() const;

  Faults& faults_;
  std::vector<Record> records_;
};

}  // namespace lockkeeper::sim
