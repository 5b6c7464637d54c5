// SPDX-License-Identifier: Apache-2.0

// The subcommands that talk to a running daemon over its HTTP interface: upgrade and console.

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bot/cli_commands.h"
#include "integrations/console/console_chat.h"
#include "integrations/http/client.h"
#include "integrations/system/real_clock.h"
#include "integrations/system/signals.h"

namespace lockkeeper::cli {
namespace {

using Json = nlohmann::json;

// The daemon answers `plan` and `nodes` after reading the cluster, which may be slow.
constexpr Millis kAnswerTimeout = std::chrono::seconds(60);
constexpr Millis kMessagesEvery = std::chrono::seconds(1);
// A daemon that is restarted in the middle of a run comes back within this.
constexpr int kSilentLooksMax = 60;

void complain(std::string_view what) {
  fmt::print(stderr, "{}\n", what);
}

struct Answer {
  bool ok = false;
  std::string text;
  std::string confirm;
};

struct Posted {
  std::string run;
  std::string text;
  std::string ending;
};

/// The daemon as its clients see it.
class Remote {
 public:
  static Result<Remote> reach(const Settings& settings, const RemoteOptions& options);

  Result<Answer> command(const std::string& text);

  /// What was said since the last call; at first everything from `from_now` on.
  Result<std::vector<Posted>> news();
  void skip_old_news() { skip_ = true; }

 private:
  Remote(std::string url, std::string token, http::ClientTls tls)
      : url_(std::move(url)),
        token_(std::move(token)),
        client_(
            std::make_unique<http::Client>(http::ClientOptions{std::move(tls), {}, "lockkeeper"})) {
  }

  Result<Json> call(const std::string& method, const std::string& path, const std::string& body);

