// SPDX-License-Identifier: Apache-2.0

// The files that operators copy: they load as they are, they show every key, and what they show as
// a default is the default.

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "config/ini.h"
#include "config/load.h"
#include "config/sections.h"
#include "rules/evaluate.h"
#include "tests/unit/config/temporary_folder.h"

namespace lockkeeper {
namespace {

using testing::TemporaryFolder;

const std::filesystem::path kFolder = LOCKKEEPER_CONFIG_FOLDER;

Settings shipped() {
  auto settings = load(kFolder / "lockkeeper.ini");
  if (!settings) FAIL(to_string(settings.error().front()));
  return *settings;
}

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  REQUIRE(in);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

/// Whether the comment is a key that was commented out: "# soak = 10m".
bool is_commented_key(const std::string& line, const std::set<std::string>& keys) {
  if (!line.starts_with("# ")) return false;
  const auto equals = line.find(" =");
  return equals != std::string::npos && keys.contains(line.substr(2, equals - 2));
}

std::set<std::string> keys_of(const std::string& section) {
  std::set<std::string> keys;
  for (const auto& table : settings_tables())
    if (table.name == section)
      for (const auto& key : table.keys)
        keys.insert(key.name);
  return keys;
}

/// The shipped file with every commented key made active.
std::string uncommented() {
  std::string text;
  std::string section;
  for (const auto& line : lines_of(kFolder / "lockkeeper.ini")) {
    if (line.starts_with('[')) section = line.substr(1, line.find(']') - 1);
    text += (is_commented_key(line, keys_of(section)) ? line.substr(2) : line) + "\n";
  }
  return text;
}

/// All values as text: "section.key" -> value.
std::map<std::string, std::string> shown(const Settings& settings) {
  std::map<std::string, std::string> values;
  for (const auto& table : settings_tables())
    for (const auto& key : table.keys)
      values[table.name + "." + key.name] = key.show(settings);
  return values;
}

Labels alert(std::string_view name, std::string_view severity) {
  Labels labels;
  labels.set("alertname", name);
  labels.set("severity", severity);
  return labels;
}

/// "rule/action" that decides about an alert.
std::string decided(const Labels& labels, const Situation& situation = {}) {
  static const Settings settings = shipped();
  const auto decision = decide(settings.rules, labels, situation);
  return decision.rule->name + "/" + std::string(to_string(decision.action));
}

}  // namespace

TEST_CASE("the shipped file loads as it is, with the shipped rules") {
  const auto settings = shipped();
  CHECK(settings.gate.rules_file == kFolder / "rules.ini");
  CHECK(settings.rules.rules.size() > 10);
}

TEST_CASE("every key stands in the shipped file, active or commented out, once") {
  const auto ini = parse_ini(uncommented(), "lockkeeper.ini", {});
  CHECK(ini.errors.empty());
  std::map<std::string, std::set<std::string>> found;
  for (const auto& section : ini.sections)
    for (const auto& entry : section.entries)
      found[section.name].insert(entry.key);
  for (const auto& table : settings_tables()) {
    CAPTURE(table.name);
    CHECK(found[table.name] == keys_of(table.name));
  }
}

TEST_CASE("what the shipped file shows as a default is the default") {
  const TemporaryFolder folder;
  const auto with_all = load(folder.write("lockkeeper.ini", uncommented()));
  if (!with_all) FAIL(to_string(with_all.error().front()));
  std::filesystem::copy(kFolder / "lockkeeper.ini", folder.path() / "lockkeeper.ini",
                        std::filesystem::copy_options::overwrite_existing);
  const auto as_it_is = load(folder.path() / "lockkeeper.ini");
  REQUIRE(as_it_is.has_value());
  CHECK(shown(*with_all) == shown(*as_it_is));
}

TEST_CASE("a key without a default is empty when it is not given") {
  const auto defaults = shown(default_settings());
  for (const auto& table : settings_tables()) {
    for (const auto& key : table.keys) {
      CAPTURE(key.name);
      const auto& value = defaults.at(table.name + "." + key.name);
      CHECK(value.empty() == (key.required || !key.empty_means.empty()));
    }
  }
}

TEST_CASE("every value that is shown is read back as the same") {
  auto settings = shipped();
  for (const auto& table : settings_tables()) {
    for (const auto& key : table.keys) {
      const auto value = key.show(settings);
      if (value.empty()) continue;
      CAPTURE(key.name);
      Settings other = default_settings();
      REQUIRE(key.read(other, value, kFolder).has_value());
      CHECK(key.show(other) == value);
    }
  }
}

TEST_CASE("the defaults that the settings' comments promise") {
  const Settings settings = default_settings();
  CHECK(settings.gate.blind_after == 3 * settings.gate.poll_interval);
  CHECK(settings.upgrade.soak == Millis(10min));
  CHECK(settings.upgrade.drain_timeout == Millis(5min));
  CHECK(settings.preflight.quiet == Millis(24h));
  CHECK(settings.preflight.free_bytes_min == 10LL << 30);
  CHECK(settings.preflight.scratch_age == Millis(72h));
  CHECK(settings.snapshot.cronjob == "default/backup-etcd");
  CHECK(settings.snapshot.success_text == "Backup done");
  CHECK(settings.snapshot.size_min == 1024);
  CHECK(settings.postflight.pod_ready_ratio == doctest::Approx(0.9));
}

TEST_CASE("the shipped rules treat a node that we have just worked on with patience") {
  auto reboot = alert("RecentNodeReboot", "warning");
  reboot.set("node", "w1");
  Situation situation;
  situation.phase = Phase::between;
  CHECK(decided(reboot, situation) == "reboot-by-others/pause");
  situation.nodes["w1"] = {NodeStanding::done, Millis(5min)};
  CHECK(decided(reboot, situation) == "reboot-by-us/pause");
  situation.nodes["w1"] = {NodeStanding::done, Millis(61min)};
  CHECK(decided(reboot, situation) == "reboot-by-others/pause");
  situation.nodes["w1"] = {NodeStanding::pending, Millis(1min)};
  CHECK(decided(reboot, situation) == "reboot-by-others/pause");
  for (const auto& rule : shipped().rules.rules) {
    if (!rule.name.starts_with("reboot-by-us")) continue;
    CHECK(rule.max_pause == Millis(30min));
    CHECK(rule.on_timeout == OnTimeout::abort);
  }
}

TEST_CASE("the same holds where the alert names the node by its instance") {
  auto reboot = alert("RecentNodeReboot", "warning");
  reboot.set("instance", "w1:9100");
  Situation situation;
  situation.phase = Phase::soak;
  situation.nodes["w1"] = {NodeStanding::active, Millis(5min)};
  CHECK(decided(reboot, situation) == "reboot-by-us-instance/pause");
  situation.nodes.clear();
  CHECK(decided(reboot, situation) == "reboot-by-others/pause");
}

TEST_CASE("the shipped rules let a node be away while it is upgraded, and not in its soak") {
  auto not_ready = alert("KubeNodeNotReady", "warning");
  not_ready.set("node", "w1");
  Situation situation;
  situation.nodes["w1"] = {NodeStanding::active, Millis(1min)};
  situation.phase = Phase::upgrade;
  CHECK(decided(not_ready, situation) == "node-being-upgraded/notify");
  situation.phase = Phase::soak;
  CHECK(decided(not_ready, situation) == "nodes/pause");
}

TEST_CASE("the shipped rules by kind of alert") {
  CHECK(decided(alert("Watchdog", "none")) == "builtin-expected/ignore");
  CHECK(decided(alert("K8sUpgradeStalled", "warning")) == "builtin-own-run/ignore");
  CHECK(decided(alert("etcdNoLeader", "critical")) == "etcd/abort");
  CHECK(decided(alert("KubeAPIDown", "critical")) == "api-server/pause");
  CHECK(decided(alert("KubeSchedulerDown", "critical")) == "control-plane-critical/abort");
  CHECK(decided(alert("PrometheusRuleFailures", "critical")) == "monitoring/pause");
  CHECK(decided(alert("CephHealthWarning", "warning")) == "storage/pause");
  CHECK(decided(alert("KubePodCrashLooping", "warning")) == "workloads/pause");
  CHECK(decided(alert("KubeVersionMismatch", "warning")) == "version-mismatch/ignore");
  CHECK(decided(alert("Unheard", "critical")) == "critical/pause");
  CHECK(decided(alert("Unheard", "warning")) == "warnings/notify");
  CHECK(decided(alert("Unheard", "")) == "default_action/pause");
  auto own = alert("Unheard", "critical");
  own.set("component", "lockkeeper");
  CHECK(decided(own) == "lockkeeper/ignore");
  auto system = alert("Unheard", "critical");
  system.set("namespace", "kube-system");
  CHECK(decided(system) == "control-plane-critical/abort");
}

}  // namespace lockkeeper
