// SPDX-License-Identifier: Apache-2.0
#pragma once

// Our silences in a cluster of Alertmanagers. They are written to the first member that takes them,
// and the cluster tells the others.

#include <stop_token>

#include "bot/ports.h"
#include "integrations/alertmanager/api.h"

namespace lockkeeper::alertmanager {

/// Owned by the composition root. One call at a time; any thread may stop it.
class SilenceList : public SilenceBook {
 public:
  /// `cluster` is the cluster's name, by which its silences are told from others'.
  SilenceList(AlertmanagerSettings settings, std::string cluster,
              KubernetesSecretReader from_kubernetes = {})
      : api_(std::move(settings), std::move(from_kubernetes)), cluster_(std::move(cluster)) {}

  Result<std::vector<OwnSilence>> standing() override;
  Status put(const OwnSilence& silence) override;
  Status take_back(const std::string& id) override;

  /// Ends the call that is under way, and every later one at once, as a failed one.
  void stop() { stopping_.request_stop(); }

 private:
  Result<std::string> ask(Question question);

  Api api_;
  std::string cluster_;
  std::size_t member_ = 0;  // that answered last
  std::stop_source stopping_;
};

}  // namespace lockkeeper::alertmanager
