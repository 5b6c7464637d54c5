// SPDX-License-Identifier: Apache-2.0
#include "rules/rule.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockkeeper {
namespace {

// A label's value inside of a reason: longer ones are in `alerts`.
constexpr std::size_t kValueBytesMax = 80;

/// What may stand in one line of chat: control characters become blanks.
std::string one_line(std::string_view text) {
  auto line = clipped(text, kValueBytesMax);
  std::ranges::replace_if(line, [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; }, ' ');
  return line.empty() ? "(none)" : line;
}

Rule ignoring(std::string name, std::string_view matcher, std::string reason) {
  Rule rule;
  rule.name = std::move(name);
  rule.file = "built in";
  rule.match.push_back(parse_matchers(matcher).value());
  rule.action = RuleAction::ignore;
  rule.phases = {Phase::precheck, Phase::between, Phase::drain, Phase::upgrade, Phase::soak};
  rule.reason = std::move(reason);
  return rule;
}

}  // namespace

std::string reason_for(const Rule& rule, const Labels& labels) {
  const auto filled = parse_text_template(rule.reason);
  std::string text;
  // A reason that was not checked by the loader is shown as it stands.
  if (!filled) text = rule.reason;
  for (const auto& piece : filled.value_or(NodeTemplate{}).pieces) {
    if (piece.label) {
      text += one_line(labels.get(piece.text));
    } else if (piece.node) {
      text += one_line(rule.node ? rule.node->resolve(labels).value_or("") : "");
    } else {
      text += piece.text;
    }
  }
  if (rule.runbook.empty()) return text;
  return text.empty() ? "see " + rule.runbook : text + "; see " + rule.runbook;
}

Result<std::string> checked_reason(std::string_view text) {
  if (const auto read = parse_text_template(text); !read) return std::unexpected(read.error());
  return std::string(text);
}

bool outlasts_windows(const Rule& rule) {
  return std::ranges::any_of(
      rule.active, [](const Window& window) { return window.end_action == EndAction::pause; });
}

std::vector<Rule> builtin_rules() {
  return {
      ignoring("builtin-expected",
               "alertname=~\"Watchdog|InfoInhibitor|RebootRequired|KuredNodeWasNotDrained\"",
               "fires by design or waits for a reboot"),
      ignoring(
          "builtin-own-run",
          "alertname=~\"K8sUpgrade.*|K8sVersionSkew|EtcdPreUpgradeSnapshotMissing|Lockkeeper.*\"",
          "caused by the run itself"),
  };
}

std::string_view to_string(RuleAction action) {
  switch (action) {
    case RuleAction::ignore:
      return "ignore";
    case RuleAction::notify:
      return "notify";
    case RuleAction::resume:
      return "resume";
    case RuleAction::pause:
      return "pause";
    case RuleAction::abort:
      return "abort";
  }
  return "?";
}

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::precheck:
      return "precheck";
    case Phase::between:
      return "between";
    case Phase::drain:
      return "drain";
    case Phase::upgrade:
      return "upgrade";
    case Phase::soak:
      return "soak";
  }
  return "?";
}

std::string_view to_string(NodeStanding standing) {
  switch (standing) {
    case NodeStanding::pending:
      return "pending";
    case NodeStanding::next:
      return "next";
    case NodeStanding::active:
      return "active";
    case NodeStanding::done:
      return "done";
    case NodeStanding::outside:
      return "outside";
  }
  return "?";
}

std::string_view to_string(OnTimeout on_timeout) {
  switch (on_timeout) {
    case OnTimeout::stay:
      return "stay";
    case OnTimeout::abort:
      return "abort";
    case OnTimeout::proceed:
      return "continue";
  }
  return "?";
}

std::string_view to_string(StateScope scope) {
  switch (scope) {
    case StateScope::firing:
      return "firing";
    case StateScope::pending:
      return "pending";
    case StateScope::any:
      return "any";
  }
  return "?";
}

std::string_view to_string(Source source) {
  switch (source) {
    case Source::prometheus:
      return "prometheus";
    case Source::webhook:
      return "webhook";
    case Source::alertmanager:
      return "alertmanager";
  }
  return "?";
}

std::string_view to_string(Preexisting preexisting) {
  switch (preexisting) {
    case Preexisting::as_new:
      return "as-new";
    case Preexisting::ignore:
      return "ignore";
    case Preexisting::abort:
      return "abort";
  }
  return "?";
}

}  // namespace lockkeeper
