// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/sim_world.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockkeeper::sim {
namespace {

// How often a long action looks up from its work.
constexpr Millis kLook{1000};

Outcome result(StepResult how, std::string detail = {}, Notes notes = {}) {
  return {0, how, std::move(detail), std::move(notes)};
}

Outcome failure(const Failure& why) {
  return result(StepResult::failed, why.what);
}

std::string job_id(const StepContext& context) {
  return fmt::format("{}-{}", context.plan.run, context.step.number);
}

/// Nothing stands in the way of a minor.
CompatFacts fit_compat(const ClusterFacts& cluster, Time now) {
  static const auto data = parse_compat(built_in_compat());
  CompatFacts facts;
  facts.data = data;
  facts.images = std::vector<RunningImage>{};
  facts.servers = std::vector<ApiServerUse>{{"cp", {}, now - std::chrono::days(7), {}}};
  for (const auto& node : cluster.nodes) {
    NodeSurvey survey;
    survey.node = node.name;
    survey.cgroup = "v2";
    facts.nodes.push_back(std::move(survey));
  }
  return facts;
}

}  // namespace

Status SimWorld::arrive(std::string_view port) {
  pending_ = faults_.next(port);
  if (pending_ == Fault::crash_before) throw Crash{};
  if (pending_ == Fault::error_before) return fail(fmt::format("{}: connection refused", port));
  if (api_down()) return fail("the API server does not answer");
  return {};
}

Status SimWorld::depart() {
  const Fault fault = std::exchange(pending_, Fault::none);
  if (fault == Fault::crash_after) throw Crash{};
  if (fault == Fault::error_after) return fail("connection reset by peer");
  return {};
}

void SimWorld::changed(const std::string& what) {
  if (on_change) on_change(what);
}

NodeFacts SimWorld::facts_of(const SimNode& node) const {
  NodeFacts facts;
  facts.name = node.name;
  facts.uid = "uid-" + node.name;
  facts.address = "198.51.100.1";
  facts.control_plane = node.control_plane;
  facts.kubelet_text = "v" + to_string(node.kubelet);
  facts.kubelet = node.kubelet;
  facts.runtime = "containerd://" + node.containerd;
  facts.ready = node.ready ? Condition::yes : Condition::no;
  facts.ready_changed = to_string(clock_.cluster_now() - (clock_.moment() - node.ready_since));
  facts.unschedulable = node.unschedulable;
  facts.cordoned_by = node.cordoned_by;
  // A renewal every ten seconds, as a kubelet makes it.
  const auto lives = (clock_.moment() - node.lease_base) / std::chrono::seconds(10);
  facts.lease_renewed = fmt::format("{}", node.ready ? lives : 0);
  return facts;
}

Result<ClusterFacts> SimWorld::look() {
  if (auto status = arrive("look"); !status) return std::unexpected(status.error());
  ClusterFacts facts;
  facts.taken = clock_.now();
  facts.api_server = model_.api_server;
  facts.api_server_text = "v" + to_string(model_.api_server);
  for (const auto& [name, node] : model_.nodes)
    facts.nodes.push_back(facts_of(node));
  facts.run = model_.claim;
  facts.kill = model_.kill;
  facts.namespace_found = true;
  if (auto status = depart(); !status) return std::unexpected(status.error());
  return facts;
}

Result<NodeHealth> SimWorld::examine(const std::string& name, const Plan&) {
  if (auto status = arrive("examine"); !status) return std::unexpected(status.error());
  NodeHealth health;
  health.node = facts_of(model_.at(name));
  health.api_server = model_.api_server;
  health.api_ready = true;
  if (auto status = depart(); !status) return std::unexpected(status.error());
  return health;
}

Result<WorkloadFacts> SimWorld::workloads() {
  if (auto status = arrive("workloads"); !status) return std::unexpected(status.error());
  WorkloadFacts facts;
  facts.pods_wanted = 6 * static_cast<int>(model_.nodes.size());
  facts.pods_ready = facts.pods_wanted - model_.pods_unready;
  facts.pending = model_.pending;
  if (auto status = depart(); !status) return std::unexpected(status.error());
  return facts;
}

