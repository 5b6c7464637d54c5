// SPDX-License-Identifier: Apache-2.0
#include "bot/cli_doctor_exams.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

#include "bot/cli_daemon_exam.h"
#include "integrations/alertmanager/checkup.h"
#include "integrations/kubernetes/checkup.h"
#include "integrations/kubernetes/secret.h"
#include "integrations/node/checkup.h"
#include "integrations/prometheus/checkup.h"
#include "integrations/pushgateway/checkup.h"
#include "integrations/slack/checkup.h"
#include "integrations/sqlite/checkup.h"
#include "integrations/world/live_scout.h"

namespace lockkeeper::cli {
namespace {

// For everything but the test alert; a healthy installation takes a few seconds, most of them
// apt's.
constexpr Millis kLimit = std::chrono::seconds(90);
// A route waits group_wait (30 s by default) before its first message, and its cluster's members
// for one another.
constexpr Millis kTestAlertLimit = std::chrono::seconds(90);
constexpr Millis kTestAlertLook{500};
constexpr Millis kTestAlertLife = std::chrono::minutes(5);

class Examination {
 public:
  Examination(const Settings& settings, std::span<const Area> areas, system::RealClock& clock,
              Exams& exams)
      : settings_(settings), areas_(areas), clock_(clock), exams_(exams) {}

  void run(bool send_test_alert);

 private:
  [[nodiscard]] bool wants(Area area) const {
    return std::ranges::find(areas_, area) != areas_.end();
  }
  [[nodiscard]] bool enough() const { return stop_.stop_requested(); }
  KubernetesSecretReader secrets();

  void look_at_cluster();
  void look_at_sources();
  void look_at_daemon();
  void look_at_feeds(const ClusterFacts& facts);
  void send_test_alert();
  bool await_test_alert(TestAlertExam& test);

