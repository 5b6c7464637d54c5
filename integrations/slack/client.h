// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Slack neighbour as a whole: made from the settings, taken apart in the right order. It has
// three threads: the socket's, the Web API's, and the one on which the bot is told what people did.
//
//   auto client = Client::open(settings.slack, state_folder, clock, deliver, from_kubernetes);
//   (*client)->listen();                 // a standby replica does not
//   (*client)->outbox().post({...});

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "integrations/slack/outbox.h"
#include "integrations/slack/socket_mode.h"

namespace lockkeeper::slack {

/// Whom the bot token belongs to, once Slack has said so.
struct Identity {
  std::string bot_user;  // "U0BOT"
  std::string bot;       // "B0BOT"
  std::string team;      // "T0ACME"
};

struct ClientHealth {
  LinkHealth link;
  OutboxHealth outbox;
  std::optional<Identity> identity;
  std::vector<std::string> problems;  // one line each; empty: all is well
};

/// The scopes without which something does not work, as the manifest has them.
std::vector<std::string> missing_scopes(std::string_view granted);

class Client {
 public:
  struct Timing {
    LinkTiming link;
  };

  /// Opens `slack.db` in the state folder and starts; the tokens are looked at in the background,
  /// because Slack must never hold up the start. Nothing is delivered before listen(). The clock
  /// must outlive the client.
  static Result<std::unique_ptr<Client>> open(const SlackSettings& settings,
                                              const std::filesystem::path& state_folder,
                                              const Clock& clock, Deliver deliver,
                                              const KubernetesSecretReader& from_kubernetes = {},
                                              const Timing& timing = {}, Meter meter = Meter());
  /// Stops everything: a few seconds at most, within which what can still be said is said.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Delivers what a crash has left, and holds a socket from now on, or no longer: the standby of
  /// two replicas must hold none.
  void listen() { mode_->open(); }
  void deafen() { mode_->close(); }

  [[nodiscard]] Outbox& outbox() { return *outbox_; }
  [[nodiscard]] Api& api() { return *api_; }
  [[nodiscard]] SocketCounts counts() const { return mode_->counts(); }
  [[nodiscard]] ClientHealth health() const;

  /// Tells the meter how it stands; about once a second.
  void tell_standing() const;

  /// How long people have not been able to reach the bot: the socket is away, or the bot cannot
  /// write. Nothing while all is well, and while it is not listening. For `on_slack_loss`.
  [[nodiscard]] std::optional<Millis> lost_for() const;

 private:
  Client(const SlackSettings& settings, std::unique_ptr<Store> store, const Clock& clock,
         Deliver deliver, const KubernetesSecretReader& from_kubernetes, const Timing& timing,
         Meter meter);
  void check_tokens();
  void take_identity(const Answer& answer);

  const Clock& clock_;
  Meter meter_;
  TokenReader bot_token_;
  mutable std::mutex mutex_;
  std::optional<Identity> identity_;
  std::string token_problem_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<SocketMode> mode_;
};

}  // namespace lockkeeper::slack
