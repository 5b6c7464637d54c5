// SPDX-License-Identifier: Apache-2.0
#pragma once

// The running bot: everything is made here, in the order in which it depends on each other, and
// taken apart in the reverse order.
//
// Threads: main (signals, watchdog, gauges), runner (the only writer to the cluster), eyes (polls
// of Prometheus), the site's two (web server, commands), and with a terminal its reader and
// printer. They meet in three places, each with a limit: the gate, the journal, and the inbox.

#include <filesystem>

namespace lockkeeper {

struct ServeOptions {
  std::filesystem::path config;
  bool console = false;
};

/// Runs until SIGTERM or SIGINT. The exit code: 0 left on purpose, 1 could not start, 2 bad
/// configuration.
int serve(const ServeOptions& options);

}  // namespace lockkeeper
