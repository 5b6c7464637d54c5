// SPDX-License-Identifier: Apache-2.0
#include "integrations/world/orders.h"

namespace lockkeeper::orders {
namespace {

std::string uid_of(const StepContext& context) {
  const PlannedNode* node = context.plan.node(context.step.node);
  return node == nullptr ? std::string() : node->uid;
}

}  // namespace

kubernetes::CordonOrder cordon(const StepContext& context) {
  return {context.step.node, uid_of(context), context.plan.run};
}

kubernetes::DrainOrder drain(const StepContext& context, const Settings& settings) {
  kubernetes::DrainOrder order;
  order.node = context.step.node;
  order.uid = uid_of(context);
  order.limit = context.step.limit;
  order.outage_limit = settings.kubernetes.outage_limit;
  order.parallel = settings.upgrade.drain_parallel;
  order.policy = {settings.kubernetes.own_pod, settings.upgrade.unevictable_ok};
  return order;
}

kubernetes::SnapshotOrder snapshot(const StepContext& context, const Settings& settings) {
  return {context.plan.run, settings.kubernetes.own_namespace, settings.snapshot,
          settings.kubernetes.outage_limit};
}

kubernetes::StepAsideOrder step_aside(const StepContext& context, const Settings& settings) {
  return {settings.kubernetes.own_pod, context.step.node, context.step.limit};
}

}  // namespace lockkeeper::orders
