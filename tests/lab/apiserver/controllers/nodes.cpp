// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tests/lab/apiserver/controllers/controllers.h"
#include "tests/lab/apiserver/controllers/workload.h"
#include "tests/lab/apiserver/wire_time.h"
#include "tests/lab/apiserver/writes.h"

namespace lockkeeper::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kLeaseNamespace = "kube-node-lease";
constexpr std::array kPressures = {"MemoryPressure", "DiskPressure", "PIDPressure"};
// More than so many lease renewals a second would be a load of its own in a large world.
constexpr std::size_t kRenewalsPerSecond = 250;

struct TaintRule {
  const char* key;
  const char* effect;
  bool wanted;
};

class Nodes : public Controller {
 public:
  using Controller::Controller;

  void observe(const Change& change) override {
    if (change.resource == &nodes_) {
      if (!change.before || has_reported(change)) heard_[change.key.name] = steady_clock::now();
      if (!change.after) heard_.erase(change.key.name);
      mark({"", change.key.name});
    }
    if (change.resource != &leases_ || change.key.ns != kLeaseNamespace || !change.after) return;
    if (is_simulated(change.key.name)) return;
    heard_[change.key.name] = steady_clock::now();
    mark({"", change.key.name});
  }

  void reconcile(const Key& key) override {
    const ObjectPtr node = cluster_.store.get(nodes_, key);
    if (!node) return drop_pods(key.name);
    if (annotation_of(node->body, "lab/kubelet") == "simulated") {
      simulate(key, *node);
    } else {
      judge(key, *node);
    }
    taint(key);
  }

 private:
  /// The kubelet itself has written its Ready condition: that counts like a lease renewed.
  static bool has_reported(const Change& change) {
    if (!change.after) return false;
    const auto ready = [](const Json& node) {
      const Json* condition = entry_with(list_at(node, "status/conditions"), "type", "Ready");
      return condition == nullptr ? Json() : *condition;
    };
    const Json now = ready(change.after->body);
    return now != ready(change.before->body) && text_at(now, "status") != "Unknown";
  }

  [[nodiscard]] bool is_simulated(const std::string& name) const {
    const ObjectPtr node = cluster_.store.get(nodes_, {"", name});
    return node && annotation_of(node->body, "lab/kubelet") == "simulated";
  }

  /// The kubelet of a simulated node: its status, and its lease from time to time.
  void simulate(const Key& key, const Object& node) {
    edit(cluster_, nodes_, key, [&](Json& body) { fill_status(body); });
    const auto period = std::max<milliseconds>(
        cluster_.options.lease_period,
        milliseconds(cluster_.store.all(nodes_).size() * 1000 / kRenewalsPerSecond));
    auto& next = next_renewal_[key.name];
    const auto now = steady_clock::now();
    if (now >= next) {
      next = now + period;
      renew(key.name, node);
    }
    mark(key, std::chrono::ceil<milliseconds>(next - now));
  }

  static void fill_status(Json& body) {
    Json& info = place(body, "status/nodeInfo");
    const auto fallback = [&](const char* field, const char* value) {
      if (!info.contains(field)) info[field] = value;
    };
    const auto version = annotation_of(body, "lab/kubelet-version");
    if (!version.empty()) info["kubeletVersion"] = "v" + std::string(version);
    fallback("kubeletVersion", "v1.34.2");
    fallback("kubeProxyVersion", "");
    fallback("containerRuntimeVersion", "containerd://1.7.27");
    fallback("osImage", "Debian GNU/Linux 12 (bookworm)");
    fallback("kernelVersion", "6.1.0-38-amd64");
    fallback("operatingSystem", "linux");
    fallback("architecture", "amd64");
    const std::string id = string_at(body, "metadata/uid");
    fallback("machineID", id.c_str());
    fallback("systemUUID", id.c_str());
    fallback("bootID", id.c_str());
    Json& status = body["status"];
    const Json size = {
        {"cpu", "4"}, {"memory", "8Gi"}, {"ephemeral-storage", "100Gi"}, {"pods", "110"}};
    for (const char* field : {"capacity", "allocatable"}) {
      if (!status.contains(field)) status[field] = size;
    }
    for (const auto* pressure : kPressures) {
      set_condition(body, pressure, "False", fmt::format("KubeletHasNo{}", pressure), "");
    }
    const bool down = annotation_of(body, "lab/ready") == "false";
    set_condition(body, "Ready", down ? "False" : "True", down ? "KubeletNotReady" : "KubeletReady",
                  down ? "the lab says so" : "kubelet is posting ready status");
    for (auto& condition : status["conditions"]) {
      if (!condition.contains("lastHeartbeatTime")) condition["lastHeartbeatTime"] = now_seconds();
    }
  }

