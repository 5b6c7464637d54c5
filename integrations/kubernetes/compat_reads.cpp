// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/compat_reads.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "integrations/kubernetes/connection.h"
#include "integrations/kubernetes/list.h"
#include "integrations/kubernetes/objects.h"

namespace lockkeeper::kubernetes {
namespace {

constexpr int kPodPage = 500;
constexpr std::size_t kImagesMax = 5'000;
constexpr std::string_view kUses = "apiserver_requested_deprecated_apis{";
constexpr std::string_view kStarted = "process_start_time_seconds ";
constexpr std::string_view kAnyOfIts = "apiserver_";
constexpr std::string_view kEndpoint =
    "kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint";
constexpr int kPort = 6443;  // where neither kubeadm nor anybody else says it

/// An API server and where it listens itself; the address is empty for the one at hand.
struct Server {
  std::string name;
  std::string address;
};

std::string label_of(const Pod& pod, const std::string& name) {
  const auto at = pod.labels.find(name);
  return at == pod.labels.end() ? std::string() : at->second;
}

std::string bracketed(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

/// kubeadm's static pods tell where they listen; k3s has none, and its servers are nodes.
ApiResult<std::vector<Server>> servers_of(Client& client, const ClusterFacts& facts,
                                          const Patience& patience) {
  std::vector<Server> servers;
  const auto listed = list(
      client, {"/api/v1/namespaces/kube-system/pods", "labelSelector=component%3Dkube-apiserver"},
      patience,
      {[&](const Json& item) {
         const auto pod = pod_of(item);
         if (pod.finished()) return;
         auto address = annotation_of(item, kEndpoint);
         const auto node = std::ranges::find(facts.nodes, pod.node, &NodeFacts::name);
         if (address.empty() && node != facts.nodes.end())
           address = fmt::format("{}:{}", bracketed(node->address), kPort);
         servers.push_back({pod.node, address});
       },
       [&] { servers.clear(); }});
  if (!listed) return std::unexpected(listed.error());
  if (servers.empty()) {
    for (const auto& node : facts.nodes)
      if (node.control_plane)
        servers.push_back({node.name, fmt::format("{}:{}", bracketed(node.address), kPort)});
  }
  if (servers.empty()) servers.push_back({"at hand", {}});
  if (servers.size() == 1) servers.front().address.clear();
  return servers;
}

ApiServerUse use_of(Client& client, const std::string& server, const Patience& patience) {
  ApiRequest request;
  request.path = "/metrics";
  request.accept = "text/plain";
  request.timeout = client.timeout();
  const auto reply = client.read(request, patience);
  if (!reply) return {server, reply.error().what, {}, {}};
  return parse_uses(server, reply->body);
}

/// The value of a label in `name="value",...`; the names and values here hold no escapes.
std::string label_in(std::string_view labels, std::string_view name) {
  const auto start = fmt::format("{}=\"", name);
  for (auto at = labels.find(start); at != labels.npos; at = labels.find(start, at + 1)) {
    if (at != 0 && labels[at - 1] != ',') continue;
    const auto value = labels.substr(at + start.size());
    return std::string(value.substr(0, value.find('"')));
  }
  return {};
}

std::optional<double> number_in(std::string_view text) {
  text = text.substr(0, text.find(' '));
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = read.ec == std::errc{} && read.ptr == text.data() + text.size();
  return whole && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

void take_use(std::string_view line, ApiServerUse& found) {
  const auto end = line.find('}');
  if (end == line.npos || number_in(trimmed(line.substr(end + 1))) == 0.0) return;
  const auto labels = line.substr(kUses.size(), end - kUses.size());
  DeprecatedUse use{fmt::format("{}/{}/{}", label_in(labels, "group"), label_in(labels, "version"),
                                label_in(labels, "resource")),
                    label_in(labels, "removed_release")};
  if (std::ranges::find(found.uses, use) == found.uses.end()) found.uses.push_back(std::move(use));
}

}  // namespace

Result<std::vector<RunningImage>> running_images(Client& client, const Patience& patience) {
  std::set<RunningImage> images;
  const auto listed =
      list(client,
           {"/api/v1/pods", "fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed",
            kPodPage},
           patience,
           {[&](const Json& item) {
              const auto pod = pod_of(item);
              auto name = label_of(pod, "app.kubernetes.io/name");
              if (name.empty()) name = label_of(pod, "k8s-app");
              for (const auto& image : pod.images)
                images.insert({image, name, label_of(pod, "app.kubernetes.io/version")});
            },
            [&] { images.clear(); }});
  if (!listed) return std::unexpected(failure_of(listed.error()));
  if (images.size() > kImagesMax)
    return fail(fmt::format("more than {} different images run", kImagesMax));
  return std::vector(images.begin(), images.end());
}

Result<std::vector<ApiServerUse>> api_server_uses(Client& client,
                                                  const KubernetesSettings& settings,
                                                  const ClusterFacts& facts,
                                                  const Patience& patience) {
  const auto servers = servers_of(client, facts, patience);
  if (!servers) return std::unexpected(failure_of(servers.error()));
  std::vector<ApiServerUse> uses;
  for (const auto& server : *servers) {
    if (server.address.empty()) {
      uses.push_back(use_of(client, server.name, patience));
      continue;
    }
    auto own = settings;
    own.server = "https://" + server.address;
    auto connection = Connection::open(own, client.clock());
    if (!connection) {
      uses.push_back({server.name, connection.error().what, {}, {}});
      continue;
    }
    Client direct(**connection, client.clock(), client.timeout());
    uses.push_back(use_of(direct, server.name, patience));
  }
  return uses;
}

ApiServerUse parse_uses(const std::string& server, std::string_view metrics) {
  ApiServerUse found{server, {}, {}, {}};
  bool any = false;
  while (!metrics.empty()) {
    const auto end = std::min(metrics.find('\n'), metrics.size());
    const auto line = metrics.substr(0, end);
    metrics.remove_prefix(std::min(end + 1, metrics.size()));
    any = any || line.starts_with(kAnyOfIts);
    if (line.starts_with(kUses)) take_use(line, found);
    if (!line.starts_with(kStarted)) continue;
    if (const auto seconds = number_in(line.substr(kStarted.size())); seconds && *seconds > 0)
      found.started = Time(Millis(static_cast<std::int64_t>(*seconds * 1000)));
  }
  if (!any) found.failure = "its /metrics holds no metrics of an API server";
  return found;
}

}  // namespace lockkeeper::kubernetes
