// SPDX-License-Identifier: Apache-2.0
#pragma once

// What was seen of the world: snapshots that the ports bring in. Values only; a fact that could not
// be read is absent or says so, never a default that looks fine.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bot/compat_facts.h"
#include "bot/time.h"
#include "rules/labels.h"
#include "rules/version.h"

namespace lockkeeper {

enum class Condition { yes, no, unknown };

/// One node as the API server reports it.
struct NodeFacts {
  std::string name;
  std::string uid;
  std::string address;  // InternalIP, or empty when the node has none
  bool control_plane = false;
  std::string kubelet_text;        // as reported: "v1.34.2"
  std::optional<Version> kubelet;  // nothing when it does not parse
  std::string runtime;             // "containerd://1.7.27"
  Condition ready = Condition::unknown;
  std::string ready_changed;           // lastTransitionTime as reported; parsed where it is judged
  std::vector<std::string> pressures;  // "MemoryPressure", "DiskPressure", "PIDPressure"
  bool unschedulable = false;
  std::string cordoned_by;    // the run in our own annotation, or empty: a person or nobody
  std::string lease_renewed;  // its Lease's renewTime: changes while the kubelet lives
  std::string boot_id;
};

/// The whole cluster at one moment, small even for 5,000 nodes.
struct ClusterFacts {
  Time taken{};
  std::string api_server_text;
  std::optional<Version> api_server;  // GET /version
  std::vector<NodeFacts> nodes;
  std::string run;   // the run that claims the cluster, from our namespace's annotation
  std::string kill;  // the kill switch's annotation, or empty
  bool namespace_found = false;
};

/// One node looked at closely: what awaiting and soaking it need.
struct NodeHealth {
  NodeFacts node;
  std::vector<std::string> daemons_not_ready;  // DaemonSet pods on it, "kube-system/kube-proxy-x"
  std::vector<std::string> control_plane_not_ready;  // its mirror pods that are not Ready
  std::vector<std::string> control_plane_outdated;   // those that are, but not at the plan's target
  std::optional<Version> api_server;
  bool api_ready = false;  // /readyz, including etcd
};

/// How the workloads are, cluster-wide.
struct WorkloadFacts {
  int pods_wanted = 0;  // neither finished nor being deleted
  int pods_ready = 0;
  std::vector<std::string> pending;  // owners with a Pending pod, "shop/ReplicaSet/web-5d"
};

/// A PodDisruptionBudget that can never allow an eviction, and why.
struct BlockingBudget {
  std::string name;  // namespace/name
  std::string why;
};

/// What a short script found on one node over SSH. Absent members could not be found out.
struct NodeProbe {
  bool reached = false;
  bool sudo = false;
  std::string failure;  // why not, when either is false
  std::optional<std::int64_t> root_free_bytes;
  std::optional<std::int64_t> snapshot_free_bytes;
  std::optional<std::int64_t> etcd_bytes;  // size of the data folder that kubeadm copies
  std::string kubeadm;                     // installed version text
  std::string package;                     // exact package version of the target, or empty
  std::string package_failure;             // apt's words when the repository does not answer
  std::string dpkg_audit;                  // what `dpkg --audit` complains about
  std::optional<std::string> plan_offers;  // what `kubeadm upgrade plan` offers, "" for nothing
  std::string plan_failure;
  std::vector<std::string> dropped_flags;  // hand-set API server flags that would be lost
};

/// A stretch of time in which a run of ours worked on a node.
struct OwnWork {
  Time from{};
  Time to{};
};

/// Everything that the preflight checks judge.
struct PreflightFacts {
  ClusterFacts cluster;
  std::map<std::string, NodeProbe> probes;  // by node
  std::vector<BlockingBudget> budgets;
  std::vector<std::string> missing_rights;  // "create pods/eviction": what the API refuses us
  std::string cronjob_failure;              // why the backup CronJob cannot be used, or empty
  // For the compatibility gate; absent where nobody looked, which only a patch may do without.
  std::optional<CompatFacts> compat;
  // When a run of ours last had its hands on a node, from the journal: what its Ready condition did
  // then was our doing and says nothing about the cluster's peace.
  std::map<std::string, OwnWork> own_work;
};

/// An alert that Alertmanager holds back, and what does.
struct Suppressed {
  Labels labels;
  std::string by;  // "silenced by 7d4c (ana)", "inhibited by KubeNodeNotReady"
};

/// How the looks at one source of alerts go.
struct SourceState {
  std::string name;  // "prometheus", "prometheus eu", "alertmanager", "webhook"
  bool good = false;
  std::string why_not{};              // when it is not
  std::optional<Moment> last_good{};  // nothing: never
  std::string note{};                 // what is odd about it, although it is good
};

/// One look at Prometheus, with what else is known at that moment; or what the looks at several
/// sources come to (lookout.h).
struct Sighting {
  bool good = false;    // 200, success, a vector, timely: only then may anything be quiet
  std::string why_not;  // the reason, in one line
  std::vector<Labels> firing;
  bool watchdog = false;
  std::vector<Labels> pending{};         // asked for only where a rule wants them
  std::vector<Labels> alertmanager{};    // firing by a poll of Alertmanager
  std::vector<Suppressed> suppressed{};  // by a poll of Alertmanager; who is silent is not silenced
  std::optional<Time> at{};              // wall time of the look, for the windows of rules
  std::string note{};                    // what is odd about the source: its clock, a warning

  // Of several sources. Without `good`, what fires in here is more than was known, and not all.
  bool partial = false;            // nothing is wrong: others have not been asked yet
  bool alertmanager_away = false;  // its own alerts cannot be gone: nobody could tell
  std::vector<SourceState> sources{};
};

}  // namespace lockkeeper
