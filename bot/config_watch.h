// SPDX-License-Identifier: Apache-2.0
#pragma once

// The configuration of a running bot: looks now and then whether its files have changed, and has
// them read again, also when a person asks by SIGHUP. Main thread only.

#include <filesystem>

#include "bot/reload.h"
#include "integrations/metrics/metrics.h"
#include "integrations/system/file_watch.h"

namespace lockkeeper {

class ConfigWatch {
 public:
  /// Both are the caller's and outlive this. `clock` is for what depends on the day, such as rules
  /// that have expired.
  ConfigWatch(Reload& reload, metrics::Metrics& metrics, const Clock& clock);

  /// Reads the files again when they have changed, or when it is `asked`.
  void look(bool asked);

 private:
  void read(bool asked);

  Reload& reload_;
  metrics::Metrics& metrics_;
  const Clock& clock_;
  const std::filesystem::path file_;
  system::FileWatch watch_;
};

}  // namespace lockkeeper
