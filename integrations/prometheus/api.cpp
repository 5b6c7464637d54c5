// SPDX-License-Identifier: Apache-2.0
#include "integrations/prometheus/api.h"

#include <fmt/format.h>

#include "integrations/prometheus/envelope.h"

namespace lockkeeper::prometheus {
namespace {

constexpr int kUnavailable = 503;  // as Prometheus answers a query that ran out of time

http::ClientOptions client_options(const PrometheusSettings& settings) {
  http::ClientOptions options;
  options.tls.ca_file = settings.ca_file.native();
  return options;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/'))
    url.pop_back();
  return url;
}

/// A failed call names the other end, as our callers do for every failure.
std::string without_origin(std::string what, const std::string& url) {
  const std::string origin = http::origin_of(url) + ": ";
  return what.starts_with(origin) ? what.substr(origin.size()) : what;
}

}  // namespace

Api::Api(PrometheusSettings settings, KubernetesSecretReader from_kubernetes)
    : settings_(std::move(settings)),
      from_kubernetes_(std::move(from_kubernetes)),
      client_(client_options(settings_)) {
  settings_.url = without_slash(std::move(settings_.url));
}

std::string Api::origin() const {
  return http::origin_of(settings_.url);
}

std::expected<std::string, ApiFault> Api::ask(const std::string& path, const std::string& form,
                                              std::stop_token stop) {
  http::ClientRequest request;
  request.url = settings_.url + path;
  request.timeout = settings_.timeout;
  request.body_max = static_cast<std::size_t>(settings_.body_max);
  request.stop = std::move(stop);
  if (path.ends_with("/query") || path.ends_with("/query_range")) {
    request.method = "POST";
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    request.body = form;
  } else {
    request.url += "?" + form;
  }
  if (settings_.bearer_token.given()) {
    const auto token = read_secret(settings_.bearer_token, from_kubernetes_);
    if (!token) return std::unexpected(ApiFault{false, token.error().what});
    request.headers.add("Authorization", "Bearer " + *token);
  }
  auto answer = client_.call(std::move(request));
  if (!answer) {
    const auto kind = answer.error().kind;
    const bool too_much = kind == http::FaultKind::too_large || kind == http::FaultKind::timeout;
    return std::unexpected(ApiFault{too_much, without_origin(answer.error().what, settings_.url)});
  }
  if (answer->status == 200) return std::move(answer->body);
  const std::string error = error_text(answer->body);
  const bool too_much = (answer->status == kUnavailable && error.starts_with("timeout")) ||
                        error.contains("too many samples");
  return std::unexpected(ApiFault{
      too_much, fmt::format("HTTP {}{}{}", answer->status, error.empty() ? "" : ", ", error)});
}

std::string encoded(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain || std::string_view("-._~").contains(c)) {
      safe += c;
    } else {
      safe += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return safe;
}

Labels alert_labels(Labels labels) {
  labels.set("__name__", "");
  labels.set("alertstate", "");
  return labels;
}

}  // namespace lockkeeper::prometheus
