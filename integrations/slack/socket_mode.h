// SPDX-License-Identifier: Apache-2.0
#pragma once

// Slack's Socket Mode: keeps one connection alive through renewals, outages and ghosts, and takes
// in what people do. For each envelope, in this order: read it, drop it when it is a copy, write it
// to the store, acknowledge it; then the bot is told. A thread of its own runs one Asio loop with
// the sockets and all timers; the bot is told on the thread of the Deeds.
//
//   auto store = open_store(folder / "slack.db");
//   Api api(options, clock);
//   SocketMode mode(settings, api, **store, clock, [&](const Interaction& deed, Slip& slip) {...});
//   mode.open();      // a standby replica leaves it closed

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "integrations/slack/api.h"
#include "integrations/slack/deeds.h"
#include "integrations/slack/link.h"
#include "integrations/slack/meter.h"

namespace lockkeeper::slack {

struct SocketModeOptions {
  LinkTiming timing;
  std::string ca_file;    // empty: the system's store
  bool tls_only = false;  // refuse a ws:// URL: the Web API itself is https
  std::string command;    // "/upgrade": other commands are told so; empty: all are taken
  TokenReader app_token;  // looked at again after a fatal refusal
  Meter meter{};
};

/// What the connection has been through, for metrics and tests.
struct SocketCounts {
  std::uint64_t envelopes = 0;  // all that had an id
  std::uint64_t acked = 0;      // acknowledgements that were handed to a socket
  std::uint64_t repeated = 0;   // copies
  std::uint64_t strange = 0;    // could not be read, or of an unknown type
  std::uint64_t dials = 0;      //
  std::uint64_t tickets = 0;    // asked for
  Millis slowest_ack{};         // from the last byte of the envelope to the socket's queue
};

class SocketMode {
 public:
  /// The api, the store and the clock must outlive it.
  SocketMode(SocketModeOptions options, Api& api, Store& store, const Clock& clock,
             Deliver deliver);
  /// close()s, waits for the closing handshake for at most a second, and joins. A host name that is
  /// being looked up may hold this up for as long as the resolver's own limit.
  ~SocketMode();
  SocketMode(const SocketMode&) = delete;
  SocketMode& operator=(const SocketMode&) = delete;

  /// Hands out what a crash has left in the store, connects, and stays connected until close().
  /// Any thread; so for the rest.
  void open();
  void close();

  [[nodiscard]] LinkHealth health() const;
  [[nodiscard]] SocketCounts counts() const;

  class Loop;  // internal

 private:
  // shared: callbacks of the Api may come after the end.
  std::shared_ptr<Loop> loop_;
};

/// What a refused apps.connections.open means, in words that name the token and the scope.
Refusal refusal_of(const Answer& answer);

}  // namespace lockkeeper::slack
