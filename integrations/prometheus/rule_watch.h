// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a restart or a reload of Prometheus does to its rules, and what must not be made of it. A
// rule that has just been loaded is of health "unknown" until its group's turn comes, and what
// fired by it may be missing from ALERTS meanwhile. So not having been evaluated yet only counts as
// unhealthy after two intervals of the group, and until then the rule's alerts are kept as they
// were; and so they are while it says that it fires and ALERTS has not begun to tell. A rule whose
// expression fails is unhealthy at once. Owned by one poller; one thread.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "integrations/prometheus/rules_answer.h"

namespace lockkeeper::prometheus {

class RuleWatch {
 public:
  /// A new answer about all rules. `now` is Prometheus' own clock.
  void looked(const std::vector<RuleHealth>& rules, Time now);

  /// What is wrong with the rules, as rule_alerts() writes it.
  [[nodiscard]] const std::vector<Labels>& alerts() const { return alerts_; }

  /// Of the alerts that have gone from ALERTS since the look before, those that nobody can call
  /// over: their rule has not been evaluated since, or only while we were asking, or has not been
  /// restored yet, or has begun to count its `for` anew.
  [[nodiscard]] std::vector<Labels> kept(std::vector<Labels> gone);

  /// Whether something may change with the next evaluation, so that the next look should ask.
  [[nodiscard]] bool unsettled() const {
    return !waiting_.empty() || !restoring_.empty() || !kept_.empty();
  }

 private:
  // (group, name) of rules that have not been evaluated -> since
  std::map<std::pair<std::string, std::string>, Time> waiting_;
  std::map<std::pair<std::string, std::string>, Time> restoring_;  // have, and are not restored
  std::set<std::string, std::less<>> waiting_names_;
  std::set<std::string, std::less<>> pending_names_;
  std::set<std::string, std::less<>> overtaken_names_;
  std::vector<Labels> alerts_;
  std::set<Labels> kept_;
  // Kept for that reason by the look before. Once is enough: the next look asks for ALERTS behind
  // that evaluation, also where looks and evaluations keep step and each look is overtaken.
  std::set<Labels> overtaken_;
};

}  // namespace lockkeeper::prometheus
