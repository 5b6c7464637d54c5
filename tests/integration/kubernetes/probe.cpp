// SPDX-License-Identifier: Apache-2.0
// Drives the functions of integrations/kubernetes from scripts: one call, its result as one line of
// JSON on stdout, its progress on stderr. `kubernetes_probe COMMAND KUBECONFIG [NAME=VALUE]...`
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <iostream>
#include <map>
#include <thread>

#include "integrations/kubernetes/budgets.h"
#include "integrations/kubernetes/claim.h"
#include "integrations/kubernetes/cluster.h"
#include "integrations/kubernetes/connection.h"
#include "integrations/kubernetes/cordon.h"
#include "integrations/kubernetes/drain.h"
#include "integrations/kubernetes/own_pod.h"
#include "integrations/kubernetes/role.h"
#include "integrations/kubernetes/snapshot_job.h"
#include "integrations/system/real_clock.h"

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;

namespace {

using Words = std::map<std::string, std::string>;

/// Stops when a signal asks for it: SIGUSR1 as an order, SIGTERM as the end of the process.
std::atomic<bool> stop_asked = false;
std::atomic<bool> end_asked = false;

class LoudWatch : public Watch {
 public:
  void progress(std::string_view line) override { std::cerr << line << std::endl; }
  bool stop_wanted() override { return stop_asked; }
  bool leaving() override { return end_asked; }
};

struct Bench {
  Words words;
  system::RealClock clock;
  std::unique_ptr<Connection> connection;
  std::unique_ptr<Client> client;
  LoudWatch watch;
  Settings settings;
  Plan plan;

