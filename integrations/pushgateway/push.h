// SPDX-License-Identifier: Apache-2.0
#pragma once

// Metrics for a Prometheus that cannot reach the bot: the full set is put to a Pushgateway, under a
// grouping key that never changes (job="lockkeeper" and the cluster), so that each push replaces
// the one before and nothing old is left behind. Nothing depends on it: a push that fails is
// counted, said once, and forgotten. A Pushgateway keeps what it was given for ever, so the last
// push of a bot that leaves says so (lockkeeper_serving 0), or its group is deleted.
// Contract: https://github.com/prometheus/pushgateway#put-method

#include <stop_token>
#include <string>

#include "config/settings.h"
#include "integrations/http/client.h"
#include "integrations/metrics/metrics.h"

namespace lockkeeper::pushgateway {

/// Owned by the composition root, which calls push() every `settings.interval`, and a last time
/// when it ends. One thread pushes, any thread may stop it.
class Pusher {
 public:
  /// `metrics` must outlive the pusher; its failures are counted there, too.
  Pusher(PushgatewaySettings settings, const std::string& cluster, metrics::Metrics& metrics);

  /// One push, bounded by the settings' timeout. Does nothing when no URL is configured.
  Status push();

  /// The last push of a bot that leaves on purpose; or, where `settings.delete_at_exit` says so,
  /// the end of its group. With an open run the group stays: nobody would notice that it has
  /// stalled.
  Status finish(bool run_is_open);

  /// Ends the push that is under way, and every later one at once.
  void stop() { stopping_.request_stop(); }

 private:
  Status tell(Status pushed);
  Status send(const std::string& method, std::string body);

  PushgatewaySettings settings_;
  std::string url_;  // with the grouping key
  metrics::Metrics& metrics_;
  http::Client client_;
  std::stop_source stopping_;
  bool failing_ = false;
};

/// The path of a group: "/metrics/job/lockkeeper/cluster/home". A value that a path cannot carry
/// ("a/b", or none at all) is written in base64 as the Pushgateway asks for.
std::string group_path(const std::string& cluster);

}  // namespace lockkeeper::pushgateway
