// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/front.h"

namespace lockkeeper::lab {
namespace {

using std::chrono::steady_clock;

// A port that somebody else has taken in the meantime is tried again after so long.
constexpr std::chrono::milliseconds kReopenPause{100};

// A phase ends with the job that begins the next one, which may come late; without slack the API
// would be well for a moment in between.
constexpr std::chrono::seconds kSlack{10};

}  // namespace

Front::Front(const Desk& desk, http::ServerOptions options)
    : desk_(desk), options_(std::move(options)) {}

Status Front::open() {
  const std::lock_guard lock(mutex_);
  if (server_) return {};
  auto server = http::Server::listen(
      options_, [desk = desk_](const http::Exchange& exchange) { handle(desk, exchange); });
  if (!server) return std::unexpected(server.error());
  server_ = std::move(*server);
  options_.port = server_->port();
  return {};
}

void Front::close() {
  const std::lock_guard lock(mutex_);
  server_.reset();
}

void Front::interrupt(std::vector<Phase> phases) {
  int turn = 0;
  {
    const std::lock_guard lock(mutex_);
    turn = ++turn_;
  }
  enter(std::move(phases), 0, turn);
}

void Front::enter(std::vector<Phase> phases, std::size_t at, int turn) {
  {
    const std::lock_guard lock(mutex_);
    if (turn != turn_) return;
  }
  if (at == phases.size()) return recover();
  const Phase phase = phases[at];
  desk_.faults.begin(phase.outage, steady_clock::now() + phase.length + kSlack);
  desk_.faults.release();
  if (phase.outage == Outage::refuse) {
    close();
  } else {
    (void)open();
  }
  desk_.loop.post(phase.length,
                  [this, phases = std::move(phases), at, turn] { enter(phases, at + 1, turn); });
}

void Front::recover() {
  desk_.faults.begin(Outage::none, steady_clock::now());
  desk_.faults.release();
  if (!open()) return desk_.loop.post(kReopenPause, [this] { recover(); });
  const std::lock_guard lock(desk_.cluster.mutex);
  desk_.cluster.reachable_since = steady_clock::now();
}

}  // namespace lockkeeper::lab
