// SPDX-License-Identifier: Apache-2.0

// Several Prometheus, Alertmanager's API, and what of their settings contradicts itself.

#include <doctest/doctest.h>

#include <algorithm>

#include "config/describe.h"
#include "config/findings.h"
#include "tests/unit/config/loading.h"

namespace lockkeeper {
namespace {

using testing::kRequired;
using testing::loaded;
using testing::refusal;

const std::string kAction = "[gate]\ndefault_action = pause\n";
const std::string kTwo = kRequired + "[prometheus replica]\nurl = http://127.0.0.1:9091\n";

bool warned(const Settings& settings, std::string_view text) {
  return std::ranges::any_of(findings(settings), [&](const ConfigFinding& finding) {
    return !finding.blocking && finding.what.find(text) != std::string::npos;
  });
}

}  // namespace

TEST_CASE("each [prometheus NAME] is a further one with keys of its own") {
  const auto settings =
      loaded(kTwo + "timeout = 3s\n[prometheus eu.shop]\nurl = https://eu/prom\n" + kAction);
  CHECK(settings.prometheus.name.empty());
  REQUIRE(settings.more_prometheus.size() == 2);
  CHECK(settings.more_prometheus[0].name == "replica");
  CHECK(settings.more_prometheus[0].timeout == Millis(3s));
  CHECK(settings.more_prometheus[1].name == "eu.shop");
  CHECK(settings.more_prometheus[1].url == "https://eu/prom");
  CHECK(describe(settings).find("[prometheus replica]\n  url = http://127.0.0.1:9091\n") !=
        std::string::npos);
}

TEST_CASE("a further Prometheus without an address, or with a bad name or key, is refused") {
  CHECK(refusal(kRequired + "[prometheus b]\ntimeout = 3s\n" + kAction) ==
        "l.ini:6: [prometheus b] url is required for a run\n");
  CHECK(refusal(kRequired + "[prometheus b c]\nurl = http://x\n" + kAction) ==
        "l.ini:6: [prometheus b c]: a name is one word of letters, digits, '_', '-' and '.'\n");
  CHECK(refusal(kRequired + "[prometheus b]\nurl = http://x\nquorum = 1\n" + kAction) ==
        "l.ini:8: unknown key \"quorum\" in [prometheus b]\n");
}

TEST_CASE("a quorum that nobody can reach is refused, and a smaller one is said") {
  CHECK(refusal(kTwo + kAction + "quorum = 3\n") ==
        "l.ini:10: quorum (3) is more than the 2 Prometheus of this file\n");
  CHECK(warned(loaded(kTwo + kAction + "quorum = 1\n"), "[gate] quorum = 1"));
  CHECK_FALSE(warned(loaded(kTwo + kAction + "quorum = 2\n"), "quorum"));
  CHECK_FALSE(warned(loaded(kTwo + kAction), "quorum"));
}

TEST_CASE("a webhook's heartbeat must be slower than what is swallowed as a repeat") {
  CHECK(refusal(kRequired + kAction + "webhook_watchdog = 1m\n") ==
        "l.ini:8: webhook_watchdog (1m) must be longer than confirm_within (1m), within which a "
        "repeated message may be swallowed\n");
  CHECK(refusal(kRequired + kAction + "webhook_watchdog = 3m\n") == "accepted");
}

TEST_CASE("a cluster of Alertmanagers is a list of addresses") {
  const auto settings =
      loaded(kRequired + kAction + "[alertmanager]\nurl = http://a:9093, http://b:9093/am\n");
  CHECK(settings.alertmanager.urls ==
        std::vector<std::string>{"http://a:9093", "http://b:9093/am"});
  CHECK_FALSE(loaded(kRequired + kAction).alertmanager.given());
  CHECK(refusal(kRequired + kAction + "[alertmanager]\nurl = a:9093\n") != "accepted");
}

TEST_CASE("a silence is never for all alerts of a node") {
  const std::string on = kRequired + kAction + "[alertmanager]\nsilence_node = yes\n";
  CHECK(refusal(on) ==
        "l.ini:9: silence_node = yes needs the url of Alertmanager\n"
        "l.ini:9: silence_node = yes needs silence_alerts: a silence is never for all alerts of a "
        "node\n");
  CHECK(refusal(on + "url = http://a:9093\nsilence_alerts = KubeNodeNotReady, TargetDown\n") ==
        "accepted");
}

}  // namespace lockkeeper
