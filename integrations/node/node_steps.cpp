// SPDX-License-Identifier: Apache-2.0
#include "integrations/node/node_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <mutex>
#include <thread>

#include "integrations/node/node_scripts.h"
#include "integrations/node/probe.h"
#include "integrations/ssh/printable.h"
#include "integrations/ssh/remote_job.h"

namespace lockkeeper::node {
namespace {

// `kubeadm upgrade plan` and apt on a slow node; longer than a short command may take.
constexpr Millis kProbeLimit{180'000};
constexpr std::size_t kProbeBytesMax = 64U << 10U;
// Probes are mostly waiting; more at once would only crowd the package mirror.
constexpr std::size_t kProbesAtOnce = 16;
constexpr Millis kProgressPause{250};

/// Everything a job needs, or why it cannot be.
struct Work {
  const PlannedNode* node = nullptr;
  ssh::JobOrder order;
};

Result<std::uint64_t> fence_of(const Notes& notes) {
  const auto at = notes.find("fence");
  const std::string text = at == notes.end() ? "" : at->second;
  std::uint64_t fence = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), fence);
  if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size())
    return fail(fmt::format("no fencing number ('{}'): the run has not claimed the cluster", text));
  return fence;
}

Result<Work> work_of(const StepContext& context, const Settings& settings) {
  auto name = ssh::job_name(context.plan.run, context.step.number);
  if (!name) return std::unexpected(name.error());
  auto script = script_for(context, settings);
  if (!script) return std::unexpected(script.error());
  const auto fence = fence_of(context.notes);
  if (!fence) return std::unexpected(fence.error());
  return Work{context.plan.node(context.step.node),
              {std::move(*name), *fence, std::move(script->text), std::move(script->afterwards),
               context.vouched}};
}

/// The node's name stands in front of the finding already.
std::string without_node(const std::string& node, const std::string& text) {
  const std::string prefix = node + ": ";
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

}  // namespace

NodeSteps::NodeSteps(const Settings& settings, Clock& clock) : settings_(settings), clock_(clock) {}

ssh::Host& NodeSteps::host_of(const PlannedNode& node) {
  if (!host_ || host_->peer().node != node.name || host_->peer().address != node.address)
    host_.emplace(settings_.ssh, ssh::Peer{node.name, node.address}, clock_);
  return *host_;
}

Observation NodeSteps::observe(const StepContext& context) {
  const auto name = ssh::job_name(context.plan.run, context.step.number);
  if (!name) return {Observed::unknown, name.error().what, {}};
  const PlannedNode* node = context.plan.node(context.step.node);
  if (node == nullptr)
    return {Observed::unknown, fmt::format("the plan does not know {}", context.step.node), {}};
  auto seen = ssh::observe(host_of(*node), *name, {});
  return with_advice(std::move(seen), context, settings_, *name);
}

Outcome NodeSteps::act(const StepContext& context, Watch& watch) {
  auto work = work_of(context, settings_);
  if (!work) {
    return {context.step.number,
            StepResult::failed,
            fmt::format("{}: {}", context.step.node,
                        without_node(context.step.node, work.error().what)),
            {}};
  }
  const auto report =
      ssh::run_to_end(host_of(*work->node), work->order, context.step.limit, clock_, watch);
  auto outcome = ssh::outcome_of(report, work->node->name, context.step.number);
  if (report.end == ssh::JobReport::End::refused) return outcome;
  return with_advice(std::move(outcome), context, settings_, work->order.name);
}

Result<std::vector<std::string>> NodeSteps::would(const StepContext& context) const {
  return would_lines(context, settings_);
}

NodeProbe NodeSteps::probe(const PlannedNode& node, const Plan& plan,
                           const ssh::Cancelled& cancelled) const {
  NodeProbe failed;
  ssh::Host host(settings_.ssh, {node.name, node.address}, clock_);
  const ssh::CommandLimits limits{std::min(kProbeLimit, settings_.preflight.limit), kProbeBytesMax,
                                  cancelled};
  const auto result = host.run_as_root(probe_program(node, plan, settings_), limits);
  if (!result) {
    failed.failure = without_node(node.name, result.error().what);
    return failed;
  }
  failed.reached = true;
  const std::string words = without_node(node.name, ssh::explain(host, *result));
  if (ssh::is_sudo_refusal(*result)) {
    failed.failure = words;
    return failed;
  }
  failed.sudo = true;
  auto probe = parse_probe(result->out, plan.target);
  if (result->status == 0 && probe) return std::move(probe->facts);
  failed.package_failure = fmt::format("the node could not be looked at: {}",
                                       result->status == 0 ? probe.error().what : words);
  return failed;
}

std::map<std::string, NodeProbe> NodeSteps::probe(const Plan& plan, Watch& watch) {
  std::map<std::string, NodeProbe> found;
  std::mutex mutex;
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> done = 0;
  std::atomic<bool> enough = false;
  const Moment until = clock_.moment() + settings_.preflight.limit;
  for (const auto& node : plan.nodes)
    found[node.name].failure = "not looked at within " + to_string(settings_.preflight.limit);
  {
    std::vector<std::jthread> lookers;
    for (std::size_t i = 0; i < std::min(kProbesAtOnce, plan.nodes.size()); ++i) {
      lookers.emplace_back([&] {
        for (std::size_t at = next++; at < plan.nodes.size() && !enough; at = next++) {
          const auto& node = plan.nodes[at];
          auto probe = this->probe(node, plan, [&] { return enough.load(); });
          const std::lock_guard lock(mutex);
          found[node.name] = std::move(probe);
          ++done;
        }
      });
    }
    // The watch belongs to this thread; the lookers end when they are told that it is enough.
    while (done < plan.nodes.size() && !enough) {
      clock_.wait_until(clock_.moment() + kProgressPause);
      enough = clock_.moment() >= until || watch.stop_wanted() || watch.leaving();
      watch.progress(
          fmt::format("looked at {} of {} nodes over SSH", done.load(), plan.nodes.size()));
    }
  }
  return found;
}

}  // namespace lockkeeper::node
