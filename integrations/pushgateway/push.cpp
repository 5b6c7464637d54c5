// SPDX-License-Identifier: Apache-2.0
#include "integrations/pushgateway/push.h"

#include <fmt/format.h>

#include <string_view>

#include "integrations/system/log.h"
#include "integrations/system/real_clock.h"
#include "rules/text.h"

namespace lockkeeper::pushgateway {
namespace {

constexpr std::string_view kUnreserved =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kAnswerBytesMax = 64U << 10U;

/// RFC 4648 without padding, which the Pushgateway does not ask for.
std::string base64url(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) -> unsigned {
      return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
    };
    const unsigned three = (byte(i) << 16U) | (byte(i + 1) << 8U) | byte(i + 2);
    const std::size_t digits = std::min<std::size_t>(bytes.size() - i, 3) + 1;
    for (std::size_t digit = 0; digit < digits; ++digit)
      text += kBase64Url[(three >> (18U - 6U * digit)) & 0x3FU];
  }
  return text;
}

}  // namespace

std::string group_path(const std::string& cluster) {
  const std::string path = "/metrics/job/lockkeeper/cluster";
  if (cluster.empty()) return path + "@base64/=";
  const bool plain = cluster.find_first_not_of(kUnreserved) == std::string::npos;
  // "." and ".." would be taken for folders on the way.
  if (plain && cluster != "." && cluster != "..") return path + "/" + cluster;
  return path + "@base64/" + base64url(cluster);
}

Pusher::Pusher(PushgatewaySettings settings, const std::string& cluster, metrics::Metrics& metrics)
    : settings_(std::move(settings)), metrics_(metrics), client_({}) {
  url_ = settings_.url;
  while (url_.ends_with('/'))
    url_.pop_back();
  url_ += group_path(cluster);
}

Status Pusher::push() {
  if (settings_.url.empty()) return {};
  return tell(send("PUT", metrics_.text()));
}

Status Pusher::finish(bool run_is_open) {
  if (settings_.url.empty()) return {};
  metrics_.set(metrics::Metric::serving, 0);
  if (settings_.delete_at_exit && !run_is_open) return tell(send("DELETE", {}));
  return push();
}

/// Only what changes is worth a line: a gateway that is away for a day gets one.
Status Pusher::tell(Status pushed) {
  if (pushed) {
    const std::chrono::duration<double> now = system::RealClock().now().time_since_epoch();
    metrics_.set(metrics::Metric::push_last_success, now.count());
  } else {
    metrics_.add(metrics::Metric::push_failures);
  }
  if (!pushed && !failing_) {
    system::log(system::Level::warn, fmt::format("Pushgateway: {}", pushed.error().what));
  }
  if (pushed && failing_) system::log(system::Level::info, "Pushgateway: takes pushes again");
  failing_ = !pushed;
  return pushed;
}

Status Pusher::send(const std::string& method, std::string body) {
  http::ClientRequest request;
  request.method = method;
  request.url = url_;
  if (!body.empty()) request.headers.add("Content-Type", metrics::kTextType);
  request.body = std::move(body);
  request.timeout = settings_.timeout;
  request.body_max = kAnswerBytesMax;
  request.stop = stopping_.get_token();
  const auto answer = client_.call(std::move(request));
  if (!answer) return fail(answer.error().what);
  if (answer->status == 200 || answer->status == 202) return {};
  // Its words are one line, and tell which metric it did not like.
  return fail(fmt::format("{}: HTTP {} {}", http::origin_of(url_), answer->status,
                          clipped(trimmed(answer->body.substr(0, answer->body.find('\n'))), 200)));
}

}  // namespace lockkeeper::pushgateway
