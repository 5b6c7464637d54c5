// SPDX-License-Identifier: Apache-2.0
#include "bot/doctor.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bot/rights.h"
#include "rules/rule.h"

namespace lockkeeper {
namespace {

constexpr Time kNow{Millis(1'795'262'400'000)};  // 2026-11-21T12:00:00Z

/// An installation in which nothing is wrong.
struct Well {
  Settings settings;
  Exams exams;

  Well() {
    settings.file = "/etc/lockkeeper/lockkeeper.ini";
    settings.ssh.user = "ops";
    settings.ssh.key_file = "/etc/lockkeeper/id";
    settings.rules.rules = builtin_rules();
    exams.configuration_digest = "cafe0001";
    exams.journal = JournalExam{true, "process 7", 1LL << 40};
    KubernetesExam cluster;
    cluster.server = "https://10.0.0.1:6443";
    cluster.user = "lockkeeper";
    cluster.cluster = ClusterFacts{};
    cluster.cluster->namespace_found = true;
    cluster.cluster->api_server_text = "v1.34.2";
    exams.kubernetes = cluster;
    NodeExam node;
    node.node = "node1";
    node.free_bytes = 1LL << 40;
    exams.nodes = std::vector{node};
    PrometheusExam prometheus;
    prometheus.name = "prometheus";
    prometheus.alerts = prometheus.watchdog = true;
    exams.prometheus = std::vector{prometheus};
    exams.alertmanager = std::vector<AlertmanagerExam>();
    exams.pushgateway.emplace();
    exams.slack.emplace();
    exams.daemon.emplace();
    exams.daemon->state = DaemonExam::State::running;
    exams.daemon->version = "1";
    exams.daemon->configuration = "cafe0001";
    exams.daemon->last_webhook = "2026-11-21T11:59:00Z";
    exams.detection.emplace();
    CompatData data;
    data.updated = kNow;
    exams.compat = data;
  }

  [[nodiscard]] DoctorReport report() const { return diagnose(exams, settings, kAreas, "1", kNow); }