Result<PreflightFacts> SimWorld::inspect(const Plan& plan, Watch&) {
  PreflightFacts facts;
  auto cluster = look();
  if (!cluster) return std::unexpected(cluster.error());
  facts.cluster = std::move(*cluster);
  for (const auto& node : plan.nodes) {
    NodeProbe probe;
    probe.reached = model_.at(node.name).reachable;
    probe.sudo = probe.reached;
    probe.failure = probe.reached ? "" : "no route to host";
    probe.root_free_bytes = 50LL << 30;
    probe.etcd_bytes = 200LL << 20;
    probe.package = to_string(plan.target) + "-1.1";
    probe.plan_offers = to_string(plan.target);
    facts.probes.emplace(node.name, std::move(probe));
  }
  if (plan.kind == UpgradeKind::minor) facts.compat = fit_compat(facts.cluster, clock_.now());
  return facts;
}

Observation SimWorld::observe(const StepContext& context) {
  const auto& step = context.step;
  if (is_remote_job(step.action)) return observe_job(context);
  if (const auto status = arrive("observe"); !status) {
    return {Observed::unknown, status.error().what, {}};
  }
  Observation seen{Observed::not_started, {}, {}};
  if (step.action == Action::cordon) {
    const auto& node = model_.at(step.node);
    const bool ours = node.unschedulable && node.cordoned_by == context.plan.run;
    if (ours) seen = {Observed::done, "cordoned", {}};
  } else if (step.action == Action::uncordon) {
    const auto& node = model_.at(step.node);
    if (node.cordoned_by.empty()) {
      seen = {Observed::done, node.unschedulable ? "stays cordoned by a person" : "uncordoned", {}};
    }
  } else if (step.action == Action::snapshot && model_.snapshots.contains(context.plan.run)) {
    seen = {Observed::done, "Job Complete", {{"snapshot", "/backups/" + context.plan.run + ".db"}}};
  } else if (step.action == Action::step_aside && model_.bot_node != step.node) {
    seen = {Observed::done, "runs elsewhere", {}};
  } else if (step.action == Action::claim && model_.claim == context.plan.run) {
    seen = {Observed::done, "claimed", {{"fence", fmt::format("{}", model_.fence)}}};
  } else if (step.action == Action::release && model_.claim != context.plan.run) {
    seen = {Observed::done, "released", {}};
  }
  if (const auto status = depart(); !status) return {Observed::unknown, status.error().what, {}};
  return seen;
}

Observation SimWorld::observe_job(const StepContext& context) {
  const Fault fault = faults_.next("observe_job");
  if (fault == Fault::crash_before || fault == Fault::crash_after) throw Crash{};
  if (fault != Fault::none || !model_.at(context.step.node).reachable) {
    return {Observed::unknown, context.step.node + ": SSH does not reach it", {}};
  }
  const auto job = model_.jobs.find(job_id(context));
  if (job == model_.jobs.end()) return {Observed::not_started, {}, {}};
  if (job->second.lost) return {Observed::unknown, "the script vanished without a status", {}};
  if (!job->second.finished) return {Observed::underway, "running", {}};
  return {job->second.ends_well ? Observed::done : Observed::failed,
          job->second.ends_well ? "exit 0" : "exit 1",
          {}};
}

Outcome SimWorld::act(const StepContext& context, Watch& watch) {
  if (on_act) on_act(context);
  return perform(context, watch);
}

Outcome SimWorld::perform(const StepContext& context, Watch& watch) {
  switch (context.step.action) {
    case Action::cordon:
      return cordon(context);
    case Action::uncordon:
      return uncordon(context);
    case Action::drain:
      return drain(context, watch);
    case Action::step_aside:
      return step_aside(context);
    case Action::snapshot:
      return snapshot(context, watch);
    case Action::claim:
      return claim(context);
    case Action::release:
      return release(context);
    default:
      return remote_job(context, watch);
  }
}

