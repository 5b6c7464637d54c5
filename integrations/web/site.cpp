// SPDX-License-Identifier: Apache-2.0
#include "integrations/web/site.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "integrations/http/server.h"
#include "integrations/system/real_clock.h"
#include "integrations/web/routes.h"

namespace lockkeeper::web {
namespace {

// Tokens in Kubernetes Secrets: a kubelet would take about a minute to bring them into a volume.
constexpr Millis kTokensRefresh = 30s;

bool is_loopback(const std::string& address) {
  in_addr v4{};
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, address.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6) != 0;
  return address == "localhost";
}

/// Whether any token has to be fetched from the cluster from time to time.
bool in_kubernetes(const HttpSettings& settings, const std::vector<ClientSettings>& clients) {
  const auto is_remote = [](const SecretSource& source) { return !source.kubernetes.empty(); };
  return std::ranges::any_of(settings.webhook_tokens, is_remote) ||
         std::ranges::any_of(clients, is_remote, &ClientSettings::token);
}

http::ServerOptions options_of(const HttpSettings& settings) {
  http::ServerOptions options;
  options.address = settings.address;
  options.port = settings.port;
  options.tls.certificate_file = settings.tls_certificate.native();
  options.tls.key_file = settings.tls_key.native();
  // Not required of everybody: clients and probes come with a token or with nothing.
  options.tls.client_ca_file = settings.client_ca.native();
  options.connections_max = static_cast<std::size_t>(settings.connections_max);
  options.header_timeout = settings.header_timeout;
  options.body_timeout = settings.body_timeout;
  options.idle_timeout = settings.idle_timeout;
  return options;
}

}  // namespace

/// Destroyed from the last to the first: the port closes before anything behind it goes.
struct Site::Running {
  Routes routes;
  std::unique_ptr<system::Periodic> refresh;
  std::unique_ptr<http::Server> server;
};

Site::Site(std::unique_ptr<Running> running) : running_(std::move(running)) {}

Site::~Site() {
  running_->server->stop();
}

Result<std::unique_ptr<Site>> Site::open(const HttpSettings& settings,
                                         const std::vector<ClientSettings>& clients, Sinks sinks,
                                         Surroundings surroundings) {
  const bool guarded = !settings.webhook_tokens.empty() || !settings.client_ca.empty();
  if (!guarded && !is_loopback(settings.address)) {
    return fail(
        fmt::format("[http] address {} can be reached by others, so webhook_token_file or "
                    "client_ca_file is needed; without them only 127.0.0.1 and ::1 are served",
                    settings.address));
  }
  std::unique_ptr<Running> running(
      new Running{.routes = Routes(settings, clients, std::move(sinks), std::move(surroundings)),
                  .refresh = nullptr,
                  .server = nullptr});
  Routes& routes = running->routes;
  if (in_kubernetes(settings, clients)) {
    running->refresh =
        std::make_unique<system::Periodic>(kTokensRefresh, [&routes] { routes.refresh_tokens(); });
  }
  // A wrong token is refused on the headers alone, before its body costs memory.
  http::ServerOptions options = options_of(settings);
  options.admit = [&routes](const http::Request& request) { return routes.admit(request); };
  auto server = http::Server::listen(
      std::move(options), [&routes](const http::Exchange& exchange) { routes.serve(exchange); });
  if (!server) return std::unexpected(server.error());
  running->server = std::move(*server);
  return std::unique_ptr<Site>(new Site(std::move(running)));
}

std::uint16_t Site::port() const {
  return running_->server->port();
}

}  // namespace lockkeeper::web
