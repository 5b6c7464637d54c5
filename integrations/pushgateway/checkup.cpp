// SPDX-License-Identifier: Apache-2.0
#include "integrations/pushgateway/checkup.h"

#include <fmt/format.h>

#include "integrations/http/client.h"

namespace lockkeeper::pushgateway {

PushgatewayExam check_up(const PushgatewaySettings& settings, const std::stop_token& stop) {
  PushgatewayExam exam;
  if (settings.url.empty()) return exam;
  exam.origin = http::origin_of(settings.url);
  http::ClientRequest request;
  request.url = settings.url;
  while (request.url.ends_with('/'))
    request.url.pop_back();
  request.url += "/-/ready";
  request.timeout = settings.timeout;
  request.stop = stop;
  http::Client client{{}};
  const auto reply = client.call(std::move(request));
  if (!reply) {
    exam.failure = reply.error().what.substr(exam.origin.size() + 2);
  } else if (reply->status != 200) {
    exam.failure = fmt::format("HTTP {}", reply->status);
  }
  return exam;
}

}  // namespace lockkeeper::pushgateway