  std::string word(const std::string& name, const std::string& fallback = "") {
    const auto found = words.find(name);
    return found == words.end() ? fallback : found->second;
  }
  Millis length(const std::string& name, const std::string& fallback) {
    return parse_duration(word(name, fallback)).value_or(Millis{0});
  }
  Patience patience() { return {length("outage", "60s"), &watch}; }
  DrainOrder drain_order() {
    DrainOrder order{word("node"),
                     word("uid"),
                     length("limit", "60s"),
                     length("outage", "60s"),
                     std::stoi(word("parallel", "10")),
                     {word("own_pod"), {}}};
    if (!word("ok").empty()) order.policy.unevictable_ok.push_back(word("ok"));
    return order;
  }
  CordonOrder cordon_order() { return {word("node"), word("uid"), word("run", "r-1")}; }
  SnapshotOrder snapshot_order() {
    SnapshotOrder order{word("run", "r-1"), settings.kubernetes.own_namespace, settings.snapshot,
                        length("outage", "60s")};
    order.settings.cronjob = word("cronjob", order.settings.cronjob);
    order.settings.timeout = length("limit", "60s");
    return order;
  }
};

Json text_of(const Outcome& outcome) {
  return {
      {"result", to_string(outcome.result)}, {"detail", outcome.detail}, {"notes", outcome.notes}};
}

Json text_of(const Observation& seen) {
  constexpr std::array kStates = {"not_started", "underway", "done", "failed", "unknown"};
  return {{"state", kStates.at(static_cast<std::size_t>(seen.state))},
          {"detail", seen.detail},
          {"notes", seen.notes}};
}

template <typename T>
Json text_of(const Result<T>& result, const std::function<Json(const T&)>& how) {
  if (!result) return {{"failure", result.error().what}};
  return how(*result);
}

Json facts(Bench& bench) {
  return text_of<ClusterFacts>(
      look(*bench.client, bench.settings.kubernetes), [](const ClusterFacts& seen) {
        Json nodes = Json::object();
        for (const auto& node : seen.nodes)
          nodes[node.name] = {{"kubelet", node.kubelet_text},
                              {"ready", node.ready == Condition::yes},
                              {"address", node.address},
                              {"lease", node.lease_renewed},
                              {"uid", node.uid},
                              {"cordoned", node.unschedulable},
                              {"control_plane", node.control_plane}};
        const auto count = nodes.size();
        if (count > 50) nodes.clear();
        return Json{{"nodes", nodes},  {"count", count},    {"version", seen.api_server_text},
                    {"run", seen.run}, {"kill", seen.kill}, {"namespace", seen.namespace_found}};
      });
}

Json health(Bench& bench) {
  return text_of<NodeHealth>(examine(*bench.client, bench.word("node"), bench.plan),
                             [](const NodeHealth& seen) {
                               return Json{{"ready", seen.node.ready == Condition::yes},
                                           {"lease", seen.node.lease_renewed},
                                           {"daemons", seen.daemons_not_ready},
                                           {"control_plane", seen.control_plane_not_ready},
                                           {"outdated", seen.control_plane_outdated},
                                           {"api_ready", seen.api_ready}};
                             });
}

Json load(Bench& bench) {
  return text_of<WorkloadFacts>(workloads(*bench.client), [](const WorkloadFacts& seen) {
    return Json{
        {"wanted", seen.pods_wanted}, {"ready", seen.pods_ready}, {"pending", seen.pending}};
  });
}

Json budgets(Bench& bench) {
  return text_of<std::vector<BlockingBudget>>(blocking_budgets(*bench.client), [](const auto& all) {
    Json json = Json::object();
    for (const auto& each : all)
      json[each.name] = each.why;
    return json;
  });
}

Json lines(const Result<std::vector<std::string>>& result) {
  return text_of<std::vector<std::string>>(result, [](const auto& all) { return Json(all); });
}

const std::map<std::string, std::function<Json(Bench&)>> kCommands = {
    {"look", facts},
    {"examine", health},
    {"workloads", load},
    {"budgets", budgets},
    {"cordon", [](Bench& b) { return text_of(cordon(*b.client, b.cordon_order(), b.patience())); }},
    {"uncordon",
     [](Bench& b) { return text_of(uncordon(*b.client, b.cordon_order(), b.patience())); }},
    {"drain", [](Bench& b) { return text_of(drain(*b.client, b.drain_order(), b.watch)); }},
    {"observe-drain",
     [](Bench& b) { return text_of(observe_drain(*b.client, b.drain_order(), b.patience())); }},
    {"would-drain", [](Bench& b) { return lines(would_drain(*b.client, b.drain_order())); }},
    {"snapshot",
     [](Bench& b) { return text_of(snapshot(*b.client, b.snapshot_order(), b.watch)); }},
    {"observe-snapshot",
     [](Bench& b) {
       return text_of(observe_snapshot(*b.client, b.snapshot_order(), b.patience()));
     }},
    {"claim",
     [](Bench& b) {
       return text_of(claim(*b.client, b.settings.kubernetes.own_namespace, b.plan, b.patience()));
     }},
    {"release",
     [](Bench& b) {
       return text_of(
           release(*b.client, b.settings.kubernetes.own_namespace, b.plan.run, b.patience()));
     }},
    {"step-aside",
     [](Bench& b) {
       return text_of(step_aside(
           *b.client, {b.word("own_pod"), b.word("node"), b.length("limit", "60s")}, b.watch));
     }},
    {"rights", [](Bench& b) { return lines(missing_rights(*b.client, b.settings)); }},
};

Json run(const std::string& command, Bench& bench) {
  const auto found = kCommands.find(command);
  if (found == kCommands.end()) return {{"failure", "unknown command " + command}};
  bench.settings.kubernetes.context = bench.word("context");
  bench.settings.kubernetes.server = bench.word("server");
  bench.plan.run = bench.word("run", "r-1");
  bench.plan.target = *parse_version(bench.word("target", "1.34.7"));
  auto connection = Connection::open(bench.settings.kubernetes, bench.clock);
  if (!connection) return {{"failure", connection.error().what}};
  bench.connection = std::move(*connection);
  bench.client =
      std::make_unique<Client>(*bench.connection, bench.clock, bench.length("timeout", "3s"),
                               [](std::string_view line) { std::cerr << line << std::endl; });
  return found->second(bench);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::cerr << "usage: kubernetes_probe COMMAND KUBECONFIG [NAME=VALUE]...\n";
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGUSR1, [](int) { stop_asked = true; });
  std::signal(SIGTERM, [](int) { end_asked = true; });
  Bench bench;
  bench.settings.kubernetes.kubeconfig = arguments[2];
  for (int i = 3; i < count; ++i) {
    const std::string word = arguments[i];
    const auto equals = std::min(word.find('='), word.size());
    bench.words[word.substr(0, equals)] = word.substr(std::min(equals + 1, word.size()));
  }
  const Moment begun = bench.clock.moment();
  Json answer = {{"answer", run(arguments[1], bench)}};
  answer["ms"] = (bench.clock.moment() - begun).count();
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  answer["rss_kib"] = used.ru_maxrss;
  std::cout << answer.dump() << std::endl;
  return 0;
}
