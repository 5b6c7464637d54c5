// SPDX-License-Identifier: Apache-2.0
#pragma once

// One look at a cluster of Alertmanagers: which alerts it knows, and which of them are silenced or
// inhibited, and by what. The members are asked at the same time, and one that answers is enough,
// because they share their silences. They may differ all the same: an alert only counts as held
// back when every member that knows it holds it back. A silence of our own (silences.h) holds
// nothing back from us, and neither does one whose author cannot be found out.

#include <stop_token>
#include <vector>

#include "bot/facts.h"
#include "integrations/alertmanager/alerts_answer.h"
#include "integrations/alertmanager/api.h"
#include "integrations/alertmanager/silences_answer.h"

namespace lockkeeper::alertmanager {

/// Owned by the composition root. One thread polls, any thread may stop it.
class Poller {
 public:
  explicit Poller(AlertmanagerSettings settings, KubernetesSecretReader from_kubernetes = {})
      : api_(std::move(settings), std::move(from_kubernetes)) {}

  /// One look, bounded by the settings' timeout for each of its one or two questions. Only
  /// `alertmanager`, `suppressed`, `good`, `why_not` and `note` of it are filled.
  Sighting poll();

  /// Ends the look that is under way, and every later one at once, as a failed one.
  void stop() { stopping_.request_stop(); }

 private:
  Api api_;
  std::stop_source stopping_;
};

/// What one member says, as a pure function of its two answers.
Sighting sighting_of(const std::vector<KnownAlert>& alerts,
                     const std::vector<KnownSilence>& silences);

/// What several members say together.
Sighting combined(std::vector<Sighting> members);

}  // namespace lockkeeper::alertmanager
