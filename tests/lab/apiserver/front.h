// SPDX-License-Identifier: Apache-2.0
#pragma once

// The API's web server and its outages. It can close its port and open it again, which a web server
// in use cannot do by itself. Own mutex; any thread but the web server's own, and never with the
// Cluster's mutex held, because closing waits for requests that want it.

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "integrations/http/server.h"
#include "tests/lab/apiserver/api.h"

namespace lockkeeper::lab {

class Front {
 public:
  struct Phase {
    Outage outage = Outage::none;
    std::chrono::milliseconds length{0};
  };

  Front(const Desk& desk, http::ServerOptions options);

  Status open();
  void close();
  [[nodiscard]] std::uint16_t port() const { return options_.port; }

  /// Goes through the phases, the first one at once, and is well again afterwards. A later call
  /// takes the place of an earlier one.
  void interrupt(std::vector<Phase> phases);

 private:
  void enter(std::vector<Phase> phases, std::size_t at, int turn);
  void recover();

  const Desk desk_;
  http::ServerOptions options_;
  std::mutex mutex_;
  std::unique_ptr<http::Server> server_;
  int turn_ = 0;
};

}  // namespace lockkeeper::lab
