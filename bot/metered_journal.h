// SPDX-License-Identifier: Apache-2.0
#pragma once

// The journal with a meter on it: what a run has come to is counted the moment it is durable, so
// nothing between two scrapes is missed. Part of the composition root. Any thread, as the journal
// behind it.

#include <mutex>
#include <optional>

#include "bot/ports.h"
#include "bot/progress.h"
#include "integrations/metrics/metrics.h"

namespace lockkeeper {

class MeteredJournal : public Journal {
 public:
  /// Both are the caller's and outlive this.
  MeteredJournal(Journal& journal, metrics::Metrics& metrics)
      : journal_(journal), metrics_(metrics) {}

  Result<Record> append(Time at, const std::string& run, const Body& body) override;
  Result<std::vector<Record>> read(const std::string& run) override { return journal_.read(run); }
  Result<std::optional<std::string>> open_run() override { return journal_.open_run(); }
  Result<std::vector<std::string>> runs(int count) override { return journal_.runs(count); }

 private:
  void count(const Record& record);
  void count_step(const Outcome& outcome, Time ended);
  void count_hold(const Held& held);
  void count_abort(const Latched& latched);
  void count_pause(Time until);

  Journal& journal_;
  metrics::Metrics& metrics_;
  std::mutex mutex_;
  Progress before_;  // of the newest run, as it was before the record that is counted
};

}  // namespace lockkeeper
