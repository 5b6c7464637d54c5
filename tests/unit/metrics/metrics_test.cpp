// SPDX-License-Identifier: Apache-2.0
#include "integrations/metrics/metrics.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace lockkeeper;
using namespace lockkeeper::metrics;

namespace {

/// Whether the text has this line.
bool has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

std::size_t series_of(const std::string& text, const std::string& name) {
  std::size_t count = 0;
  for (std::size_t at = text.find("\n" + name + "{"); at != text.npos;
       at = text.find("\n" + name + "{", at + 1))
    ++count;
  return count;
}

/// Everything set that can be set, with values that need escaping.
void fill(Metrics& metrics) {
  Labels labels;
  for (const Declaration& line : table()) {
    for (const std::string_view name : line.labels)
      labels.set(name, "wörker \"4\"\\\nnext");
  }
  for (const Declaration& line : table()) {
    metrics.set(line.metric, 1.5, labels);
    metrics.add(line.metric, 2, labels);
    metrics.observe(line.metric, 45, labels);
  }
}

}  // namespace

TEST_CASE("the table is in the order of its enumerators, and no name stands in it twice") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < table().size(); ++i) {
    CHECK(static_cast<std::size_t>(table()[i].metric) == i);
    CHECK(names.insert(table()[i].name).second);
    CHECK_FALSE(table()[i].help.empty());
    CHECK(table()[i].name.ends_with("_total") == (table()[i].kind == Kind::counter));
  }
}

TEST_CASE("what has no labels is exported as zero from the start, a time is not") {
  const std::string text = Metrics().text();
  CHECK(has(text, "# TYPE k8s_upgrade_in_flight gauge"));
  CHECK(has(text, "k8s_upgrade_in_flight 0"));
  CHECK(has(text, "lockkeeper_webhook_truncated_total 0"));
  CHECK(text.find("k8s_version_check_last_run_timestamp") == std::string::npos);
  CHECK(text.find("lockkeeper_nodes") == std::string::npos);
  CHECK(text.ends_with('\n'));
}

TEST_CASE("gauges, counters and histograms show what was written") {
  Metrics metrics;
  metrics.set(Metric::upgrade_in_flight, 1);
  metrics.set(Metric::nodes, 3, {{"state", "pending"}});
  metrics.set(Metric::nodes, 2, {{"state", "pending"}});
  metrics.add(Metric::webhook_requests, 1, {{"code", "200"}});
  metrics.add(Metric::webhook_requests, 1, {{"code", "200"}});
  metrics.observe(Metric::node_phase_duration, 45, {{"phase", "drain"}});
  const std::string text = metrics.text();
  CHECK(has(text, "k8s_upgrade_in_flight 1"));
  CHECK(has(text, "lockkeeper_nodes{state=\"pending\"} 2"));
  CHECK(has(text, "lockkeeper_webhook_requests_total{code=\"200\"} 2"));
  CHECK(has(text, "lockkeeper_node_phase_duration_seconds_count{phase=\"drain\"} 1"));
  CHECK(has(text, "lockkeeper_node_phase_duration_seconds_bucket{phase=\"drain\",le=\"30\"} 0"));
  CHECK(has(text, "lockkeeper_node_phase_duration_seconds_bucket{phase=\"drain\",le=\"60\"} 1"));
}

TEST_CASE("a state set has exactly one 1") {
  Metrics metrics;
  const std::array<std::string_view, 3> all = {"clear", "paused", "blind"};
  metrics.set_state(Metric::gate_state, "blind", all);
  metrics.set_state(Metric::gate_state, "paused", all);
  const std::string text = metrics.text();
  CHECK(has(text, "lockkeeper_gate_state{state=\"clear\"} 0"));
  CHECK(has(text, "lockkeeper_gate_state{state=\"paused\"} 1"));
  CHECK(has(text, "lockkeeper_gate_state{state=\"blind\"} 0"));
}

TEST_CASE("replacing forgets the series that are not mentioned") {
  Metrics metrics;
  const Labels a{{"action", "pause"}, {"rule", "a"}};
  const Labels b{{"action", "pause"}, {"rule", "b"}};
  metrics.replace(Metric::alerts_active, std::vector<Metrics::Series>{{a, 1}, {b, 2}});
  metrics.replace(Metric::alerts_active, std::vector<Metrics::Series>{{b, 3}});
  CHECK(has(metrics.text(), "lockkeeper_alerts_active{action=\"pause\",rule=\"b\"} 3"));
  CHECK(series_of(metrics.text(), "lockkeeper_alerts_active") == 1);
  metrics.replace(Metric::alerts_active, {});
  CHECK(series_of(metrics.text(), "lockkeeper_alerts_active") == 0);
}