  const Settings& settings_;
  const std::span<const Area> areas_;
  system::RealClock& clock_;
  Exams& exams_;
  std::stop_source stop_;
  std::unique_ptr<kubernetes::Connection> connection_;
  std::unique_ptr<kubernetes::Client> client_;
  std::string no_connection_;
};

KubernetesSecretReader Examination::secrets() {
  return [this](const std::string& path) -> Result<std::string> {
    if (!client_) return fail(no_connection_);
    return kubernetes::read_secret_value(*client_, path);
  };
}

// The nodes, and whose apt is asked, are known by then.
void Examination::look_at_feeds(const ClusterFacts& facts) {
  DetectionExam exam;
  auto scout = LiveScout::open(settings_, clock_);
  if (!scout) {
    exam.unasked = scout.error().what;
    exams_.detection = std::move(exam);
    return;
  }
  const std::stop_callback ended(stop_.get_token(), [&] { (*scout)->stop(); });
  exam.feeds = (*scout)->read_feeds(facts);
  constexpr std::string_view kApt = "apt on ";
  for (const auto& feed : exam.feeds)
    if (feed.feed.starts_with(kApt)) exam.apt_node = feed.feed.substr(kApt.size());
  exams_.detection = std::move(exam);
}

void Examination::look_at_cluster() {
  const bool nodes = wants(Area::nodes);
  const bool feeds = wants(Area::detection);
  if (!wants(Area::kubernetes) && !nodes && !feeds) return;
  KubernetesExam exam;
  if (client_) {
    exam = kubernetes::check_up(*client_, *connection_, settings_, [this] { return enough(); });
  } else {
    exam.failure = no_connection_;
  }
  const bool seen = exam.failure.empty() && exam.cluster.has_value();
  {
    std::optional<std::jthread> beside;
    if (seen && feeds) beside.emplace([&] { look_at_feeds(*exam.cluster); });
    if (nodes && seen)
      exams_.nodes =
          node::check_up(settings_, clock_, exam.cluster->nodes, [this] { return enough(); });
  }
  if (nodes && !seen) exams_.nodes.emplace();
  if (feeds && !seen) {
    exams_.detection.emplace();
    exams_.detection->unasked = "the API server, which tells what runs, cannot be read";
  }
  exams_.kubernetes = std::move(exam);
}

void Examination::look_at_sources() {
  const auto stop = stop_.get_token();
  if (wants(Area::prometheus)) {
    std::vector<PrometheusExam> all;
    all.push_back(
        prometheus::check_up(settings_.prometheus, settings_.rules, clock_, secrets(), stop));
    for (const auto& more : settings_.more_prometheus)
      all.push_back(prometheus::check_up(more, settings_.rules, clock_, secrets(), stop));
    exams_.prometheus = std::move(all);
  }
  if (wants(Area::alertmanager))
    exams_.alertmanager = alertmanager::check_up(settings_.alertmanager, secrets(), stop);
  if (wants(Area::pushgateway))
    exams_.pushgateway = pushgateway::check_up(settings_.pushgateway, stop);
}

void Examination::look_at_daemon() {
  if (wants(Area::daemon) || wants(Area::alertmanager))
    exams_.daemon = check_up_daemon(settings_.http);
}

/// Until the daemon shows the id, or the limit is over.
bool Examination::await_test_alert(TestAlertExam& test) {
  const auto begun = clock_.moment();
  const auto refused_before = refused_webhooks(*exams_.daemon);
  while (!test.arrived && clock_.moment() - begun < kTestAlertLimit) {
    test.arrived = newest_test_alert(settings_.http) == test.id;
    if (!test.arrived) clock_.wait_until(clock_.moment() + kTestAlertLook);
    test.took = clock_.moment() - begun;
    const auto daemon = check_up_daemon(settings_.http);
    test.refused = refused_webhooks(daemon) - refused_before;
    // It may be another sender's; a second look would not tell more.
    if (test.refused > 0 && !test.arrived && test.took > 5 * kTestAlertLook) break;
  }
  return test.arrived;
}

void Examination::send_test_alert() {
  TestAlertExam test;
  test.id = fmt::format("{:x}-{:x}", clock_.now().time_since_epoch().count(), ::getpid());
  if (!settings_.alertmanager.given()) {
    test.held = "[alertmanager] url is not given";
  } else if (exams_.daemon->state != DaemonExam::State::running) {
    test.held = "no daemon runs that could receive it";
  } else {
    test.held = test_alert_objection(settings_, test.id, clock_.now());
  }
  if (test.held.empty()) {
    const auto labels = test_alert_labels(settings_.cluster.name, test.id);
    const auto now = clock_.now();
    const auto sent = alertmanager::send_alert(settings_.alertmanager, secrets(), labels, now,
                                               now + kTestAlertLife);
    if (sent) {
      await_test_alert(test);
      const auto ended =
          alertmanager::send_alert(settings_.alertmanager, secrets(), labels, now, clock_.now());
      if (!ended) test.left = ended.error().what;
    } else {
      test.failure = sent.error().what;
    }
  }
  if (test.arrived) exams_.daemon = check_up_daemon(settings_.http);
  exams_.test_alert = std::move(test);
}

void Examination::run(bool send_test) {
  auto opened = kubernetes::Connection::open(settings_.kubernetes, clock_);
  if (opened) {
    connection_ = std::move(*opened);
    client_ = std::make_unique<kubernetes::Client>(*connection_, clock_,
                                                   settings_.kubernetes.request_timeout);
  } else {
    no_connection_ = opened.error().what;
  }
  if (wants(Area::journal)) exams_.journal = sqlite::check_up(settings_.journal);
  if (wants(Area::compat)) exams_.compat = load_compat(settings_.compat);
  std::atomic<int> left = 4;
  {
    std::vector<std::jthread> beside;
    // Each fills places of its own.
    const auto start = [&](auto look) {
      beside.emplace_back([&, look] {
        look();
        if (--left == 0) clock_.stir();
      });
    };
    start([this] { look_at_cluster(); });
    start([this] { look_at_sources(); });
    start([this] { look_at_daemon(); });
    start([this] {
      if (wants(Area::slack)) exams_.slack = slack::check_up(settings_.slack, clock_, secrets());
    });
    const auto until = clock_.moment() + kLimit;
    while (left > 0 && clock_.moment() < until)
      clock_.wait_until(std::min(until, clock_.moment() + Millis(100)));
    if (left > 0) stop_.request_stop();
  }
  if (send_test && wants(Area::alertmanager)) send_test_alert();
}

}  // namespace

void examine(const Settings& settings, std::span<const Area> areas, bool send_test_alert,
             system::RealClock& clock, Exams& exams) {
  Examination(settings, areas, clock, exams).run(send_test_alert);
}

}  // namespace lockkeeper::cli
