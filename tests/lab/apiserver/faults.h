// SPDX-License-Identifier: Apache-2.0
#pragma once

// Misbehaviour on demand: outages of the whole API for a time, and faults of single requests by
// method and path. Own mutex; any thread.

#include <chrono>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "integrations/http/server.h"
#include "tests/lab/apiserver/api_error.h"
#include "tests/lab/apiserver/watch.h"

namespace re2 {
class RE2;
}

namespace lockkeeper::lab {

/// How the API is away. `refuse` closes the port; the others answer, each in its bad way.
enum class Outage { none, refuse, hang, unavailable, throttled, forbidden, reset, html };

/// "refuse", "hang", "503", "429", "403", "reset", "html".
std::optional<Outage> outage_named(std::string_view name);

struct FaultRule {
  enum class Action { drop_before, drop_after, delay, status };
  std::string method;  ///< "" or "*": any.
  std::string path_regex;
  int times = 1;
  Action action = Action::drop_before;
  std::chrono::milliseconds delay{0};
  http::Response response = {};
};

/// Reads a rule as the control API takes it; refuses what it does not know.
Outcome<FaultRule> read_fault(const Json& json);

class Faults {
 public:
  Faults();
  ~Faults();

  /// The outage lasts until `end`; the newest one counts.
  void begin(Outage outage, SteadyTime end);
  [[nodiscard]] Outage current();
  /// Keeps an exchange unanswered until the outage is over.
  void hold(http::Exchange exchange);
  /// Drops what is held when no outage holds it any more.
  void release();

  Status add(FaultRule rule);
  void clear();
  /// The first rule that matches, counted down; nothing when there is none.
  std::optional<FaultRule> take(const http::Request& request);

 private:
  struct Armed {
    FaultRule rule;
    std::unique_ptr<re2::RE2> path;
  };
  std::mutex mutex_;
  Outage outage_ = Outage::none;
  SteadyTime outage_end_{};
  std::deque<http::Exchange> held_;
  std::list<Armed> rules_;
};

/// The answer of an API in that state.
http::Response outage_response(Outage outage);

}  // namespace lockkeeper::lab