  void renew(const std::string& name, const Object& node) {
    const Key key{kLeaseNamespace, name};
    if (cluster_.store.get(leases_, key)) {
      edit(cluster_, leases_, key, [](Json& body) { body["spec"]["renewTime"] = now_micros(); });
      return;
    }
    (void)create_object(
        cluster_, leases_,
        {{"metadata",
          {{"name", name},
           {"namespace", kLeaseNamespace},
           {"ownerReferences", Json::array({{{"apiVersion", "v1"},
                                             {"kind", "Node"},
                                             {"name", name},
                                             {"uid", uid_of(node.body)}}})}}},
         {"spec",
          {{"holderIdentity", name}, {"leaseDurationSeconds", 40}, {"renewTime", now_micros()}}}});
  }

  /// A node whose kubelet has gone quiet: Unknown, as the node lifecycle controller has it.
  void judge(const Key& key, const Object& node) {
    auto& heard = heard_.try_emplace(key.name, steady_clock::now()).first->second;
    // Nobody could renew a lease while the API was away.
    heard = std::max(heard, cluster_.reachable_since);
    const auto quiet = steady_clock::now() - heard;
    if (quiet < cluster_.options.node_grace) {
      return mark(key, std::chrono::ceil<milliseconds>(cluster_.options.node_grace - quiet));
    }
    mark(key, milliseconds(1000));
    if (condition_of(node.body, "Ready") == "Unknown") return;
    edit(cluster_, nodes_, key, [](Json& body) {
      set_condition(body, "Ready", "Unknown", "NodeStatusUnknown",
                    "Kubelet stopped posting node status.");
      for (const auto* pressure : kPressures) {
        set_condition(body, pressure, "Unknown", "NodeStatusUnknown",
                      "Kubelet stopped posting node status.");
      }
    });
    for (const auto& pod : std::set<Key>(cluster_.store.pods_on(key.name))) {
      edit(cluster_, pods_, pod, [](Json& body) {
        if (is_ready(body)) set_condition(body, "Ready", "False", "NodeNotReady", "");
      });
    }
  }

  void taint(const Key& key) {
    const ObjectPtr node = cluster_.store.get(nodes_, key);
    const auto ready = condition_of(node->body, "Ready");
    const std::array rules = {
        TaintRule{"node.kubernetes.io/unschedulable", "NoSchedule",
                  flag_at(node->body, "spec/unschedulable")},
        TaintRule{"node.kubernetes.io/not-ready", "NoSchedule", ready == "False" || ready.empty()},
        TaintRule{"node.kubernetes.io/not-ready", "NoExecute", ready == "False" || ready.empty()},
        TaintRule{"node.kubernetes.io/unreachable", "NoSchedule", ready == "Unknown"},
        TaintRule{"node.kubernetes.io/unreachable", "NoExecute", ready == "Unknown"},
    };
    Json taints = Json::array();
    for (const auto& taint : list_at(node->body, "spec/taints")) {
      const bool ours = std::ranges::any_of(rules, [&](const TaintRule& rule) {
        return text_at(taint, "key") == rule.key && text_at(taint, "effect") == rule.effect &&
               !rule.wanted;
      });
      if (!ours) taints.push_back(taint);
    }
    for (const auto& rule : rules) {
      const bool there = std::ranges::any_of(taints, [&](const Json& taint) {
        return text_at(taint, "key") == rule.key && text_at(taint, "effect") == rule.effect;
      });
      if (rule.wanted && !there) {
        taints.push_back(
            {{"key", rule.key}, {"effect", rule.effect}, {"timeAdded", now_seconds()}});
      }
    }
    edit(cluster_, nodes_, key, [&](Json& body) {
      if (!taints.empty()) place(body, "spec/taints") = taints;
      if (taints.empty()) erase_at(body, "spec/taints");
    });
  }

  /// The node is gone for good: nobody is left who could end its pods.
  void drop_pods(const std::string& name) {
    for (const auto& pod : std::set<Key>(cluster_.store.pods_on(name)))
      cluster_.store.remove(pods_, pod);
  }

  std::map<std::string, SteadyTime> heard_;
  std::map<std::string, SteadyTime> next_renewal_;
  const Resource& nodes_ = resource("nodes");
  const Resource& leases_ = resource("leases");
  const Resource& pods_ = resource("pods");
};

}  // namespace

std::unique_ptr<Controller> nodes(Cluster& cluster, Loop& loop) {
  return std::make_unique<Nodes>(cluster, loop);
}

}  // namespace lockkeeper::lab
