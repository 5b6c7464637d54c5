// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Socket Mode connection as a state machine: events and the time come in, orders go out.
// Nothing here touches a socket, a clock or a thread, so every row of the failure matrix is a unit
// test. One thread.
//
//   ticket asked -> dialing -> waiting (for hello) -> active -> parting -> closing -> gone
//
// At most one dial is under way and at most two sockets are ours. When Slack renews a connection
// ("refresh_requested", "warning") the new one is made before the old one is closed, and the old
// one is read and acknowledged meanwhile; when there are too many sockets, ours are closed first.
// A delay starts over only after a connection has been good for a while: a hello alone proves
// little (node's client hammers at a constant interval when only the upgrade fails).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bot/time.h"
#include "integrations/slack/envelope.h"

namespace lockkeeper::slack {

/// The timing of the connection. The defaults are for Slack; tests have no time for them.
struct LinkTiming {
  Millis dial_limit{10'000};      // from the order to the end of the upgrade
  Millis hello_limit{10'000};     // from there to hello
  Millis ping_every{10'000};      // our own pings
  Millis idle_max{30'000};        // nothing at all came in: the connection is half-open
  Millis stable_after{30'000};    // behind hello; then delays start over
  Millis retry_first{1'000};      // doubles with every failure, drawn from 0 up ("full jitter")
  Millis retry_max{30'000};       //
  Millis crowd_first{10'000};     // after too_many_websockets, doubles
  Millis crowd_max{300'000};      //
  Millis disabled_first{60'000};  // after link_disabled, doubles
  Millis disabled_max{300'000};   //
  Millis limited_wait{30'000};    // after a 429 that does not say how long
  Millis linger{500};             // an old socket after the new one's hello: late acks leave on it
  Millis close_wait{1'000};       // Slack does not close after the closing handshake: we do
  Millis ticket_every{5'000};     // tickets in the long run; a few more at a time are fine
  int ticket_burst = 20;
};

/// What is to be done, in this order.
struct Order {
  enum class Do {
    ask_ticket,  // call apps.connections.open
    dial,        // `text` is the URL: use it once, now
    ping,
    close,    // with a close frame; reading goes on until the other end has closed
    abandon,  // at once, waiting for nobody
    tell,     // `text` is a line for the log, `loud` whether it is a warning
  };
  Do what = Do::tell;
  int socket = 0;
  std::string text{};
  bool loud = false;

  bool operator==(const Order&) const = default;
};
using Orders = std::vector<Order>;

/// Why there is no ticket.
struct Refusal {
  enum class Kind {
    fatal,    // will not get better by itself: a wrong token, a missing scope
    limited,  // asked too often
    passing,  // Slack's trouble, or the network's
  };
  Kind kind = Kind::passing;
  std::string why;
  Millis retry_after{};  // limited only; 0: not said
};

/// How it stands, for App Home and the health page.
struct LinkHealth {
  bool wanted = false;     // between start() and stop()
  bool connected = false;  // a socket has said hello and lives
  int connections = 0;     // as the newest hello counted them; 0: never
  Moment since{};          // of the newest change of `connected`
  std::string problem;     // why not, one line; empty: none known
  bool fatal = false;      // it waits for another token
  bool operator==(const LinkHealth&) const = default;
};

class Link {
 public:
  /// `seed` for the jitter.
  Link(LinkTiming timing, std::uint64_t seed);

  /// Begins, or begins anew after stop() or with a new token after a fatal refusal.
  Orders start(Moment now);
  /// Closes everything with a close frame: sockets that are left behind become ghosts to which
  /// Slack keeps sending.
  Orders stop(Moment now);

  // --- What happened to the ticket that was asked for ---
  Orders ticket(Moment now, std::string url);
  Orders refused(Moment now, const Refusal& refusal);

  // --- What happened on a socket; ids of sockets that are gone are ignored ---
  Orders upgraded(Moment now, int socket);
  Orders hello(Moment now, int socket, const Hello& hello);
  Orders goodbye(Moment now, int socket, const Goodbye& goodbye);
  /// Any frame at all, pings and pongs included.
  void heard(Moment now, int socket);
  /// The connection broke, was refused, or has been closed by the other end.
  Orders ended(Moment now, int socket, const std::string& why);

  /// To be called no later than next_look().
  Orders tick(Moment now);
  [[nodiscard]] Moment next_look(Moment now) const;

  /// The socket for an acknowledgement: the envelope's own while that may speak, else the current
  /// one, else none.
  [[nodiscard]] std::optional<int> voice(int own) const;
  /// Whether nothing is left to wait for after stop().
  [[nodiscard]] bool at_rest() const { return !running_ && sockets_.empty(); }
  [[nodiscard]] const LinkHealth& health() const { return health_; }

 private:
  enum class State { dialing, waiting, active, parting, closing };
  struct Socket {
    State state = State::dialing;
    Moment since{};                   // of the state
    Moment heard{};                   // the newest frame
    Moment pinged{};                  // our newest ping
    std::optional<Moment> part_at{};  // parting only, once there is a successor
  };

  void settle(Moment now, Orders& orders);
  void look_at(Moment now, int id, Socket& socket, Orders& orders);
  void look_for_ticket(Moment now, Orders& orders);
  void enter(Moment now, Socket& socket, State state);
  void close(Moment now, int id, Socket& socket, Orders& orders);
  void close_all(Moment now, Orders& orders);
  void drop(Moment now, int id, const std::string& why, Orders& orders);
  void failed(Moment now, const std::string& why, Orders& orders);
  void wait_long(Moment now, const std::string& why, Millis first, Millis most, int& times,
                 Orders& orders);
  void note_connected(Moment now);
  [[nodiscard]] bool any(State state) const;
  [[nodiscard]] bool wants_ticket() const;
  [[nodiscard]] Moment ticket_at() const;
  double lot();  // from 0 to 1

  LinkTiming timing_;
  std::uint64_t lots_;
  bool running_ = false;
  bool asking_ = false;
  std::map<int, Socket> sockets_;
  int next_id_ = 1;
  int failures_ = 0;
  int crowds_ = 0;
  int disabled_ = 0;
  Moment retry_at_{};
  Moment tickets_until_{};  // how far ahead tickets have been used up
  std::optional<Moment> stable_at_;
  LinkHealth health_;
};

}  // namespace lockkeeper::slack
