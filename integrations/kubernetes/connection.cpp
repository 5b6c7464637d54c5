// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/connection.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "integrations/http/client_lanes.h"

namespace lockkeeper::kubernetes {
namespace {

constexpr std::string_view kUserAgent = "lockkeeper/0.1";
constexpr Millis kConnectLimit{5'000};

/// Lanes over HTTP that dress each request with the identity of the moment.
class ConnectionLanes final : public Lanes {
 public:
  ConnectionLanes(Connection& connection, std::unique_ptr<http::Lanes> lanes)
      : connection_(connection), lanes_(std::move(lanes)) {}

  Id start(const ApiRequest& request, Done done) override {
    auto dressed = connection_.dressed(request);
    if (!dressed) return refuse(dressed.error(), std::move(done));
    return lanes_->start(std::move(*dressed), std::move(done));
  }

  Id stream(const ApiRequest& request, http::ChunkHandler on_chunk, Done done) override {
    auto dressed = connection_.dressed(request);
    if (!dressed) return refuse(dressed.error(), std::move(done));
    return lanes_->stream(std::move(*dressed), std::move(on_chunk), std::move(done));
  }

  void cancel(Id id) override { lanes_->cancel(id); }

  void turn(Millis max_wait) override {
    const auto refused = std::exchange(refused_, {});
    for (const auto& [fault, done] : refused)
      done(std::unexpected(fault));
    lanes_->turn(refused.empty() ? max_wait : Millis{0});
  }

 private:
  // Called back from turn(), like everything else.
  Id refuse(http::Fault fault, Done done) {
    refused_.emplace_back(std::move(fault), std::move(done));
    return 0;
  }

  Connection& connection_;
  std::unique_ptr<http::Lanes> lanes_;
  std::vector<std::pair<http::Fault, Done>> refused_;
};

http::ClientOptions options() {
  http::ClientOptions options;
  options.user_agent = kUserAgent;
  return options;
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const KubernetesSettings& settings,
                                                     Clock& clock, const Surroundings& around) {
  auto credentials = Credentials::open(settings, clock, around);
  if (!credentials) return std::unexpected(credentials.error());
  return std::make_unique<Connection>(std::move(*credentials));
}

Connection::Connection(std::unique_ptr<Credentials> credentials)
    : credentials_(std::move(credentials)), client_(options()) {}

// Dressed at the last moment: a token that was rotated while a call waited in line is the new one.
std::expected<http::ClientRequest, http::Fault> Connection::dressed(const ApiRequest& request) {
  auto identity = credentials_->identity();
  if (!identity)
    // Nothing was sent, so it may be tried again like a connection that was refused.
    return std::unexpected(http::Fault{http::FaultKind::refused, identity.error().what});
  http::ClientRequest out;
  out.method = request.method;
  out.url = identity->server + request.path;
  out.headers = std::move(identity->headers);
  out.headers.add("Accept", request.accept);
  if (!request.body.empty())
    out.headers.add("Content-Type",
                    request.content_type.empty() ? "application/json" : request.content_type);
  out.body = request.body;
  out.timeout = request.timeout;
  out.connect_timeout = std::min(kConnectLimit, request.timeout);
  out.body_max = request.body_max;
  out.silence_max = request.silence_max;
  out.tls = std::move(identity->tls);
  out.proxy = std::move(identity->proxy);
  return out;
}

http::Answered Connection::call(const ApiRequest& request) {
  auto out = dressed(request);
  if (!out) return std::unexpected(out.error());
  return client_.call(std::move(*out));
}

std::unique_ptr<Lanes> Connection::lanes(int parallel) {
  return std::make_unique<ConnectionLanes>(*this, client_.lanes(parallel));
}

void Connection::distrust() {
  credentials_->distrust();
}

std::string Connection::described() const {
  return credentials_->described();
}

}  // namespace lockkeeper::kubernetes
