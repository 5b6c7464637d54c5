// SPDX-License-Identifier: Apache-2.0

// Alertmanager's configuration, read as far as it tells who posts to us. The only file here that
// knows YAML.

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

#include "integrations/alertmanager/checkup.h"

namespace lockkeeper::alertmanager {
namespace {

constexpr std::size_t kBytesMax = 4U << 20U;
constexpr int kDepthMax = 32;
constexpr std::size_t kWebhooksMax = 1'000;

std::string text_of(const YAML::Node& node) {
  return node && node.IsScalar() ? node.Scalar() : std::string();
}

/// Every receiver to which the tree of routes leads; one without a receiver has its parent's.
void collect(const YAML::Node& route, const std::string& inherited, int depth,
             std::set<std::string>& receivers) {
  if (!route.IsMap() || depth > kDepthMax) return;
  const auto own = route["receiver"] ? text_of(route["receiver"]) : inherited;
  receivers.insert(own);
  const auto children = route["routes"];
  if (!children || !children.IsSequence()) return;
  for (const auto& child : children)
    collect(child, own, depth + 1, receivers);
}

void add_receiver(const YAML::Node& receiver, const std::set<std::string>& routed,
                  std::vector<WebhookRoute>& found) {
  const auto webhooks = receiver["webhook_configs"];
  if (!webhooks || !webhooks.IsSequence()) return;
  for (const auto& webhook : webhooks) {
    if (!webhook.IsMap() || found.size() == kWebhooksMax) continue;
    WebhookRoute route;
    route.receiver = text_of(receiver["name"]);
    route.url = text_of(webhook["url"]);
    // Since 0.26 it shows `<secret>`.
    if (!route.url.starts_with("http")) route.url.clear();
    route.routed = routed.contains(route.receiver);
    route.send_resolved = text_of(webhook["send_resolved"]) != "false";
    found.push_back(std::move(route));
  }
}

}  // namespace

Result<std::vector<WebhookRoute>> webhook_routes(std::string_view yaml) {
  if (yaml.empty() || yaml.size() > kBytesMax) return fail("it does not show its configuration");
  try {
    const auto root = YAML::Load(std::string(yaml));
    const auto receivers = root.IsMap() ? root["receivers"] : YAML::Node();
    if (!receivers || !receivers.IsSequence())
      return fail("its configuration has no list of receivers");
    std::set<std::string> routed;
    if (root["route"]) collect(root["route"], "", 0, routed);
    std::vector<WebhookRoute> found;
    for (const auto& receiver : receivers)
      if (receiver.IsMap()) add_receiver(receiver, routed, found);
    return found;
  } catch (const YAML::Exception& error) {
    return fail(fmt::format("its configuration is no YAML: {}", clipped(error.what(), 120)));
  }
}

}  // namespace lockkeeper::alertmanager
