// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bot's eyes: one look at Prometheus, as one Sighting. What counts as having seen is narrow:
// status 200, "success", a vector, timely samples. Everything else (an error page, half an answer,
// a proxy's greeting) is a look that failed, and says why. The alerts come from the series ALERTS,
// because every front end that speaks PromQL has them; every few looks the health of the rules is
// asked for too, because a rule that fails keeps its alert as it was; and whenever an alert has
// gone, because its rule may only have been loaded anew (rule_watch.h).

#include <atomic>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "bot/facts.h"
#include "bot/ports.h"
#include "config/settings.h"
#include "integrations/prometheus/api.h"
#include "integrations/prometheus/rule_watch.h"

namespace lockkeeper::prometheus {

/// Owned by the composition root. One thread polls, any thread may stop it.
class Poller {
 public:
  /// `book` gives the Watchdog's matchers and the normalisation under which they are tried; it must
  /// outlive the poller, as `clock` must.
  Poller(PrometheusSettings settings, const GateSettings& gate, const RuleBook& book,
         const Clock& clock, KubernetesSecretReader from_kubernetes = {});

  /// One look, bounded by the settings' timeout for each of its one or two requests. The labels of
  /// firing alerts are as Prometheus has them, without `alertstate`. Never throws.
  Sighting poll();

  /// Other rules are in force: from the next look on, pending alerts are asked for when these want
  /// them. Any thread.
  void adopt(const RuleBook& rules);

  /// Ends the look that is under way, and every later one at once, as a failed one.
  void stop() { stopping_.request_stop(); }

 private:
  Result<std::string> ask(const std::string& path, const std::string& query);
  Result<Sighting> look();
  Status look_at_rules(Time prometheus_now);
  Status add_what_rules_tell(Sighting& sighting, Time prometheus_now);
  void warn_of(const std::vector<std::string>& warnings);
  Result<Time> checked_time(Time at, Time sent, Time received, Sighting& sighting);

  const std::string name_;
  const Millis clock_skew_max_;
  const int rule_health_every_;
  const RuleBook& book_;
  std::atomic<bool> pending_;  // some rule speaks of alerts that do not fire yet
  const Clock& clock_;
  Api api_;
  std::stop_source stopping_;

  int until_rules_ = 0;           // good looks until the rules are asked about again
  RuleWatch rules_;               // as they were when they last were
  std::vector<Labels> previous_;  // fired in the look before, the Watchdog aside; sorted
  bool rules_missing_ = false;    // this front end has no rules: said once
  bool skew_said_ = false;
  std::vector<std::string> warnings_said_;
};

}  // namespace lockkeeper::prometheus
