// SPDX-License-Identifier: Apache-2.0
#include "bot/cli_daemon_exam.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "integrations/http/client.h"

namespace lockkeeper::cli {
namespace {

using Json = nlohmann::json;

constexpr Millis kTimeout = std::chrono::seconds(3);
constexpr std::string_view kAnswered = "lockkeeper_webhook_requests_total{code=\"";

http::Answered get(const HttpSettings& settings, const std::string& path) {
  http::ClientOptions options;
  options.tls.ca_file = settings.tls_certificate.string();
  http::Client client(options);
  http::ClientRequest request;
  request.url = daemon_url(settings) + path;
  request.timeout = kTimeout;
  return client.call(std::move(request));
}

std::string text_at(const Json& json, const char* name) {
  const auto at = json.is_object() ? json.find(name) : json.end();
  return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}

/// What is ours: its own word for it stands in the answer.
Json about(const http::Reply& reply) {
  auto json = Json::parse(reply.body, nullptr, false);
  const bool ours = reply.status == 200 && text_at(json, "name") == "lockkeeper";
  return ours ? json : Json();
}

/// lockkeeper_webhook_requests_total{code="401"} 3
void read_webhooks(std::string_view metrics, DaemonExam& exam) {
  for (const auto line : split(metrics, '\n')) {
    if (!line.starts_with(kAnswered)) continue;
    const auto code =
        line.substr(kAnswered.size(), line.find('"', kAnswered.size()) - kAnswered.size());
    const auto value = trimmed(line.substr(line.rfind(' ')));
    double count = 0;
    std::from_chars(value.data(), value.data() + value.size(), count);
    exam.webhooks[std::string(code)] = count;
  }
}

}  // namespace

std::string daemon_url(const HttpSettings& settings) {
  const bool everywhere = settings.address == "0.0.0.0" || settings.address == "::";
  const auto host = everywhere ? std::string("127.0.0.1") : settings.address;
  return fmt::format("{}://{}:{}", settings.tls_certificate.empty() ? "http" : "https",
                     host.find(':') == std::string::npos ? host : "[" + host + "]", settings.port);
}

DaemonExam check_up_daemon(const HttpSettings& settings) {
  DaemonExam exam;
  exam.url = daemon_url(settings);
  const auto reply = get(settings, "/api/v1/about");
  if (!reply) {
    const auto kind = reply.error().kind;
    exam.failure = reply.error().what;
    const auto origin = exam.url + ": ";
    if (exam.failure.starts_with(origin)) exam.failure.erase(0, origin.size());
    if (kind == http::FaultKind::timeout) exam.state = DaemonExam::State::broken;
    if (kind == http::FaultKind::tls || kind == http::FaultKind::untrusted ||
        kind == http::FaultKind::other || kind == http::FaultKind::reset)
      exam.state = DaemonExam::State::stranger;
    return exam;
  }
  const auto json = about(*reply);
  if (json.is_null()) {
    exam.state = DaemonExam::State::stranger;
    exam.failure = fmt::format("HTTP {} to /api/v1/about", reply->status);
    return exam;
  }
  exam.state = DaemonExam::State::running;
  exam.version = text_at(json, "version");
  exam.started = text_at(json, "started");
  exam.configuration = text_at(json, "configuration");
  exam.last_webhook = text_at(json, "webhook");
  if (const auto ready = get(settings, "/readyz"); ready && ready->status != 200)
    for (const auto line : split(ready->body, '\n'))
      if (!line.empty()) exam.not_ready.emplace_back(line);
  if (const auto metrics = get(settings, "/metrics")) read_webhooks(metrics->body, exam);
  return exam;
}

std::string newest_test_alert(const HttpSettings& settings) {
  const auto reply = get(settings, "/api/v1/about");
  return reply ? text_at(about(*reply), "test") : std::string();
}

double refused_webhooks(const DaemonExam& exam) {
  const auto at = exam.webhooks.find("401");
  return at == exam.webhooks.end() ? 0 : at->second;
}

}  // namespace lockkeeper::cli
