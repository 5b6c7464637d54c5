// SPDX-License-Identifier: Apache-2.0
#include "bot/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "bot/plan_json.h"
#include "rules/digest.h"

namespace lockkeeper {
namespace {

constexpr std::array kStageNames = {
    std::pair{Stage::preflight, std::string_view("preflight")},
    std::pair{Stage::snapshot, std::string_view("snapshot")},
    std::pair{Stage::containerd, std::string_view("containerd")},
    std::pair{Stage::repo, std::string_view("repo")},
    std::pair{Stage::master, std::string_view("master")},
    std::pair{Stage::workers, std::string_view("workers")},
    std::pair{Stage::postflight, std::string_view("postflight")},
};

enum class Hand { runner, world, job };  // who carries an action out

struct ActionRow {
  Action action;
  std::string_view name;
  Hand hand;
  bool mutating;
};

constexpr std::array kActions = {
    ActionRow{Action::check, "check", Hand::runner, false},
    ActionRow{Action::claim, "claim", Hand::world, true},
    ActionRow{Action::prune, "prune", Hand::job, true},
    ActionRow{Action::snapshot, "snapshot", Hand::world, true},
    ActionRow{Action::cordon, "cordon", Hand::world, true},
    ActionRow{Action::step_aside, "step-aside", Hand::world, true},
    ActionRow{Action::drain, "drain", Hand::world, true},
    ActionRow{Action::containerd, "containerd", Hand::job, true},
    ActionRow{Action::repository, "repository", Hand::job, true},
    ActionRow{Action::upgrade, "upgrade", Hand::job, true},
    ActionRow{Action::await_ready, "await-ready", Hand::runner, false},
    ActionRow{Action::uncordon, "uncordon", Hand::world, true},
    ActionRow{Action::soak, "soak", Hand::runner, false},
    ActionRow{Action::hook, "hook", Hand::job, true},
    ActionRow{Action::confirm, "confirm", Hand::runner, false},
    ActionRow{Action::release, "release", Hand::world, true},
};

const ActionRow& row_of(Action action) {
  return *std::ranges::find(kActions, action, &ActionRow::action);
}

}  // namespace

const PlannedNode* Plan::node(std::string_view name) const {
  const auto at = std::ranges::find(nodes, name, &PlannedNode::name);
  return at == nodes.end() ? nullptr : &*at;
}

std::string digest(const Plan& plan) {
  Plan anonymous = plan;
  anonymous.run.clear();
  return short_digest(encode_plan(anonymous));
}

std::string to_string(const Step& step) {
  const std::string node = step.node.empty() ? "" : " " + step.node;
  return fmt::format("step {}: {}{}", step.number, to_string(step.action), node);
}

std::string_view to_string(Stage stage) {
  return std::ranges::find(kStageNames, stage, [](const auto& row) { return row.first; })->second;
}

std::string_view to_string(Action action) {
  return row_of(action).name;
}

std::string_view to_string(UpgradeKind kind) {
  return kind == UpgradeKind::patch ? "patch" : "minor";
}

std::string_view to_string(Role role) {
  switch (role) {
    case Role::control_plane_first:
      return "first control plane";
    case Role::control_plane:
      return "control plane";
    case Role::worker:
      return "worker";
  }
  return "?";
}

std::optional<Stage> parse_stage(std::string_view text) {
  const auto at = std::ranges::find(kStageNames, text, [](const auto& row) { return row.second; });
  return at == kStageNames.end() ? std::nullopt : std::optional(at->first);
}

std::optional<Action> parse_action(std::string_view text) {
  const auto at = std::ranges::find(kActions, text, &ActionRow::name);
  return at == kActions.end() ? std::nullopt : std::optional(at->action);
}

const std::vector<Stage>& all_stages() {
  static const std::vector<Stage> stages = [] {
    std::vector<Stage> all;
    for (const auto& row : kStageNames)
      all.push_back(row.first);
    return all;
  }();
  return stages;
}

bool is_mutating(Action action) {
  return row_of(action).mutating;
}

bool is_world_action(Action action) {
  return row_of(action).hand != Hand::runner;
}

bool is_remote_job(Action action) {
  return row_of(action).hand == Hand::job;
}

}  // namespace lockkeeper
