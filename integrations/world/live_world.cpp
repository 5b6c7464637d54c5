// SPDX-License-Identifier: Apache-2.0
#include "integrations/world/live_world.h"

#include <fmt/format.h>

#include <atomic>
#include <thread>

#include "integrations/kubernetes/budgets.h"
#include "integrations/kubernetes/claim.h"
#include "integrations/kubernetes/cluster.h"
#include "integrations/kubernetes/role.h"
#include "integrations/kubernetes/secret.h"
#include "integrations/system/log.h"
#include "integrations/world/live_scout.h"
#include "integrations/world/orders.h"

namespace lockkeeper {
namespace {

using kubernetes::kBriefly;
using kubernetes::Patience;

// What a lost run left is removed while a person waits for the answer.
constexpr Millis kClearLimit = std::chrono::seconds(30);
constexpr Millis kWatchPause{250};

void warn(std::string_view text) {
  system::log(system::Level::warn, fmt::format("API server warns: {}", text));
}

Outcome numbered(Outcome outcome, const StepContext& context) {
  outcome.step = context.step.number;
  return outcome;
}

}  // namespace

Result<std::unique_ptr<LiveWorld>> LiveWorld::open(const Settings& settings, Clock& clock) {
  auto connection = kubernetes::Connection::open(settings.kubernetes, clock);
  if (!connection) return std::unexpected(connection.error());
  return std::unique_ptr<LiveWorld>(new LiveWorld(settings, clock, std::move(*connection)));
}

LiveWorld::LiveWorld(const Settings& settings, Clock& clock,
                     std::unique_ptr<kubernetes::Connection> connection)
    : settings_(settings),
      clock_(clock),
      connection_(std::move(connection)),
      client_(*connection_, clock, settings.kubernetes.request_timeout, warn),
      nodes_(settings, clock) {}

Result<ClusterFacts> LiveWorld::look() {
  return kubernetes::look(client_, settings_.kubernetes);
}

Result<NodeHealth> LiveWorld::examine(const std::string& node, const Plan& plan) {
  return kubernetes::examine(client_, node, plan);
}

Result<WorkloadFacts> LiveWorld::workloads() {
  return kubernetes::workloads(client_);
}

Result<PreflightFacts> LiveWorld::inspect(const Plan& plan, Watch& watch) {
  PreflightFacts facts;
  const Patience patience{settings_.kubernetes.outage_limit, &watch};
  auto cluster = kubernetes::look(client_, settings_.kubernetes, patience);
  if (!cluster) return std::unexpected(cluster.error());
  facts.cluster = std::move(*cluster);
  auto budgets = kubernetes::blocking_budgets(client_, patience);
  if (!budgets) return std::unexpected(budgets.error());
  facts.budgets = std::move(*budgets);
  auto missing = kubernetes::missing_rights(client_, settings_);
  if (!missing) return std::unexpected(missing.error());
  facts.missing_rights = std::move(*missing);
  auto cronjob = kubernetes::cronjob_problem(client_, settings_.snapshot.cronjob, patience);
  facts.cronjob_failure = cronjob ? std::move(*cronjob) : cronjob.error().what;
  if (plan.kind == UpgradeKind::minor) {
    watch.progress("looking what stands in the way of the next minor");
    facts.compat = survey(facts.cluster, watch);
  }
  watch.progress("looking at the nodes over SSH");
  facts.probes = nodes_.probe(plan, watch);
  return facts;
}

// The watch belongs to this thread; the survey ends when it is told that it is enough.
CompatFacts LiveWorld::survey(const ClusterFacts& facts, Watch& watch) {
  CompatFacts found;
  std::atomic<bool> enough = false;
  std::atomic<bool> done = false;
  const std::jthread surveyor([&] {
    found = survey_compat(client_, settings_, clock_, facts, [&] { return enough.load(); });
    done = true;
  });
  while (!done) {
    clock_.wait_until(clock_.moment() + kWatchPause);
    enough = enough || watch.stop_wanted() || watch.leaving();
  }
  return found;
}

Result<std::vector<std::string>> LiveWorld::clear_orphans() {
  const auto facts = look();
  if (!facts) return std::unexpected(facts.error());
  std::vector<std::string> lines;
  if (!facts->run.empty()) {
    const auto outcome = kubernetes::release(client_, settings_.kubernetes.own_namespace,
                                             facts->run, {kClearLimit, nullptr});
    if (outcome.result != StepResult::done) return fail(outcome.detail);
    lines.push_back(fmt::format("the claim of run {}", facts->run));
  }
  for (const auto& node : facts->nodes) {
    if (node.cordoned_by.empty() || !node.unschedulable) continue;
    lines.push_back(fmt::format("{} is still cordoned by run {}: kubectl uncordon {}", node.name,
                                node.cordoned_by, node.name));
  }
  return lines;
}

Observation LiveWorld::observe(const StepContext& context) {
  if (is_remote_job(context.step.action)) return nodes_.observe(context);
  const auto& space = settings_.kubernetes.own_namespace;
  switch (context.step.action) {
    case Action::claim:
      return kubernetes::observe_claim(client_, space, context.plan, kBriefly);
    case Action::release:
      return kubernetes::observe_release(client_, space, context.plan.run, kBriefly);
    case Action::snapshot:
      return kubernetes::observe_snapshot(client_, orders::snapshot(context, settings_), kBriefly);
    case Action::cordon:
      return kubernetes::observe_cordon(client_, orders::cordon(context), kBriefly);
    case Action::uncordon:
      return kubernetes::observe_uncordon(client_, orders::cordon(context), kBriefly);
    case Action::drain:
      return kubernetes::observe_drain(client_, orders::drain(context, settings_), kBriefly);
    case Action::step_aside:
      return kubernetes::observe_step_aside(client_, orders::step_aside(context, settings_),
                                            kBriefly);
    default:
      return {Observed::unknown,
              fmt::format("{} is not done by the world", to_string(context.step.action)),
              {}};
  }
}

Outcome LiveWorld::act(const StepContext& context, Watch& watch) {
  if (is_remote_job(context.step.action)) return nodes_.act(context, watch);
  const auto& space = settings_.kubernetes.own_namespace;
  const Patience patience{context.step.limit, &watch};
  switch (context.step.action) {
    case Action::claim:
      return numbered(kubernetes::claim(client_, space, context.plan, patience), context);
    case Action::release:
      return numbered(kubernetes::release(client_, space, context.plan.run, patience), context);
    case Action::snapshot:
      return numbered(kubernetes::snapshot(client_, orders::snapshot(context, settings_), watch),
                      context);
    case Action::cordon:
      return numbered(kubernetes::cordon(client_, orders::cordon(context), patience), context);
    case Action::uncordon:
      return numbered(kubernetes::uncordon(client_, orders::cordon(context), patience), context);
    case Action::drain:
      return numbered(kubernetes::drain(client_, orders::drain(context, settings_), watch),
                      context);
    case Action::step_aside:
      return numbered(
          kubernetes::step_aside(client_, orders::step_aside(context, settings_), watch), context);
    default:
      return {context.step.number, StepResult::failed, "it is not done by the world", {}};
  }
}

Result<std::vector<std::string>> LiveWorld::would(const StepContext& context) {
  if (is_remote_job(context.step.action)) return nodes_.would(context);
  const auto& space = settings_.kubernetes.own_namespace;
  switch (context.step.action) {
    case Action::claim:
      return kubernetes::would_claim(space, context.plan);
    case Action::release:
      return kubernetes::would_release(space);
    case Action::snapshot:
      return kubernetes::would_snapshot(orders::snapshot(context, settings_));
    case Action::cordon:
      return kubernetes::would_cordon(orders::cordon(context));
    case Action::uncordon:
      return kubernetes::would_uncordon(orders::cordon(context));
    case Action::drain:
      return kubernetes::would_drain(client_, orders::drain(context, settings_));
    case Action::step_aside:
      return kubernetes::would_step_aside(orders::step_aside(context, settings_));
    default:
      return fail("it is not done by the world");
  }
}

Result<std::string> LiveWorld::secret(const std::string& path) {
  return kubernetes::read_secret_value(client_, path);
}

}  // namespace lockkeeper
