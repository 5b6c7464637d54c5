# SPDX-License-Identifier: Apache-2.0
"""The shipped rules in the real Prometheus, their alerts through the real Alertmanager, metrics
through the real Pushgateway: a run whose bot is killed, a detector that is silent, a gateway that
is away.

The rules are the shipped files with every length of time divided by one number: what stands behind
`for:`, in a range (at least three seconds, or there would be nothing in it), and as `N * 60` or
`N * 3600`. Nothing else is changed.
"""

from __future__ import annotations

import re
import sys
import urllib.parse

from bench import NEW, E2eCase
from bot import ROOT, until
from node_files import Layout
from web import call

sys.path.insert(0, str(ROOT / "tests" / "alerts"))

from rule_files import (CLUSTER, OWN, metrics_in, own_metrics, promtool,  # noqa: E402
                        rules_of, series_of)

_FASTER = 150  # 90 minutes become 36 seconds
_SECONDS = {"m": 60, "h": 3600, "d": 86400}
_RANGE_MIN_S = 3


def scaled(text: str) -> str:
    text = re.sub(r"for: (\d+)([mhd])\b", lambda m: "for: "
                  f"{int(m[1]) * _SECONDS[m[2]] * 1000 // _FASTER}ms", text)
    text = re.sub(r"\[(\d+)([mhd])\]", lambda m: "["
                  f"{max(_RANGE_MIN_S, int(m[1]) * _SECONDS[m[2]] // _FASTER)}s]", text)
    return re.sub(r"(\d+) \* (60|3600)\b", lambda m: f"{int(m[1]) * int(m[2]) / _FASTER:g}", text)


class Alerts(E2eCase):
    layout = Layout(nodes=3)
    values = {"detection.schedule": "* * * * *", "pushgateway.interval": "1s"}
    scrapes: dict[str, str] = {}

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.lab.nodes["master1"].write("/etc/lab/kubeadm-seconds", "4\n")
        cls.lab.monitoring.add_rules("own", scaled(OWN.read_text()))
        cls.bot.start()
        until(30, lambda: "nothing holds" in cls.bot.command("why")["text"], "the gate is open")

    def capture(self, when: str) -> str:
        """What /metrics has now; promtool has nothing to say about it."""
        text = self.bot.get("/metrics")
        assert text is not None
        done = promtool("check", "metrics", text=text)
        self.assertEqual((0, ""), (done.returncode, done.stdout + done.stderr))
        self.scrapes[when] = text
        return text

    def prometheus(self, query: str) -> list[dict]:
        path = f"/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        with self.lab.network.entered():
            answer = call("GET", self.lab.monitoring.url("prometheus") + path)
        self.assertEqual(200, answer.status)
        return answer.json()["data"]["result"]

    def alerts(self) -> str:
        return self.bot.command("alerts")["text"]

    def pushed(self) -> str:
        with self.lab.network.entered():
            return call("GET", self.lab.monitoring.url("pushgateway") + "/metrics").text

    def test_1_a_killed_bot_makes_its_run_stall_and_its_detector_silent(self) -> None:
        self.capture("idle")
        self.start_run(NEW)
        self.bot.await_step("upgrade", "master1")
        until(30, lambda: "k8s_upgrade_in_flight 1" in self.capture("in a run"), "it is shown")
        until(30, lambda: bool(self.prometheus('k8s_upgrade_in_flight{cluster="lab"} == 1')),
              "it is pushed")
        # So that it cannot be over before the alert has come back to the bot.
        self.bot.surely("pause the tests look at it")
        self.bot.kill()
        for name in ("LockkeeperDown", "LockkeeperGoneDuringRun", "LockkeeperPushStale"):
            self.lab.monitoring.await_firing(name, 60)
        self.lab.monitoring.await_firing("K8sUpgradeStalled", 90)
        self.lab.monitoring.await_firing("LockkeeperDetectionStale", 180)

    def test_2_the_restarted_bot_hears_of_it_and_shows_it(self) -> None:
        def shown() -> bool:
            return re.search(r"ignore K8sUpgradeStalled\{[^}]*component=\"lockkeeper\".*"
                             r"rule builtin-own-run", self.alerts()) is not None

        def heard() -> bool:
            return (self.metric("lockkeeper_webhook_alerts_total", status="firing") or 0) > 0

        self.bot.start()
        until(60, shown, "the alert is shown", self.alerts)
        until(60, heard, "Alertmanager tells the bot")
        self.lab.monitoring.await_resolved("LockkeeperDown", 60)
        self.lab.monitoring.await_resolved("LockkeeperGoneDuringRun", 60)
        self.assert_said("paused by a person before step")

    def test_3_it_goes_on_to_its_end_also_without_a_pushgateway(self) -> None:
        told = self.bot.log_text().count("Pushgateway: http")
        self.lab.monitoring.stop_server("pushgateway")
        until(30, lambda: (self.metric("lockkeeper_push_failures_total") or 0) >= 2, "pushes fail")
        self.lab.monitoring.await_firing("K8sUpgradeStalled")
        self.bot.surely("resume")
        self.assert_ended("done")
        self.assert_all_on(NEW)
        self.assertEqual(told + 1, self.bot.log_text().count("Pushgateway: http"))
        self.lab.monitoring.start_server("pushgateway")
        until(30, lambda: "Pushgateway: takes pushes again" in self.bot.log_text(), "it is back")
        for name in ("K8sUpgradeStalled", "LockkeeperDetectionStale", "LockkeeperPushStale"):
            self.lab.monitoring.await_resolved(name, 90)
        until(30, lambda: "k8s_upgrade_in_flight 0" in self.capture("after it"), "the run is over")
        firing = {labels["alertname"] for labels in self.lab.monitoring.firing()}
        self.assertNotIn("K8sUpgradeRunFailed", firing)

    def test_4_every_own_metric_that_a_rule_names_has_been_seen(self) -> None:
        seen = {name for text in self.scrapes.values()
                for name in re.findall(r"^(\w+)", text, re.MULTILINE)}
        documented = {one for name, (_, kind) in own_metrics().items()
                      for one in series_of(name, kind)}
        self.assertEqual({"idle", "in a run", "after it"}, set(self.scrapes))
        self.assertEqual(set(), seen - documented)
        named = set().union(*(metrics_in(rule.expr) for rule in rules_of(OWN)))
        # This bot has no Slack.
        self.assertEqual({"lockkeeper_slack_connected"}, (named & documented) - seen)
        for name in ("up", "push_time_seconds"):
            self.assertNotEqual([], self.prometheus(f'{name}{{job="lockkeeper"}}'), name)

    def test_5_who_leaves_on_purpose_says_so(self) -> None:
        self.assertRegex(self.pushed(), r'\nlockkeeper_serving\{cluster="lab",.*\} 1\n')
        self.bot.stop()
        self.assertRegex(self.pushed(), r'\nlockkeeper_serving\{cluster="lab",.*\} 0\n')
        self.bot.start()

    def test_6_a_cluster_that_cannot_be_seen_holds_the_next_run(self) -> None:
        """Nothing in the lab is a kube-state-metrics, which its rule says."""
        self.lab.monitoring.add_rules("cluster", scaled(CLUSTER.read_text()))
        self.lab.monitoring.await_firing("KubeStateMetricsDown", 60)

        def holds() -> bool:
            return re.search(r"pause +KubeStateMetricsDown\{.*rule monitoring",
                             self.alerts()) is not None

        until(60, holds, "the gate is shut", self.alerts)
