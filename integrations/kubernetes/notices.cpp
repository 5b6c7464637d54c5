// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/notices.h"

#include <fmt/format.h>

namespace lockkeeper::kubernetes {
namespace {

constexpr std::size_t kNoteMaxBytes = 1024;
constexpr std::string_view kController = "lockkeeper.io/bot";

struct Right {
  std::string verb;
  std::string group;
  std::string resource;  // with its subresource: "pods/eviction"
  std::string space;     // empty: the whole cluster
};

/// Everything that these functions ever call, and nothing more: the shipped role says the same.
std::vector<Right> needed_rights(const Settings& settings) {
  const auto& own = settings.kubernetes.own_namespace;
  const auto& cronjob = settings.snapshot.cronjob;
  const auto backup = cronjob.substr(0, cronjob.find('/'));
  return {{"get", "", "nodes", ""},
          {"list", "", "nodes", ""},
          {"watch", "", "nodes", ""},
          {"patch", "", "nodes", ""},
          {"get", "coordination.k8s.io", "leases", "kube-node-lease"},
          {"list", "coordination.k8s.io", "leases", "kube-node-lease"},
          {"get", "", "pods", ""},
          {"list", "", "pods", ""},
          {"watch", "", "pods", ""},
          {"create", "", "pods/eviction", ""},
          {"get", "apps", "daemonsets", ""},
          {"get", "apps", "replicasets", ""},
          {"get", "apps", "statefulsets", ""},
          {"get", "batch", "jobs", ""},
          {"list", "policy", "poddisruptionbudgets", ""},
          {"watch", "policy", "poddisruptionbudgets", ""},
          {"get", "batch", "cronjobs", backup},
          {"create", "batch", "jobs", backup},
          {"get", "batch", "jobs", backup},
          {"list", "batch", "jobs", backup},
          {"watch", "batch", "jobs", backup},
          {"get", "", "pods/log", backup},
          {"get", "", "namespaces", own},
          {"patch", "", "namespaces", own}};
}

ApiRequest review_of(const Right& right, Millis timeout) {
  const auto slash = right.resource.find('/');
  Json attributes = {{"verb", right.verb},
                     {"group", right.group},
                     {"resource", right.resource.substr(0, slash)},
                     {"namespace", right.space}};
  if (slash != std::string::npos) attributes["subresource"] = right.resource.substr(slash + 1);
  if (right.resource == "namespaces") attributes["name"] = right.space;
  ApiRequest request;
  request.method = "POST";
  request.path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  request.body = dumped({{"apiVersion", "authorization.k8s.io/v1"},
                         {"kind", "SelfSubjectAccessReview"},
                         {"spec", {{"resourceAttributes", std::move(attributes)}}}});
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

Result<std::vector<std::string>> missing_rights(Client& client, const Settings& settings) {
  std::vector<std::string> missing;
  for (const auto& right : needed_rights(settings)) {
    const auto review = client.write(review_of(right, client.timeout()));
    if (!review) return std::unexpected(failure_of(review.error()));
    if (flag_at(*review, {"status", "allowed"})) continue;
    const auto where = right.space.empty() ? "" : " in namespace " + right.space;
    missing.push_back(fmt::format("{} {}{}", right.verb, right.resource, where));
  }
  return missing;
}

}  // namespace lockkeeper::kubernetes
