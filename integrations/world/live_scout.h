// SPDX-License-Identifier: Apache-2.0
#pragma once

// The real Scout: feeds over HTTP and SSH, the cluster over its API, nodes over SSH. It has
// connections of its own, so that a run's are never waited for. One thread calls; any may stop it.

#include <memory>
#include <stop_token>

#include "bot/detector.h"
#include "config/settings.h"
#include "integrations/http/client.h"
#include "integrations/kubernetes/client.h"
#include "integrations/kubernetes/connection.h"
#include "integrations/ssh/session.h"

namespace lockkeeper {

class LiveScout : public Scout {
 public:
  /// Reads the cluster's credentials; dials nothing. Settings and clock must outlive the scout.
  static Result<std::unique_ptr<LiveScout>> open(const Settings& settings, Clock& clock);

  /// On kubeadm clusters apt on the first Ready control plane and the repository of the next minor;
  /// on k3s the channels of the running minor and the next.
  std::vector<FeedRead> read_feeds(const ClusterFacts& facts) override;
  CompatFacts survey(const ClusterFacts& facts) override;

  /// Ends what is under way, and everything later at once.
  void stop() { stopping_.request_stop(); }

 private:
  LiveScout(const Settings& settings, Clock& clock,
            std::unique_ptr<kubernetes::Connection> connection);

  const Settings& settings_;
  Clock& clock_;
  std::unique_ptr<kubernetes::Connection> connection_;
  kubernetes::Client client_;
  http::Client http_;
  std::stop_source stopping_;
};

/// The built-in data, or those of the folder that the settings name.
Result<CompatData> load_compat(const CompatSettings& settings);

/// What the compatibility gate needs, read part by part: also for the preflight of a run.
CompatFacts survey_compat(kubernetes::Client& client, const Settings& settings, Clock& clock,
                          const ClusterFacts& facts, const ssh::Cancelled& cancelled);

}  // namespace lockkeeper