Outcome SimWorld::cordon(const StepContext& context) {
  if (auto status = arrive("cordon"); !status) return failure(status.error());
  auto& node = model_.at(context.step.node);
  if (node.unschedulable && node.cordoned_by.empty()) {
    return result(StepResult::done, "cordoned by a person already",
                  {{"cordoned_by_person", "true"}});
  }
  node.unschedulable = true;
  node.cordoned_by = context.plan.run;
  changed("cordoned " + node.name);
  if (auto status = depart(); !status) return failure(status.error());
  return result(StepResult::done);
}

Status SimWorld::arrive_within(std::string_view port, Millis limit) {
  const Moment until = clock_.moment() + limit;
  while (true) {
    auto status = arrive(port);
    if (status || clock_.moment() >= until) return status;
    clock_.wait_until(clock_.moment() + kLook);
  }
}

Outcome SimWorld::uncordon(const StepContext& context) {
  if (auto status = arrive_within("uncordon", context.step.limit); !status) {
    return failure(status.error());
  }
  auto& node = model_.at(context.step.node);
  if (node.cordoned_by.empty()) return result(StepResult::done, "nothing of ours to undo");
  node.unschedulable = false;
  node.cordoned_by.clear();
  node.pods = 6;
  changed("uncordoned " + node.name);
  if (auto status = depart(); !status) return failure(status.error());
  return result(StepResult::done);
}

Outcome SimWorld::drain(const StepContext& context, Watch& watch) {
  auto& node = model_.at(context.step.node);
  const Moment until = clock_.moment() + context.step.limit;
  while (node.pods > 0) {
    if (watch.stop_wanted()) return result(StepResult::interrupted, "stopped between evictions");
    if (clock_.moment() >= until) {
      return result(StepResult::failed,
                    fmt::format("{} pods left; budget shop/web allows 0", node.pods));
    }
    if (auto status = arrive("evict"); status && !node.budget_blocks) {
      if (!node.unschedulable)
        return result(StepResult::failed, "somebody uncordoned " + node.name);
      --node.pods;
      changed("evicted a pod of " + node.name);
      if (auto lost = depart(); !lost) continue;  // the real one looks whether the pod is gone
    }
    watch.progress(fmt::format("{} pods left", node.pods));
    clock_.wait_until(clock_.moment() + times_.eviction);
  }
  return result(StepResult::done, "drained");
}

Outcome SimWorld::step_aside(const StepContext& context) {
  if (auto status = arrive("step_aside"); !status) return failure(status.error());
  if (model_.bot_node != context.step.node) return result(StepResult::done, "is not there");
  const auto open = [](const auto& entry) { return !entry.second.unschedulable; };
  model_.bot_node = std::ranges::find_if(model_.nodes, open)->first;
  changed("evicted the bot's own pod from " + context.step.node);
  throw Crash{};  // which is what an eviction of one's own pod comes to
}

Outcome SimWorld::snapshot(const StepContext& context, Watch& watch) {
  if (auto status = arrive("snapshot"); !status) return failure(status.error());
  const Moment ready = clock_.moment() + times_.snapshot;
  while (clock_.moment() < ready) {
    if (watch.leaving()) return result(StepResult::interrupted);
    clock_.wait_until(std::min(ready, clock_.moment() + kLook));
  }
  model_.snapshots.insert(context.plan.run);
  changed("snapshot taken");
  if (auto status = depart(); !status) return failure(status.error());
  return result(StepResult::done, "5.0 MiB",
                {{"snapshot", "/backups/" + context.plan.run + ".db"}});
}

Outcome SimWorld::claim(const StepContext& context) {
  if (auto status = arrive("claim"); !status) return failure(status.error());
  const bool foreign = model_.claim != context.plan.run && model_.claim != context.plan.takes_over;
  if (!model_.claim.empty() && foreign) {
    return result(StepResult::failed, "claimed by run " + model_.claim);
  }
  model_.claim = context.plan.run;
  ++model_.fence;
  if (auto status = depart(); !status) return failure(status.error());
  return result(StepResult::done, {}, {{"fence", fmt::format("{}", model_.fence)}});
}

