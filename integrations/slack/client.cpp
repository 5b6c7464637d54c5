// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "integrations/system/log.h"
#include "rules/text.h"

namespace lockkeeper::slack {
namespace {

constexpr std::string_view kStoreFile = "slack.db";
// What the end of the process may still say, such as that it ends.
constexpr Millis kLastWords{2'000};
constexpr Millis kTokenPatience{120'000};
// A rotated token is picked up within this time.
constexpr Millis kTokenKept{10'000};

/// A secret of the cluster must not be read for every call. Any thread.
TokenReader token_of(const SecretSource& source, const KubernetesSecretReader& from_kubernetes,
                     const Clock& clock) {
  struct Kept {
    std::mutex mutex;
    Result<std::string> token = fail("not read yet");
    std::optional<Moment> at;
  };
  // shared: std::function is copied, and all copies are to have one memory.
  const auto kept = std::make_shared<Kept>();
  return [source, from_kubernetes, &clock, kept] {
    const std::lock_guard lock(kept->mutex);
    const Moment now = clock.moment();
    if (!kept->at || now - *kept->at >= kTokenKept) {
      kept->token = read_secret(source, from_kubernetes);
      kept->at = now;
    }
    return kept->token;
  };
}

}  // namespace

std::vector<std::string> missing_scopes(std::string_view granted) {
  static constexpr std::array<std::string_view, 5> kNeeded = {
      "commands", "chat:write", "files:write", "usergroups:read", "users:read"};
  const auto given = split(granted, ',');
  std::vector<std::string> missing;
  for (const auto scope : kNeeded)
    if (std::ranges::find(given, scope) == given.end()) missing.emplace_back(scope);
  return missing;
}

Result<std::unique_ptr<Client>> Client::open(const SlackSettings& settings,
                                             const std::filesystem::path& state_folder,
                                             const Clock& clock, Deliver deliver,
                                             const KubernetesSecretReader& from_kubernetes,
                                             const Timing& timing, Meter meter) {
  auto store = open_store(state_folder / kStoreFile);
  if (!store) return std::unexpected(store.error());
  // The constructor is private, so make_unique cannot call it.
  return std::unique_ptr<Client>(new Client(settings, std::move(*store), clock, std::move(deliver),
                                            from_kubernetes, timing, meter));
}

Client::Client(const SlackSettings& settings, std::unique_ptr<Store> store, const Clock& clock,
               Deliver deliver, const KubernetesSecretReader& from_kubernetes, const Timing& timing,
               Meter meter)
    : clock_(clock), meter_(meter), store_(std::move(store)) {
  const TokenReader app_token = token_of(settings.app_token, from_kubernetes, clock);
  bot_token_ = token_of(settings.bot_token, from_kubernetes, clock);
  api_ = std::make_unique<Api>(ApiOptions{.base = settings.api_url,
                                          .ca_file = settings.ca_file.native(),
                                          .app_token = app_token,
                                          .bot_token = bot_token_,
                                          .meter = meter},
                               clock);
  outbox_ = std::make_unique<Outbox>(Outbox::Options{.channel = settings.channel,
                                                     .admin_channel = settings.admin_channel,
                                                     .bot_token = bot_token_},
                                     *api_, *store_, clock);
  check_tokens();
  mode_ = std::make_unique<SocketMode>(
      SocketModeOptions{.timing = timing.link,
                        .ca_file = settings.ca_file.native(),
                        .tls_only = settings.api_url.starts_with("https:"),
                        .command = settings.command,
                        .app_token = app_token,
                        .meter = meter},
      *api_, *store_, clock, std::move(deliver));
}

Client::~Client() {
  // First no more deeds, then the last words, then nobody is left who could call back.
  mode_.reset();
  outbox_->drain(kLastWords);
  api_->stop();
}

void Client::check_tokens() {
  Call call = auth_test();
  call.give_up = kTokenPatience;
  api_->call(std::move(call), [this](const Answer& answer) { take_identity(answer); });
}

void Client::take_identity(const Answer& answer) {
  const std::lock_guard lock(mutex_);
  if (!answer.ok()) {
    if (token_problem_.empty())
      token_problem_ = "[slack] bot_token: " + answer.described("auth.test");
    system::log(system::Level::error, "slack: " + token_problem_);
    return;
  }
  identity_ = {answer.at("/user_id"), answer.at("/bot_id"), answer.at("/team_id")};
  const auto missing =
      answer.scopes.empty() ? std::vector<std::string>() : missing_scopes(answer.scopes);
  if (missing.empty()) return;
  token_problem_ = fmt::format("[slack] bot_token lacks {}: add {} to the app and install it again",
                               joined(missing), missing.size() == 1 ? "it" : "them");
  system::log(system::Level::error, "slack: " + token_problem_);
}

ClientHealth Client::health() const {
  ClientHealth health{
      .link = mode_->health(), .outbox = outbox_->health(), .identity = {}, .problems = {}};
  {
    const std::lock_guard lock(mutex_);
    health.identity = identity_;
    if (!token_problem_.empty()) health.problems.push_back(token_problem_);
  }
  if (!health.link.connected)
    health.problems.push_back("Slack's socket is not connected" +
                              (health.link.problem.empty() ? "" : ": " + health.link.problem));
  if (health.outbox.halted) health.problems.push_back(health.outbox.problem);
  if (health.outbox.down_since)
    health.problems.push_back("Slack's Web API is out of reach since " +
                              clock_text(*health.outbox.down_since) + " UTC");
  return health;
}

void Client::tell_standing() const {
  const OutboxHealth outbox = outbox_->health();
  meter_.standing(mode_->health().connected, outbox.waiting, outbox.oldest);
}

std::optional<Millis> Client::lost_for() const {
  const LinkHealth link = mode_->health();
  const OutboxHealth outbox = outbox_->health();
  if (!link.wanted) return std::nullopt;
  std::optional<Millis> lost;
  if (!link.connected) lost = clock_.moment() - link.since;
  if (outbox.down_since)
    lost = std::max(lost.value_or(Millis{}), clock_.now() - *outbox.down_since);
  return lost;
}

}  // namespace lockkeeper::slack