TEST_CASE("ten thousand names become a hundred series, and nothing is lost in the sum") {
  Metrics metrics;
  std::vector<Metrics::Series> many;
  for (int i = 0; i < 10'000; ++i) {
    const Labels labels{{"action", "pause"}, {"rule", "r" + std::to_string(i)}};
    many.emplace_back(labels, 1);
    metrics.add(Metric::gate_decisions, 1, labels);
  }
  metrics.replace(Metric::alerts_active, many);
  const std::string text = metrics.text();
  CHECK(series_of(text, "lockkeeper_alerts_active") == kSeriesMax);
  CHECK(has(text, "lockkeeper_alerts_active{action=\"other\",rule=\"other\"} 9901"));
  CHECK(series_of(text, "lockkeeper_gate_decisions_total") == kSeriesMax);
  CHECK(has(text, "lockkeeper_gate_decisions_total{action=\"other\",rule=\"other\"} 9901"));
}

TEST_CASE("what does not fit the table is bent until it does") {
  Metrics metrics;
  metrics.set(Metric::nodes, 1, {{"state", std::string(1000, 'x')}, {"pod", "y"}});
  metrics.set(Metric::upgrade_blocked, 1, {{"node", "x"}});
  metrics.set(Metric::run_info, 1, {{"run", "bad \xff\xfe"}});
  const std::string text = metrics.text();
  CHECK(text.find("pod=") == std::string::npos);
  CHECK(text.find(std::string(200, 'x')) == std::string::npos);
  CHECK(has(text, "k8s_upgrade_blocked 1"));
  CHECK(has(text, "lockkeeper_run_info{run=\"bad \",target=\"\"} 1"));
}

TEST_CASE("calls of another kind, and negative amounts, do nothing") {
  Metrics metrics;
  const std::string before = metrics.text();
  metrics.set(Metric::webhook_truncated, 7);
  metrics.add(Metric::upgrade_in_flight, 1);
  metrics.observe(Metric::upgrade_in_flight, 1);
  metrics.replace(Metric::webhook_requests, std::vector<Metrics::Series>{{{{"code", "1"}}, 1}});
  metrics.add(Metric::webhook_truncated, -1);
  CHECK(metrics.text() == before);
}

TEST_CASE("many threads write while one reads") {
  Metrics metrics;
  std::vector<std::thread> writers;
  for (int t = 0; t < 3; ++t) {
    writers.emplace_back([&metrics] {
      for (int i = 0; i < 300; ++i) {
        metrics.add(Metric::webhook_requests, 1, {{"code", std::to_string(i % 5)}});
        metrics.replace(Metric::alerts_active,
                        std::vector<Metrics::Series>{{{{"rule", std::to_string(i)}}, 1}});
      }
    });
  }
  for (int i = 0; i < 50; ++i)
    CHECK(metrics.text().ends_with('\n'));
  for (auto& writer : writers)
    writer.join();
  CHECK(has(metrics.text(), "lockkeeper_webhook_requests_total{code=\"0\"} 180"));
}

TEST_CASE("a histogram has the bounds that its line of the table gives") {
  Metrics metrics;
  metrics.observe(Metric::slack_ack_duration, 0.02);
  metrics.observe(Metric::node_phase_duration, 45, {{"phase", "drain"}});
  const std::string text = metrics.text();
  CHECK(has(text, "lockkeeper_slack_ack_duration_seconds_bucket{le=\"0.025\"} 1"));
  CHECK(has(text, "lockkeeper_slack_ack_duration_seconds_bucket{le=\"0.01\"} 0"));
  CHECK(text.find("phase=\"drain\",le=\"0.025\"") == std::string::npos);
}

TEST_CASE("promtool finds nothing to say about the text") {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) {
    MESSAGE("skipped: promtool is not installed");
    return;
  }
  Metrics metrics;
  fill(metrics);
  std::FILE* promtool = ::popen("promtool check metrics 2>&1", "w");
  REQUIRE(promtool != nullptr);
  std::fputs(metrics.text().c_str(), promtool);
  CHECK(::pclose(promtool) == 0);
}
