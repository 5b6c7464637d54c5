// SPDX-License-Identifier: Apache-2.0

// What is wrong with the API server, our rights there, the backup, and the place where we run.

#include <fmt/format.h>

#include <algorithm>

#include "bot/doctor_judges.h"

namespace lockkeeper::doctor {
namespace {

// kubeadm renews certificates at every upgrade, and a year is their life: two weeks are left to
// act.
constexpr Millis kRenewBefore = 14 * 24h;

void certificate(std::string_view whose, const std::optional<Time>& ends, std::string_view renew,
                 Time now, Findings& found) {
  if (!ends) return;
  const auto what =
      fmt::format("{} {} {}", whose, *ends <= now ? "ended" : "ends", days_text(*ends, now));
  if (*ends - now >= kRenewBefore) {
    found.ok(what);
  } else if (*ends <= now) {
    found.broken(what, std::string(renew));
  } else {
    found.warn(what, std::string(renew));
  }
}

void rights(const Case& seen, const KubernetesExam& exam, Findings& found) {
  if (!exam.rights_failure.empty())
    return found.unchecked("rights: " + exam.rights_failure, "let us ask: system:basic-user");
  for (const auto& right : exam.missing) {
    found.broken(fmt::format("the role lacks \"{}\"", to_string(right)),
                 fmt::format("add to {}: {} (config/deploy/rbac.yaml has the whole role)",
                             role_of(right), rule_line(right)));
  }
  for (const auto& right : exam.needless) {
    found.warn(fmt::format("the role is too wide: \"{}\" is never used", to_string(right)),
               right.verb == "*"
                   ? "bind the role of config/deploy/rbac.yaml instead of cluster-admin"
                   : fmt::format("take it out of {}: {}", role_of(right), rule_line(right)));
  }
  if (exam.missing.empty() && exam.needless.empty())
    found.ok(fmt::format("the role has the {} rights that are needed, and no more",
                         needed_rights(seen.settings).size()));
}

void nodes_and_place(const Case& seen, const ClusterFacts& cluster, Findings& found) {
  for (const auto& node : cluster.nodes) {
    if (node.ready != Condition::yes)
      found.broken(fmt::format("{} is not Ready", node.name),
                   fmt::format("kubectl describe node {}", node.name));
    if (node.address.empty())
      found.broken(fmt::format("{} has no InternalIP", node.name),
                   "give its kubelet --node-ip; the bot dials that address");
  }
  const auto& own = seen.settings.kubernetes.own_node;
  if (own.empty()) return;
  const auto place = std::ranges::find(cluster.nodes, own, &NodeFacts::name);
  if (place == cluster.nodes.end()) {
    found.broken(fmt::format("[kubernetes] own_node = {} is no node of the cluster", own),
                 "own_node_env = NODE_NAME in a pod (fieldRef spec.nodeName); nothing elsewhere");
  } else if (seen.settings.kubernetes.own_pod.empty()) {
    found.broken(fmt::format("the bot runs on {} and cannot step aside", own),
                 "own_pod_env = POD_NAME in [kubernetes] (fieldRef metadata.name)");
  } else if (cluster.nodes.size() == 1) {
    found.broken(fmt::format("the bot runs on {}, the only node", own), "run it outside");
  } else if (place->control_plane) {
    found.warn(fmt::format("the bot runs on {}, a control plane, which is upgraded first", own),
               "keep its pod on the worker that is upgraded last (docs/getting-started.md)");
  } else {
    found.ok(fmt::format("the bot runs on {} and can step aside", own));
  }
}

void backup(const Case& seen, const KubernetesExam& exam, Findings& found) {
  const auto& name = seen.settings.snapshot.cronjob;
  const bool forbidden = std::ranges::any_of(
      exam.missing, [](const Right& right) { return right.resource == "cronjobs"; });
  if (forbidden) {
    found.unchecked(fmt::format("CronJob {}: we may not read it, see above", name));
  } else if (!exam.cronjob.failure.empty()) {
    found.broken("the backup: " + exam.cronjob.failure,
                 "kubectl apply -f config/deploy/backup-etcd.yaml, or name yours: [snapshot] "
                 "cronjob = NAMESPACE/NAME");
  } else if (exam.cronjob.suspended) {
    const auto slash = name.find('/');
    found.broken(
        fmt::format("CronJob {} is suspended: nobody backs etcd up between runs", name),
        fmt::format("kubectl -n {} patch cronjob {} -p '{{\"spec\":{{\"suspend\":false}}}}'",
                    name.substr(0, slash), name.substr(slash + 1)));
  } else {
    found.ok(fmt::format("CronJob {} is there and not suspended", name));
  }
}

void budgets(const Case& seen, const KubernetesExam& exam, Findings& found) {
  const bool forbidden = std::ranges::any_of(exam.missing, [](const Right& right) {
    return right.resource == "poddisruptionbudgets" && right.verb == "list";
  });
  if (forbidden) return found.unchecked("PodDisruptionBudgets: we may not list them, see above");
  if (!exam.budgets_failure.empty())
    return found.unchecked("PodDisruptionBudgets: " + exam.budgets_failure);
  for (const auto& budget : exam.budgets) {
    const auto what =
        fmt::format("PodDisruptionBudget {} blocks every drain: {}", budget.name, budget.why);
    const std::string fix = "allow one disruption: maxUnavailable: 1, or more replicas";
    if (seen.settings.preflight.blocking_budget_blocks) {
      found.broken(what, fix);
    } else {
      found.warn(what, fix);
    }
  }
  if (exam.budgets.empty()) found.ok("no PodDisruptionBudget blocks a drain for ever");
}

void metrics(const KubernetesExam& exam, Findings& found) {
  const bool forbidden = std::ranges::any_of(exam.missing, &Right::is_page);
  if (forbidden) return found.unchecked("/metrics: we may not read it, see above");
  for (const auto& [server, why] : exam.metrics_failures) {
    if (why.empty()) {
      found.ok(fmt::format("API server {}: /metrics is readable", server));
    } else {
      found.broken(fmt::format("API server {}: /metrics: {}", server, why),
                   "every API server must be reachable at its own address; minors need its count");
    }
  }
}

}  // namespace

void judge_kubernetes(const Case& seen, Findings& found) {
  const auto& exam = *seen.exams.kubernetes;
  if (!exam.failure.empty() && named_in_configuration(seen.exams, "[kubernetes] kubeconfig"))
    return found.unchecked("the kubeconfig cannot be used, see configuration");
  if (!exam.failure.empty()) {
    return found.broken(exam.failure,
                        "look at [kubernetes] kubeconfig, context and server; `kubectl "
                        "--kubeconfig FILE get --raw /version` must answer from here");
  }
  const auto version = exam.cluster ? exam.cluster->api_server_text : std::string("?");
  found.ok(fmt::format("{} answers: {}", exam.server, version));
  if (exam.user) found.ok(fmt::format("we are {}", *exam.user));
  certificate("our certificate", exam.own_certificate_ends,
              "renew it: `kubeadm certs renew`, or use a ServiceAccount's token", seen.now, found);
  certificate("the API server's certificate", exam.server_certificate_ends,
              "on the control plane: kubeadm certs renew apiserver, then restart the API server",
              seen.now, found);
  rights(seen, exam, found);
  if (exam.cluster) {
    if (exam.cluster->namespace_found) {
      found.ok(fmt::format("namespace {} is there", seen.settings.kubernetes.own_namespace));
    } else {
      found.broken(
          fmt::format("namespace {} does not exist", seen.settings.kubernetes.own_namespace),
          "kubectl apply -f config/deploy/rbac.yaml");
    }
    if (!exam.cluster->kill.empty())
      found.warn("the kill switch is set: " + exam.cluster->kill,
                 fmt::format("kubectl annotate namespace {} lockkeeper.io/kill-switch-",
                             seen.settings.kubernetes.own_namespace));
    nodes_and_place(seen, *exam.cluster, found);
  } else if (exam.missing.empty()) {
    found.broken("the cluster cannot be read: " + exam.cluster.error().what,
                 "the line says which request failed");
  } else {
    found.unchecked("nodes: " + exam.cluster.error().what);
  }
  backup(seen, exam, found);
  budgets(seen, exam, found);
  metrics(exam, found);
}

}  // namespace lockkeeper::doctor