Outcome SimWorld::release(const StepContext& context) {
  if (auto status = arrive_within("release", context.step.limit); !status) {
    return failure(status.error());
  }
  if (model_.claim == context.plan.run) model_.claim.clear();
  if (auto status = depart(); !status) return failure(status.error());
  return result(StepResult::done);
}

Outcome SimWorld::remote_job(const StepContext& context, Watch& watch) {
  const auto id = job_id(context);
  const Moment until = clock_.moment() + context.step.limit;
  while (true) {
    const Fault fault = faults_.next("remote_job");
    if (fault == Fault::crash_before) throw Crash{};
    const bool link = fault != Fault::error_before && model_.at(context.step.node).reachable;
    auto job = model_.jobs.find(id);
    if (link && (job == model_.jobs.end() || (job->second.lost && context.vouched))) {
      start_job(context, id);
      job = model_.jobs.find(id);
    }
    if (fault == Fault::crash_after) throw Crash{};
    if (link && fault != Fault::error_after && job != model_.jobs.end()) {
      if (job->second.lost)
        return result(StepResult::failed, "the script vanished without a status");
      if (job->second.finished) {
        return job->second.ends_well ? result(StepResult::done, "exit 0")
                                     : result(StepResult::failed, "exit 1: unknown flag");
      }
    }
    watch.stop_wanted();
    if (watch.leaving()) return result(StepResult::interrupted);
    if (clock_.moment() >= until) return result(StepResult::failed, "still running at its limit");
    clock_.wait_until(clock_.moment() + 5 * kLook);
  }
}

void SimWorld::start_job(const StepContext& context, const std::string& id) {
  const auto& step = context.step;
  auto& job = model_.jobs[id];
  job.starts += job.node.empty() ? 0 : 1;
  job.node = step.node;
  job.lost = false;
  job.finishes = clock_.moment() + (step.action == Action::upgrade ? times_.script : 5 * kLook);
  changed(fmt::format("{} started on {}", to_string(step.action), step.node));
  const Plan plan = context.plan;
  const Action action = step.action;
  clock_.at(job.finishes,
            [this, id, action, plan, node = step.node] { finish_job(id, action, plan, node); });
  const bool outage = action == Action::upgrade && model_.at(step.node).control_plane;
  if (outage) model_.api_back = clock_.moment() + times_.script / 2 + times_.api_outage;
}

void SimWorld::finish_job(const std::string& id, Action action, const Plan& plan,
                          const std::string& name) {
  auto& job = model_.jobs.at(id);
  if (job.lost) return;
  job.finished = true;
  changed(fmt::format("{} ended on {}", to_string(action), name));
  auto& node = model_.at(name);
  if (action == Action::repository) node.repository_moved = true;
  if (!job.ends_well) return;
  if (action == Action::containerd) node.containerd = plan.containerd_target;
  if (action != Action::upgrade) return;
  if (node.control_plane) model_.api_server = std::max(model_.api_server, plan.target);
  node.kubelet = plan.target;
  node.ready = false;
  node.ready_since = clock_.moment();
  clock_.after(times_.kubelet_back, [this, name] {
    auto& back = model_.at(name);
    back.ready = true;
    back.ready_since = clock_.moment();
    back.lease_base = clock_.moment();
  });
}

Result<std::vector<std::string>> SimWorld::would(const StepContext& context) {
  return std::vector{fmt::format("{} {}", to_string(context.step.action), context.step.node)};
}

Result<std::vector<std::string>> SimWorld::clear_orphans() {
  if (auto status = arrive("clear"); !status) return std::unexpected(status.error());
  std::vector<std::string> removed;
  if (!model_.claim.empty()) removed.push_back("claim of run " + model_.claim);
  model_.claim.clear();
  if (auto status = depart(); !status) return std::unexpected(status.error());
  return removed;
}

}  // namespace lockkeeper::sim