  std::string url_;
  std::string token_;
  std::unique_ptr<http::Client> client_;
  std::string started_;
  std::uint64_t seen_ = 0;
  bool skip_ = false;
};

Result<const ClientSettings*> client_named(const Settings& settings, const std::string& name) {
  if (settings.clients.empty()) {
    return fail("no [client NAME] is configured; commands need its token");
  }
  if (name.empty()) return &settings.clients.front();
  std::vector<std::string_view> known;
  for (const auto& client : settings.clients) {
    if (client.name == name) return &client;
    known.emplace_back(client.name);
  }
  return fail(fmt::format("no [client {}] is configured{}", name, suggestion(name, known)));
}

Result<Remote> Remote::reach(const Settings& settings, const RemoteOptions& options) {
  const auto client = client_named(settings, options.client);
  if (!client) return std::unexpected(client.error());
  auto token = read_secret((*client)->token);
  if (!token) return std::unexpected(token.error());
  const bool tls = !settings.http.tls_certificate.empty();
  const bool everywhere = settings.http.address == "0.0.0.0" || settings.http.address == "::";
  const auto host = everywhere ? std::string("127.0.0.1") : settings.http.address;
  const auto shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  auto url = options.url.empty()
                 ? fmt::format("{}://{}:{}", tls ? "https" : "http", shown, settings.http.port)
                 : options.url;
  while (url.ends_with('/'))
    url.pop_back();
  http::ClientTls trust;
  trust.ca_file = settings.http.tls_certificate.string();
  return Remote(std::move(url), std::move(*token), std::move(trust));
}

Result<Json> Remote::call(const std::string& method, const std::string& path,
                          const std::string& body) {
  http::ClientRequest request;
  request.method = method;
  request.url = url_ + path;
  request.body = body;
  request.timeout = kAnswerTimeout;
  request.headers.set("Authorization", "Bearer " + token_);
  if (!body.empty()) request.headers.set("Content-Type", "application/json");
  auto reply = client_->call(std::move(request));
  if (!reply) {
    return fail(fmt::format("{}; is `lockkeeper serve` running?", reply.error().what));
  }
  auto json = Json::parse(reply->body, nullptr, false);
  if (json.is_discarded() || !json.is_object()) {
    return fail(fmt::format("{}: answered {}: {}", url_, reply->status, clipped(reply->body, 200)));
  }
  return json;
}

Result<Answer> Remote::command(const std::string& text) {
  const Json body = {{"text", text}};
  auto json =
      call("POST", "/api/v1/commands", body.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (!json) return std::unexpected(json.error());
  return Answer{json->value("ok", false), json->value("text", std::string()),
                json->value("confirm", std::string())};
}

Result<std::vector<Posted>> Remote::news() {
  auto json = call("GET", fmt::format("/api/v1/messages?after={}", seen_), "");
  if (!json) return std::unexpected(json.error());
  const auto started = json->value("started", std::string());
  if (!started_.empty() && started != started_) {
    started_ = started;  // restarted: its numbers begin anew
    seen_ = 0;
    return news();
  }
  started_ = started;
  std::vector<Posted> posted;
  const auto messages = json->value("messages", Json::array());
  for (const auto& one : messages) {
    posted.push_back({one.value("run", std::string()), one.value("text", std::string()),
                      one.value("ending", std::string())});
  }
  seen_ = json->value("last", seen_);
  if (std::exchange(skip_, false)) posted.clear();
  return posted;
}

/// One line as it would be typed: words with blanks get their quotes back.
std::string typed(const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words) {
    if (!line.empty()) line += ' ';
    const bool plain = !word.empty() && word.find_first_of(" \t'\"") == std::string::npos;
    line += plain || word.starts_with('{') ? word : lockkeeper::quoted(word);
  }
  return line;
}

bool agreed(const RemoteOptions& options) {
  if (options.yes) return true;
  if (::isatty(STDIN_FILENO) == 0) return false;
  fmt::print("go ahead? [y/N] ");
  static_cast<void>(std::fflush(stdout));
  std::string line;
  std::getline(std::cin, line);
  return line == "y" || line == "Y" || line == "yes";
}

/// Prints what is said until a run ends; 0 when it ended well.
int follow(Remote& remote) {
  system::RealClock clock;
  int silent = 0;
  while (true) {
    const auto posted = remote.news();
    silent = posted ? 0 : silent + 1;
    if (silent > kSilentLooksMax) {
      complain(posted.error().what);
      return kRefused;
    }
    for (const auto& message : posted.value_or(std::vector<Posted>())) {
      fmt::print("{}\n", message.text);
      static_cast<void>(std::fflush(stdout));
      if (message.ending.empty()) continue;
      const bool fine =
          message.ending == "done" || message.ending == "dry" || message.ending == "partial";
      return fine ? kFine : kRefused;
    }
    clock.wait_until(clock.moment() + kMessagesEvery);
  }
}

Result<Remote> reach_or_complain(const RemoteOptions& options) {
  const auto settings = load_or_complain(options.file);
  if (!settings) return fail("");
  auto remote = Remote::reach(*settings, options);
  if (!remote) complain(remote.error().what);
  return remote;
}

}  // namespace

int upgrade(const RemoteOptions& options, const std::vector<std::string>& words) {
  auto remote = reach_or_complain(options);
  if (!remote) return kMisused;
  if (options.follow) {
    remote->skip_old_news();
    if (const auto old = remote->news(); !old) {
      complain(old.error().what);
      return kRefused;
    }
  }
  const auto line = typed(words);
  auto answer = remote->command(line);
  if (answer && !answer->confirm.empty()) {
    if (!options.yes) fmt::print("{}\n", answer->text);
    if (!agreed(options)) {
      complain("not confirmed");
      return kRefused;
    }
    const auto digest = answer->confirm;
    const bool json = line.find('{') != std::string::npos;
    answer =
        json ? remote->command(line.substr(0, line.rfind('}')) + ",\"confirm\":\"" + digest + "\"}")
             : remote->command(line + " --confirm " + digest);
  }
  if (!answer) {
    complain(answer.error().what);
    return kRefused;
  }
  if (!answer->ok) {
    complain(answer->text);
    return kRefused;
  }
  fmt::print("{}\n", answer->text);
  return options.follow ? follow(*remote) : kFine;
}

Result<std::string> ask_daemon(const Settings& settings, const std::string& line, bool& refused) {
  refused = false;
  auto remote = Remote::reach(settings, {});
  if (!remote) return std::unexpected(remote.error());
  auto answer = remote->command(line);
  if (!answer) return std::unexpected(answer.error());
  if (answer->ok) return std::move(answer->text);
  refused = true;
  return fail(answer->text);
}

int console(const RemoteOptions& options) {
  auto remote = reach_or_complain(options);
  if (!remote) return kMisused;
  if (const auto first = remote->news(); !first) {
    complain(first.error().what);
    return kRefused;
  }
  auto signals = system::Signals::install();
  if (!signals) {
    complain(signals.error().what);
    return kRefused;
  }
  console::ConsoleChat chat(STDOUT_FILENO);
  chat.print("attached; type /upgrade help, end with Ctrl-D");
  std::mutex one_at_a_time;
  const console::LineReader reader(
      STDIN_FILENO, {[&](const std::string& line) {
                       if (trimmed(line).empty()) return;
                       const std::scoped_lock lock(one_at_a_time);
                       const auto answer = remote->command(line);
                       chat.print(answer ? answer->text : answer.error().what);
                     },
                     [&] { chat.print("that line is too long"); }, [&] { (*signals)->leave(); }});
  while ((*signals)->next(kMessagesEvery) != system::Event::leave) {
    const std::scoped_lock lock(one_at_a_time);
    for (const auto& message : remote->news().value_or(std::vector<Posted>())) {
      chat.print(message.text);
    }
  }
  return kFine;
}

}  // namespace lockkeeper::cli
