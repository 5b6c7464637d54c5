// SPDX-License-Identifier: Apache-2.0

// The sections about the cluster and what is done to it.

#include <fmt/format.h>

#include <cstdlib>

#include "config/section_builders.h"

namespace lockkeeper {
namespace {

// Limits of limits: wide enough for any cluster, narrow enough to catch a slip of the unit.
constexpr Millis kDay = 24h;
constexpr std::int64_t kTebibyte = 1LL << 40;

/// The value of the environment variable whose name is given, as in a pod's `env:` section.
ReadValue<std::string> from_environment(std::string_view name) {
  const auto checked = environment_value().read(name);
  if (!checked) return checked;
  const char* value = std::getenv(checked->c_str());
  if (value != nullptr && *value != '\0') return std::string(value);
  return refuse(fmt::format("the environment variable {} is not set", *checked));
}

/// `own_node_env` beside `own_node`: the same value, from the environment. It shows nothing,
/// because the value itself is what was understood.
template <class Find>
void add_plain_env(Table<Settings>& table, const std::string& name, Find find,
                   const ValueKind<std::string>& kind) {
  table.last().group = name;
  auto read = [kind](std::string_view text) -> ReadValue<std::string> {
    const auto value = from_environment(text);
    return value ? kind.read(*value) : value;
  };
  table.key(name + "_env", find,
            ValueKind<std::string>{environment_value().form, read, [](const auto&) { return ""; }},
            "the same, from an environment variable of the pod", "not given");
  table.last().group = name;
}

/// One word, without what ssh or a shell would read as something else.
ValueKind<std::string> login_value() {
  auto read = [](std::string_view text) -> ReadValue<std::string> {
    if (text.find_first_of(" \t\"'@:/\\") == std::string_view::npos) return std::string(text);
    return refuse("a login is one word");
  };
  return {"a login", read, text_value().show};
}

/// Not completed with a folder here: the path is on the node.
ValueKind<std::string> remote_folder_value() {
  auto read = [](std::string_view text) -> ReadValue<std::string> {
    if (text.starts_with('/')) return std::string(text);
    return refuse("write the path on the node in full, beginning with /");
  };
  return {"a path on the node", read, text_value().show};
}

/// The downward API gives a pod its name alone; the loader adds the namespace.
ValueKind<std::string> pod_value() {
  auto read = [](std::string_view text) {
    return text.contains('/') ? namespaced_value().read(text) : name_value("a pod").read(text);
  };
  return {"namespace/name, or a name in the own namespace", read, namespaced_value().show};
}

/// The waits of a node's upgrade, each with its limit.
void add_upgrade_limits(Table<Settings>& table) {
  const auto at = in(&Settings::upgrade);
  table
      .key("soak", at(&UpgradeSettings::soak), duration_value(0s, kDay),
           "good health without a break after each node; any flap starts it again")
      .key("soak_limit", at(&UpgradeSettings::soak_limit), duration_value(1s, 7 * kDay),
           "for a soak with all its new starts; then the run stops")
      .key("drain_timeout", at(&UpgradeSettings::drain_timeout), duration_value(1s, kDay),
           "for the drain of one node; then it is uncordoned and the run stops")
      .key("drain_parallel", at(&UpgradeSettings::drain_parallel), count_value(1, 1000),
           "evictions in flight on one node")
      .key("script_timeout", at(&UpgradeSettings::script_timeout), duration_value(1s, kDay),
           "for the script on one node; kubeadm takes 5 to 15 minutes")
      .key("service_steady", at(&UpgradeSettings::service_steady), duration_value(1s, 10min),
           "a restarted kubelet or containerd must live so long before its script is done")
      .key("ready_timeout", at(&UpgradeSettings::ready_timeout), duration_value(1s, kDay),
           "from the end of that script to a Ready kubelet of the target version")
      .key("poll_interval", at(&UpgradeSettings::poll_interval), duration_value(100ms, 10min),
           "between two looks at a node that is awaited or soaked");
}

}  // namespace

Table<Settings> cluster_table() {
  const auto at = in(&Settings::cluster);
  Table<Settings> table{"cluster", "The cluster as people call it.", {}, {}, {}};
  table.key("name", at(&ClusterSettings::name), text_value(),
            "shown in every message, and the label of pushed metrics");
  return table;
}

// A node or pod name is known to the operator, or to the pod's own environment; so each has a
// second key that names a variable.
Table<Settings> kubernetes_table() {
  const auto at = in(&Settings::kubernetes);
  Table<Settings> table{"kubernetes", "How the API server is reached.", {}, {}, {}};
  table
      .key("kubeconfig", at(&KubernetesSettings::kubeconfig), path_value(), "the kubeconfig to use",
           "the pod's own credentials, else $KUBECONFIG")
      .key("context", at(&KubernetesSettings::context), text_value(),
           "the context in the kubeconfig", "its current-context")
      .key("server", at(&KubernetesSettings::server), url_value(),
           "overrides the kubeconfig's server (that of k3s says 127.0.0.1)",
           "as the kubeconfig says")
      .key("namespace", at(&KubernetesSettings::own_namespace), name_value("a namespace"),
           "the bot's own namespace, whose annotations show the run and carry the kill switch")
      .key("own_node", at(&KubernetesSettings::own_node), name_value("a node"),
           "the node that this process runs on, which it never drains",
           "not a node of the cluster");
  add_plain_env(table, "own_node", at(&KubernetesSettings::own_node), name_value("a node"));
  table.key("own_pod", at(&KubernetesSettings::own_pod), pod_value(),
            "the pod that this process runs in", "not a pod");
  add_plain_env(table, "own_pod", at(&KubernetesSettings::own_pod), pod_value());
  table
      .key("request_timeout", at(&KubernetesSettings::request_timeout),
           duration_value(100ms, 10min), "for one API call, from dial to the last byte")
      .key("outage_limit", at(&KubernetesSettings::outage_limit), duration_value(1s, kDay),
           "how long an API server that is being replaced may stay away");
  return table;
}

Table<Settings> ssh_table() {
  const auto at = in(&Settings::ssh);
  Table<Settings> table{"ssh", "How the nodes are reached.", {}, {}, {}};
  table.key("user", at(&SshSettings::user), login_value(),
            "the login on every node; it needs sudo without a password");
  table.last().required = true;
  table.key("key_file", at(&SshSettings::key_file), path_value(),
            "the private key, without a passphrase");
  table.last().required = true;
  table
      .key("known_hosts", at(&SshSettings::known_hosts), path_value(),
           "host keys, pinned when a node is first seen", "known_hosts beside the journal")
      .key("port", at(&SshSettings::port), port_value(1), "the port of sshd on every node")
      .key("connect_timeout", at(&SshSettings::connect_timeout), duration_value(100ms, 10min),
           "for the connection and the login")
      .key("command_timeout", at(&SshSettings::command_timeout), duration_value(1s, 1h),
           "for one short command; long steps run detached and have limits of their own");
  return table;
}

// Order first, because people change it; limits in the middle, hooks last.
Table<Settings> upgrade_table() {
  using Order = UpgradeSettings::Order;
  const auto at = in(&Settings::upgrade);
  const auto nodes = list_value(name_value("a node"), "a list of nodes");
  Table<Settings> table{"upgrade", "The order of the nodes, their limits, hooks.", {}, {}, {}};
  table
      .key("worker_order", at(&UpgradeSettings::worker_order),
           choice_value<Order>(
               {{"name-desc", Order::name_descending}, {"name-asc", Order::name_ascending}}),
           "the order of the workers that first and last do not name")
      .key("first", at(&UpgradeSettings::first), nodes, "workers that go first, in this order",
           "none")
      .key("last", at(&UpgradeSettings::last), nodes,
           "workers that go last, in this order: the most precious workload", "none");
  add_upgrade_limits(table);
  table
      .key("kubeadm_flags", at(&UpgradeSettings::kubeadm_flags), flags_value(),
           "more flags for kubeadm upgrade apply and node", "none")
      .key("after_control_plane", at(&UpgradeSettings::after_control_plane),
           raw_value("a shell command"), "runs on the control plane after its upgrade", "nothing")
      .key("after_node", at(&UpgradeSettings::after_node), raw_value("a shell command"),
           "runs on each node after its upgrade", "nothing")
      .key("on_hook_failure", at(&UpgradeSettings::hook_failure_stops),
           choice_value<bool>({{"warn", false}, {"stop", true}}),
           "what a failed hook does to the run")
      .key("hook_timeout", at(&UpgradeSettings::hook_timeout), duration_value(1s, kDay),
           "for one hook")
      .key("unevictable_ok", at(&UpgradeSettings::unevictable_ok),
           list_value(namespaced_value(), "a list of namespace/name"),
           "pods without a controller that may be evicted and will not come back", "none");
  return table;
}

// The figures are those of requirement A4.
Table<Settings> preflight_table() {
  const auto at = in(&Settings::preflight);
  Table<Settings> table{"preflight", "What must hold before anything is changed.", {}, {}, {}};
  table
      .key("quiet", at(&PreflightSettings::quiet), duration_value(0s, 30 * kDay),
           "no node may have changed its Ready condition within this time")
      .key("free_min", at(&PreflightSettings::free_bytes_min), size_value(0, 100 * kTebibyte),
           "free space on the control plane and at the snapshot's target")
      .key("snapshot_target", at(&PreflightSettings::snapshot_target), remote_folder_value(),
           "a folder on the control plane whose free space counts too", "not looked at")
      .key("scratch_age", at(&PreflightSettings::scratch_age), duration_value(1h, 3650 * kDay),
           "copies that kubeadm left in /etc/kubernetes/tmp are pruned when older")
      .key("scratch_kept", at(&PreflightSettings::scratch_kept), count_value(0, 1000),
           "the newest copies are never pruned")
      .key("on_blocking_budget", at(&PreflightSettings::blocking_budget_blocks),
           choice_value<bool>({{"block", true}, {"warn", false}}),
           "what a PodDisruptionBudget does to the run that can never allow an eviction")
      .key("limit", at(&PreflightSettings::limit), duration_value(1s, kDay),
           "for all checks together");
  return table;
}

Table<Settings> snapshot_table() {
  // The names and figures are those of a common backup CronJob (requirement A5).
  const auto at = in(&Settings::snapshot);
  Table<Settings> table{"snapshot", "The etcd snapshot that no run goes without.", {}, {}, {}};
  table
      .key("cronjob", at(&SnapshotSettings::cronjob), namespaced_value(),
           "the CronJob whose template makes the one-shot Job")
      .key("timeout", at(&SnapshotSettings::timeout), duration_value(1s, kDay), "for that Job")
      .key("success_text", at(&SnapshotSettings::success_text), text_value(),
           "must stand in the Job's log")
      .key("size_min", at(&SnapshotSettings::size_min), size_value(1, 100 * kTebibyte),
           "a smaller snapshot is not one")
      .key("age_max", at(&SnapshotSettings::age_max), duration_value(1min, 30 * kDay),
           "an older snapshot is not this run's");
  return table;
}

// The figures are those of requirement A11.
Table<Settings> postflight_table() {
  const auto at = in(&Settings::postflight);
  Table<Settings> table{"postflight", "What must hold before success is said.", {}, {}, {}};
  table
      .key("pod_ready_ratio", at(&PostflightSettings::pod_ready_ratio), ratio_value(),
           "Ready pods of all that should run")
      .key("limit", at(&PostflightSettings::limit), duration_value(1s, kDay),
           "for the confirmations to become true");
  return table;
}

}  // namespace lockkeeper