  /// "area: what -> fix" of whatever is broken or a warning.
  [[nodiscard]] std::vector<std::string> troubles() const {
    std::vector<std::string> found;
    for (const auto& area : report().areas)
      for (const auto& one : area.found)
        if (one.health >= Health::warning)
          found.push_back(std::string(to_string(area.area)) + ": " + one.what + " -> " + one.fix);
    return found;
  }
  [[nodiscard]] std::string only() const {
    const auto found = troubles();
    return found.size() == 1 ? found.front() : joined(found, "\n");
  }
};

}  // namespace

TEST_CASE("nothing wrong is called broken, and what cannot be told is said to be so") {
  const Well well;
  CHECK(well.troubles().empty());
  const auto text = doctor_text(well.report());
  CHECK(text.ends_with("0 warnings, 0 broken"));
  CHECK(text.contains("  not checked  [alertmanager] url is not given"));
  const auto json = nlohmann::json::parse(doctor_json(well.report()));
  CHECK(json["ok"] == true);
  CHECK(json["areas"].size() == kAreas.size());
}

TEST_CASE("an area that was not looked at in time is not fine") {
  Well well;
  well.exams.slack.reset();
  CHECK(doctor_text(well.report()).contains("slack\n  not checked  not looked at in time"));
}

TEST_CASE("a configuration that cannot be read leaves nobody to ask") {
  Well well;
  well.exams = {};
  well.exams.configuration_errors = {"lockkeeper.ini:7: unknown key 'soka'"};
  constexpr std::array kOnly = {Area::configuration};
  const auto report = diagnose(well.exams, well.settings, kOnly, "1", kNow);
  CHECK(report.count(Health::broken) == 1);
  CHECK(report.count(Health::unchecked) == 1);
  CHECK(report.areas.front().found.front().what == "lockkeeper.ini:7: unknown key 'soka'");
}

TEST_CASE("a missing right comes with the line of the role that gives it") {
  Well well;
  well.exams.kubernetes->missing = {{"get", "batch", "cronjobs", "default"}};
  CHECK(well.only() ==
        "kubernetes: the role lacks \"get cronjobs in namespace default\" -> add to a Role in "
        "namespace default: apiGroups: [batch], resources: [cronjobs], verbs: [get] "
        "(config/deploy/rbac.yaml has the whole role)");
  CHECK(doctor_text(well.report()).contains("CronJob default/backup-etcd: we may not read it"));
  well.exams.kubernetes->missing = {{"get", "", "/metrics", ""}};
  CHECK(well.only().contains("nonResourceURLs: [/metrics], verbs: [get]"));
  well.exams.kubernetes->missing = {{"patch", "", "namespaces", "lockkeeper"}};
  CHECK(well.only().contains(
      "add to ClusterRole lockkeeper: apiGroups: [\"\"], resources: [namespaces], resourceNames: "
      "[lockkeeper], verbs: [patch]"));
}

TEST_CASE("rights that nobody needs are every other way to write, and never a needed one") {
  Settings settings;
  settings.slack.bot_token.kubernetes = "lockkeeper/slack/bot";
  const auto needed = needed_rights(settings);
  CHECK(std::ranges::find(needed, Right{"get", "", "secrets", "lockkeeper", "slack"}) !=
        needed.end());
  const auto needless = needless_rights(settings);
  CHECK(needless.front().verb == "*");
  for (const auto& right : needless)
    CHECK(std::ranges::find(needed, right) == needed.end());
  const auto has = [&](const Right& right) {
    return std::ranges::find(needless, right) != needless.end();
  };
  CHECK(has({"delete", "", "pods", ""}));
  CHECK(has({"delete", "batch", "jobs", "default"}));
  CHECK(has({"create", "", "pods/exec", ""}));
  CHECK_FALSE(has({"delete", "", "pods/eviction", ""}));
}

TEST_CASE("certificates are warned of two weeks ahead") {
  Well well;
  const auto ends = [&](Millis in) {
    well.exams.kubernetes->own_certificate_ends = kNow + in;
    return well.only();
  };
  CHECK(ends(14 * 24h).empty());
  CHECK(ends(14 * 24h - 1s).starts_with("kubernetes: our certificate ends in 13 days -> renew"));
  CHECK(ends(-25h).starts_with("kubernetes: our certificate ended 1 day ago -> "));
}

TEST_CASE("where the bot runs must let it step aside") {
  Well well;
  auto& cluster = *well.exams.kubernetes->cluster;
  NodeFacts node;
  node.name = "node1";
  node.address = "10.0.0.2";
  node.ready = Condition::yes;
  cluster.nodes = {node};
  well.settings.kubernetes.own_node = "node9";
  CHECK(well.only().starts_with("kubernetes: [kubernetes] own_node = node9 is no node"));
  well.settings.kubernetes.own_node = "node1";
  CHECK(well.only().contains("own_pod_env = POD_NAME"));
  well.settings.kubernetes.own_pod = "lockkeeper/lockkeeper-1";
  CHECK(well.only().contains("the only node"));
  node.name = "master1";
  node.control_plane = true;
  cluster.nodes.push_back(node);
  CHECK(well.troubles().empty());
  well.settings.kubernetes.own_node = "master1";
  CHECK(well.only().contains("a control plane, which is upgraded first"));
}

TEST_CASE("a cause is named once: what hangs on it is not checked") {
  Well well;
  well.exams.kubernetes->failure = "https://10.0.0.1:6443: connection refused";
  well.exams.nodes->clear();
  well.exams.detection->unasked = "the API server, which tells what runs, cannot be read";
  CHECK(well.only().starts_with("kubernetes: https://10.0.0.1:6443: connection refused"));
  Well blind;
  auto& node = blind.exams.nodes->front();
  node.trouble = NodeTrouble::unreachable;
  node.failure = "node1: 10.0.0.2:22 refuses the connection";
  blind.exams.detection->apt_node = "node1";
  blind.exams.detection->feeds = {{"apt on node1", fail("refused"), false, {}}};
  CHECK(blind.only().starts_with("nodes: node1: 10.0.0.2:22 refuses the connection"));
  Well keyless;
  keyless.exams.configuration = {{true, "[ssh] key_file: id: no such file or directory"}};
  keyless.exams.nodes->front().trouble = NodeTrouble::ours;
  CHECK(keyless.only().starts_with("configuration: [ssh] key_file"));
}

TEST_CASE("what a run would stumble over: the backup, a budget, a node's packages") {
  Well well;
  well.exams.kubernetes->cronjob.suspended = true;
  CHECK(well.only().ends_with(
      "-> kubectl -n default patch cronjob backup-etcd -p '{\"spec\":{\"suspend\":false}}'"));
  Well tight;
  tight.exams.kubernetes->budgets = {{"shop/db", "minAvailable 1 of 1"}};
  CHECK(tight.only().starts_with("kubernetes: PodDisruptionBudget shop/db blocks every drain: "));
  Well odd;
  odd.exams.nodes->front().unheld = {"kubeadm", "kubelet"};
  CHECK(odd.only().contains("node1: not on hold: kubeadm, kubelet -> on node1: apt-mark hold "));
  CHECK(odd.report().count(Health::broken) == 0);
  odd.exams.nodes->front().dpkg_complaint = "interrupted";
  CHECK(odd.report().count(Health::broken) == 1);
}

TEST_CASE("a clock is wrong by what is certain, not by what the way may explain") {
  Well well;
  const auto at = [&](Millis offset, Millis doubt) {
    well.exams.nodes->front().clock = ClockOffset{offset, doubt};
    return well.only();
  };
  CHECK(at(2s, Millis(5)).empty());
  CHECK(at(-4s, 3s).empty());
  CHECK(at(-4s, Millis(5)).starts_with("nodes: node1: its clock is 4s behind this host's (+-5ms)"));
  well.exams.nodes->front().clock = ClockOffset{40s, Millis(5)};
  CHECK(well.report().count(Health::broken) == 1);
}

TEST_CASE("Alertmanager's routes: to us, to elsewhere, to nobody, and hidden ones") {
  Well well;
  AlertmanagerExam one;
  one.name = "Alertmanager http://am:9093";
  one.version = "0.27.0";
  const auto with = [&](std::vector<WebhookRoute> webhooks) {
    one.webhooks = std::move(webhooks);
    well.exams.alertmanager = std::vector{one};
    return well.only();
  };
  const auto url = [](const char* origin) { return std::string(origin) + "/api/v1/alerts"; };
  CHECK(with({{"bot", url("http://lockkeeper.example:8099"), true, true}}).empty());
  CHECK(with({{"bot", url("http://lockkeeper.svc"), true, true}}).empty());
  CHECK(doctor_text(well.report()).contains("only an alert can tell"));
  CHECK(with({{"bot", "", true, true}}).empty());
  CHECK(with({{"bot", url("http://127.0.0.1:8098"), true, true}})
            .contains("where we do not listen -> in alertmanager.yml: url: "
                      "http://127.0.0.1:8099/api/v1/alerts"));
  CHECK(
      with({{"bot", url("http://127.0.0.1:8099"), false, true}}).contains("no route leads to it"));
  CHECK(with({{"bot", url("http://127.0.0.1:8099"), true, false}}).contains("send_resolved: true"));
  CHECK(with({}).contains("no receiver posts to /api/v1/alerts"));
}

TEST_CASE("a test alert is sent only where the rules ignore it") {
  Well well;
  CHECK(test_alert_objection(well.settings, "7", kNow).empty());
  well.settings.rules.rules.clear();
  well.settings.rules.fallback.action = RuleAction::pause;
  CHECK(test_alert_objection(well.settings, "7", kNow).contains("would pause for it"));
}

TEST_CASE("the shipped manifest of Slack asks for the scopes that the doctor looks for") {
  std::ifstream file(std::string(LOCKKEEPER_GOLDEN) + "/../../config/deploy/slack-manifest.json");
  std::stringstream text;
  text << file.rdbuf();
  const auto manifest = nlohmann::json::parse(text.str());
  Well well;
  well.settings.slack.bot_token.file = "token";
  well.exams.slack->bot_user = "lockkeeper";
  for (const auto& scope : manifest["oauth_config"]["scopes"]["bot"])
    well.exams.slack->scopes +=
        (well.exams.slack->scopes.empty() ? "" : ",") + scope.get<std::string>();
  CHECK(well.troubles().empty());
  const auto text_now = doctor_text(well.report());
  CHECK(text_now.contains(
      "scopes: commands, chat:write, files:write, usergroups:read, users:read, channels:history, "
      "groups:history"));
  CHECK_FALSE(text_now.contains("has no scope"));
  well.exams.slack->scopes = "commands,chat:write";
  CHECK(well.report().count(Health::broken) == 3);
}

TEST_CASE("the daemon: another program, another configuration, refused webhooks") {
  Well well;
  auto& daemon = *well.exams.daemon;
  daemon.version = "2";
  CHECK(well.only().contains("the daemon is 2, this program is 1"));
  daemon.version = "1";
  daemon.configuration = "cafe0002";
  CHECK(well.only().contains("goes by another configuration"));
  daemon.configuration = "cafe0001";
  daemon.last_webhook.clear();
  daemon.webhooks = {{"401", 4}};
  CHECK(well.only().contains("every webhook was refused with 401 (4 of them)"));
  daemon.state = DaemonExam::State::stranger;
  CHECK(well.only().contains("[http] port"));
  daemon.state = DaemonExam::State::absent;
  CHECK(well.troubles().empty());
}

}  // namespace lockkeeper
