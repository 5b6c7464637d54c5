// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/notices.h"

#include <fmt/format.h>

namespace lockkeeper::kubernetes {
namespace {

constexpr std::size_t kNoteMaxBytes = 1024;
constexpr std::string_view kController = "lockkeeper.io/bot";

ApiRequest review_of(const Right& right, Millis timeout) {
  const auto slash = right.resource.find('/');
  Json attributes = {{"verb", right.verb},
                     {"group", right.group},
                     {"resource", right.resource.substr(0, slash)},
                     {"namespace", right.space}};
  if (slash != std::string::npos) attributes["subresource"] = right.resource.substr(slash + 1);
  if (right.resource == "namespaces") attributes["name"] = right.space;
  if (!right.name.empty()) attributes["name"] = right.name;
  const Json resource = {{"resourceAttributes", std::move(attributes)}};
  const Json page = {{"nonResourceAttributes", {{"verb", right.verb}, {"path", right.resource}}}};
  ApiRequest request;
  request.method = "POST";
  request.path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  request.body = dumped({{"apiVersion", "authorization.k8s.io/v1"},
                         {"kind", "SelfSubjectAccessReview"},
                         {"spec", right.is_page() ? page : resource}});
  request.timeout = timeout;
  return request;
}

/// "2026-11-20T17:35:37.123000Z": the MicroTime that eventTime demands.
std::string micro_time(Time time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  auto text = to_string(Time(whole));
  text.pop_back();
  return fmt::format("{}.{:06}Z", text, (time - whole).count() * 1000);
}

}  // namespace

bool say_event(Client& client, const NodeEvent& event) {
  const Time now = client.clock().now();
  ApiRequest request;
  request.method = "POST";
  // An Event about an object without a namespace belongs into "default".
  request.path = "/apis/events.k8s.io/v1/namespaces/default/events";
  request.body = dumped(
      {{"apiVersion", "events.k8s.io/v1"},
       {"kind", "Event"},
       {"metadata",
        {{"name", fmt::format("{}.{:x}", event.node, now.time_since_epoch().count() * 1'000'000)},
         {"namespace", "default"}}},
       {"eventTime", micro_time(now)},
       {"reportingController", kController},
       {"reportingInstance", "lockkeeper"},
       {"action", event.reason},
       {"reason", event.reason},
       {"type", event.warning ? "Warning" : "Normal"},
       // `kubectl describe node` finds events whose uid is the node's name.
       {"regarding",
        {{"apiVersion", "v1"}, {"kind", "Node"}, {"name", event.node}, {"uid", event.node}}},
       {"note", clipped(event.note, kNoteMaxBytes)}});
  request.timeout = client.timeout();
  return client.write(request).has_value();
}

Result<bool> allowed(Client& client, const Right& right) {
  const auto review = client.write(review_of(right, client.timeout()));
  if (!review) return std::unexpected(failure_of(review.error()));
  return flag_at(*review, {"status", "allowed"});
}

Result<std::vector<std::string>> missing_rights(Client& client, const Settings& settings) {
  std::vector<std::string> missing;
  for (const auto& right : needed_rights(settings)) {
    // The compatibility gate, which needs the page, tells by itself that it cannot read it.
    if (right.is_page()) continue;
    const auto may = allowed(client, right);
    if (!may) return std::unexpected(may.error());
    if (!*may) missing.push_back(to_string(right));
  }
  return missing;
}

}  // namespace lockkeeper::kubernetes
