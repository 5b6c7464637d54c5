// SPDX-License-Identifier: Apache-2.0
#pragma once

// What `lockkeeper doctor` saw of an installation: one structure for each area, filled by the
// neighbours' checkups. Values only. What could not be seen says why and never looks fine; a
// `failure` is one line without a secret.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bot/compat_data.h"
#include "bot/detection.h"
#include "bot/facts.h"
#include "bot/rights.h"
#include "config/findings.h"

namespace lockkeeper {

/// How far another clock is from ours, and how well that is known: half of the time that the
/// question took.
struct ClockOffset {
  Millis offset{};  // positive: it is ahead of ours
  Millis uncertainty{};

  /// What the distance is at least.
  [[nodiscard]] Millis at_least() const {
    return std::max(std::chrono::abs(offset) - uncertainty, Millis(0));
  }
};

struct JournalExam {
  bool found = false;   // there is a journal already
  std::string held_by;  // "process 1234", when a daemon has it
  std::int64_t free_bytes = -1;
};

struct CronJobExam {
  std::string failure;
  bool suspended = false;
};

struct KubernetesExam {
  std::string failure;  // why the API server cannot be asked at all
  std::string server;   // "https://10.0.0.1:6443 (kubeconfig /etc/lockkeeper/kubeconfig)"
  Result<std::string> user = fail("not asked");
  std::optional<Time> own_certificate_ends;  // nothing: we show none, or it cannot be read
  std::optional<Time> server_certificate_ends;
  Result<ClusterFacts> cluster = fail("not asked");
  std::string rights_failure;
  std::vector<Right> missing;
  std::vector<Right> needless;
  CronJobExam cronjob;
  std::vector<BlockingBudget> budgets;
  std::string budgets_failure;
  std::map<std::string, std::string> metrics_failures;  // by API server
};

/// Where the way to a node ends.
enum class NodeTrouble { none, unreachable, host_key, login, sudo, script, ours };

struct NodeExam {
  std::string node;
  bool control_plane = false;
  NodeTrouble trouble = NodeTrouble::none;
  std::string failure;
  std::optional<ClockOffset> clock;
  std::vector<std::string> missing_programs;
  bool kubeadm = false;  // whether this node needs kubeadm: it is no k3s
  std::vector<std::string> unheld;
  std::string dpkg_complaint;
  bool reboot_required = false;
  std::int64_t free_bytes = -1;
};

struct PrometheusExam {
  std::string name;    // "prometheus", "prometheus replica"
  std::string origin;  // "http://10.0.0.9:9090"
  bool unasked = false;
  std::string failure;
  std::optional<ClockOffset> clock;
  bool alerts = false;    // there are series ALERTS at all
  bool watchdog = false;  // and the Watchdog fires among them
  std::string rules_failure;
  std::size_t rules = 0;
  std::vector<std::string> sick_rules;  // "KubeAPIDown (group api): err"
};

/// One webhook of Alertmanager's configuration that could be ours.
struct WebhookRoute {
  std::string receiver;
  std::string url;  // empty: Alertmanager keeps it for itself
  bool routed = false;
  bool send_resolved = true;
};

struct AlertmanagerExam {
  std::string name;  // "Alertmanager http://10.0.0.9:9093"
  bool unasked = false;
  std::string failure;
  std::string version;
  std::string configuration_failure;
  std::vector<WebhookRoute> webhooks;
};

struct PushgatewayExam {
  std::string origin;
  std::string failure;
};

struct SlackChannelExam {
  std::string role;  // "channel", "admin_channel"
  std::string id;
  std::string error;  // Slack's own word, "not_in_channel"; empty: the bot may read it
};

struct SlackExam {
  std::string unasked;  // why nothing was asked: a token cannot be read
  std::string failure;  // Slack is out of reach
  std::string bot_error;
  std::string app_error;
  std::string bot_user;
  std::string team;
  std::string scopes;  // as Slack tells them: "chat:write,commands"; empty: it does not
  std::vector<SlackChannelExam> channels;
};

struct DaemonExam {
  enum class State { absent, stranger, broken, running };

  State state = State::absent;
  std::string url;
  std::string failure;
  std::string version;
  std::string started;
  std::string configuration;               // digest of what it goes by
  std::string last_webhook;                // when one was taken, or empty
  std::vector<std::string> not_ready;      // reasons
  std::map<std::string, double> webhooks;  // how many were answered, by status
};

/// A test alert that was sent, and what became of it.
struct TestAlertExam {
  std::string held;     // why none was sent
  std::string failure;  // why it did not get into Alertmanager
  std::string id;
  bool arrived = false;
  Millis took{};
  double refused = 0;  // webhooks that the daemon answered with 401 meanwhile
  std::string left;    // why it could not be taken back; it ends by itself
};

struct DetectionExam {
  std::string unasked;
  std::string apt_node;  // the node whose apt was asked
  std::vector<FeedRead> feeds;
};

/// Everything that was looked at; an area that nobody asked for is absent.
struct Exams {
  std::vector<std::string> configuration_errors;  // then there is nothing else
  std::vector<ConfigFinding> configuration;
  std::string configuration_digest;
  std::optional<JournalExam> journal;
  std::optional<KubernetesExam> kubernetes;
  std::optional<std::vector<NodeExam>> nodes;
  std::optional<std::vector<PrometheusExam>> prometheus;
  std::optional<std::vector<AlertmanagerExam>> alertmanager;
  std::optional<PushgatewayExam> pushgateway;
  std::optional<SlackExam> slack;
  std::optional<DaemonExam> daemon;
  std::optional<TestAlertExam> test_alert;
  std::optional<DetectionExam> detection;
  std::optional<Result<CompatData>> compat;
};

}  // namespace lockkeeper
