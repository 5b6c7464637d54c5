# SPDX-License-Identifier: Apache-2.0
"""Finding new versions on the real lab: apt on a node, a signed repository behind redirects, feeds
that lie, and an API server whose metric says that a minor would break something.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any
from xml.etree import ElementTree

from bench import NEW, NEXT_MINOR, OLD, E2eCase
from bot import until
from node_files import Layout
from web import call, expect

_PATCH = f"{NEW} is available (patch, the cluster runs {OLD})"
_MINOR = f"{NEXT_MINOR} is available (minor, the cluster runs {OLD})"
_DEPRECATED = {"group": "batch", "version": "v1beta1", "resource": "cronjobs",
               "removed_release": "1.35"}
_BLOCKED, _FINE = 1, 0
_API_SERVER = """\
- job_name: apiserver
  scheme: https
  tls_config: {{insecure_skip_verify: true}}
  authorization: {{credentials: {token}}}
  static_configs: [{{targets: ['{target}'], labels: {{instance: '{node}:6443'}}}}]
"""


class Detection(E2eCase):
    layout = Layout(nodes=3)

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.bot.configure({"detection.keyring": str(cls.lab.packages.repository.keyring)})

    def set_deprecated(self, *uses: dict[str, str]) -> None:
        with self.lab.network.entered():
            expect(200, call("POST", f"{self.lab.api.control_url}/_lab/metrics",
                             {"deprecated": list(uses)}), "metrics")

    def gauge(self, name: str) -> float | None:
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.bot.get("/metrics") or "",
                          re.MULTILINE)
        return float(found.group(1)) if found else None

    def check(self) -> list[str]:
        """`/upgrade check`; what it makes the bot say."""
        before = len(self.bot.messages())
        checked = self.gauge("k8s_version_check_last_run_timestamp")
        self.bot.surely("check")
        until(60, lambda: self.gauge("k8s_version_check_last_run_timestamp") != checked,
              "the check ends", self.bot.log_text)
        return [message["text"] for message in self.bot.messages()[before:]]

    def test_1_a_dry_run_finds_both_and_says_them_here(self) -> None:
        done = self.bot.cli("detection", "--dry-run", "-c", self.bot.config)
        self.assertEqual(_FINE, done.returncode, done.stdout + done.stderr)
        self.assertIn(f"running: {OLD}\npatch: {NEW}; to see the plan: /upgrade plan {NEW}",
                      done.stdout)
        self.assertIn(f"\nminor: {NEXT_MINOR}; ", done.stdout)
        self.assertNotIn("not checked", done.stdout)
        self.assert_nothing_ran()

    def test_2_the_schedule_says_a_finding_once(self) -> None:
        self.bot.configure({"detection.schedule": "* * * * *"})
        self.bot.start()
        self.bot.await_said(_PATCH, 90)
        self.bot.await_said(_MINOR, 30)
        first = self.gauge("k8s_version_check_last_run_timestamp")
        until(90, lambda: self.gauge("k8s_version_check_last_run_timestamp") != first,
              "the next minute's check", self.bot.log_text)
        said = [m["text"] for m in self.bot.messages() if "is available" in m["text"]]
        self.assertEqual(2, len(said), said)
        metrics = self.bot.get("/metrics") or ""
        for kind, target in (("patch", NEW), ("minor", NEXT_MINOR)):
            self.assertIn(f'k8s_upgrade_available{{kind="{kind}",running="{OLD}",'
                          f'target="{target}"}} 1', metrics)
        self.bot.stop()
        self.bot.configure({"detection.schedule": "never"})
        self.bot.start()
        self.assertIsNotNone(self.gauge("k8s_version_check_last_run_timestamp"))

    def test_3_feeds_that_lie_are_told_and_change_nothing(self) -> None:
        for mode, words in (("lagging", f"offers {OLD} at most, but {NEW} was seen on"),
                            ("html", "a web page instead of the file"),
                            ("empty-release", "InRelease: an empty answer"),
                            ("bad-signature", "InRelease: its signature is wrong"),
                            ("unavailable", "InRelease: HTTP 503")):
            with self.subTest(mode=mode):
                self.lab.packages.set_mode(mode)
                said = "\n".join(self.check())
                self.assertIn("detection does not believe what it was told", said)
                self.assertIn(words, said)
                self.assertIn(_PATCH, said)
        self.lab.packages.set_mode("ok")
        self.assertNotIn("believe", "\n".join(self.check()))

    def test_4_a_deprecated_api_blocks_the_minor_until_its_use_ends(self) -> None:
        self.set_deprecated(_DEPRECATED)
        done = self.bot.cli("compat", "1.35", "-c", self.bot.config)
        self.assertEqual(_BLOCKED, done.returncode, done.stdout + done.stderr)
        self.assertIn("blocked  api batch/v1beta1/cronjobs: is still requested, and 1.35 removes "
                      "it; to clear: move its clients to batch/v1", done.stdout)
        done = self.bot.cli("compat", "1.35", "--json", "-c", self.bot.config)
        self.assertTrue(json.loads(done.stdout)["blocks"])
        self.assertIn(f"{_MINOR}; not yet: api batch/v1beta1/cronjobs (blocked); lockkeeper compat "
                      f"{NEXT_MINOR} tells more", "\n".join(self.check()))
        self.assertEqual(1, self.gauge("k8s_upgrade_blocked"))
        self.set_deprecated()
        done = self.bot.cli("compat", "1.35", "-c", self.bot.config)
        self.assertEqual(_FINE, done.returncode, done.stdout + done.stderr)
        self.assertIn(f"/upgrade start {NEXT_MINOR}", "\n".join(self.check()))
        self.assertEqual(0, self.gauge("k8s_upgrade_blocked"))
        self.set_deprecated(_DEPRECATED)
        self.start_run(NEXT_MINOR)
        self.assert_ended("refused")
        self.assert_said("compatibility: api batch/v1beta1/cronjobs: is still requested")
        self.assert_nothing_ran()
        # What preflight found may be anything: only another run can tell that it is gone.
        until(30, lambda: self.gauge("k8s_upgrade_blocked") == 1, "the refused run counts",
              self.bot.log_text)
        self.set_deprecated()

    def test_4_prometheus_vouches_for_an_api_server_that_has_just_started(self) -> None:
        monitoring, files = self.lab.monitoring, self.lab.monitoring.directory
        config = (files / "prometheus.yml").read_text()
        master = self.lab.nodes["master1"].spec.address
        # Its start lies ahead, so that it stays young; the other API is removed later.
        young = f"process_start_time_seconds {time.time() + 86400:.0f}\n"
        other = 'apiserver_requested_deprecated_apis{group="",version="v1",resource="endpoints",' \
                'removed_release="1.99"} 1\n'
        soon = other.replace("endpoints", "cronjobs").replace("1.99", "1.35")

        def compat() -> tuple[int, str]:
            done = self.bot.cli("compat", "1.35", "-c", self.bot.config)
            return done.returncode, done.stdout

        def scrape(text: str) -> None:
            (files / "prometheus.yml").write_text(text)
            with self.lab.network.entered():
                expect(200, call("POST", monitoring.url("prometheus") + "/-/reload"), "reloading")

        self.bot.configure({"compat.api_uptime_min": "30s"})
        self.addCleanup(self.bot.configure, {"compat.api_uptime_min": "1d"})
        self.addCleanup(self.lab.api.control, "POST", "metrics", {"text": ""})
        self.addCleanup(scrape, config)
        self.lab.api.control("POST", "metrics", {"text": young + other})
        code, said = compat()
        self.assertEqual(_BLOCKED, code, said)
        self.assertIn("unknown  deprecated APIs: API server master1 counts requests only", said)
        scrape(config + _API_SERVER.format(target=self.lab.api.url.removeprefix("https://"),
                                           token=self.lab.api.admin.token, node=master))
        until(120, lambda: compat()[0] == _FINE, "Prometheus vouches", lambda: compat()[1])
        self.lab.api.control("POST", "metrics", {"text": young + soon})
        until(60, lambda: compat()[0] == _BLOCKED, "the API server says so", lambda: compat()[1])

        def seen() -> bool:
            query = "/api/v1/query?query=apiserver_requested_deprecated_apis"
            with self.lab.network.entered():
                return "cronjobs" in call("GET", monitoring.url("prometheus") + query).text

        until(60, seen, "Prometheus has seen it")
        self.lab.api.control("POST", "metrics", {"text": young + other})
        self.assertIn("blocked  api /v1/cronjobs: is still requested", compat()[1])
        until(120, lambda: compat()[0] == _FINE, "it is over", lambda: compat()[1])

    def report(self, *words: str) -> dict[str, Any]:
        done = self.bot.cli("report", *words, "--json", "-c", self.bot.config)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def refused_run(self, order: str) -> str:
        """What becomes of the order is a run that preflight refuses."""
        def runs() -> list[str]:
            return [run for _, run, kind, _ in self.bot.records() if kind == "opened"]
        before = runs()
        self.bot.surely(order)
        until(60, lambda: runs() != before, "a run is open", self.bot.log_text)
        self.assert_ended("refused")
        return runs()[-1]

    def test_5_what_preflight_refuses_is_tried_again_and_told_once(self) -> None:
        self.bot.stop()
        self.bot.configure({"detection.on_available": "start", "preflight.free_min": "100TiB"})
        self.bot.start()
        first, again = self.refused_run("check"), self.refused_run("check")
        # A person's own start is told in full, behind all that was said of the others.
        last = self.refused_run(f"start {NEW}")

        def ends_told() -> list[str]:
            return [message["text"] for message in self.bot.messages()
                    if "refused by preflight" in message["text"]]
        until(30, lambda: any(last in text for text in ends_told()), "the last one is told",
              self.bot.log_text)
        self.assertTrue(any(first in text for text in ends_told()), ends_told())
        self.assertFalse(any(again in message["text"] for message in self.bot.messages()))
        report = self.report()
        self.assertEqual("blocked", report["outcome"])
        self.assertIn(f"preflight refuses {NEW}, 3 times since", report["headline"])
        self.assertRegex("\n".join(report["reasons"]), "free on .*, .* are needed")

    def test_6_a_patch_is_started_without_a_person_when_the_settings_say_so(self) -> None:
        self.bot.stop()
        self.bot.configure({"preflight.free_min": "100MiB"})
        self.bot.start()
        self.bot.surely("check")
        until(60, lambda: self.bot.ending() is None, "a run is open", self.bot.log_text)
        self.assert_ended("done")
        self.assert_all_on(NEW)
        opened = [body for _, _, kind, body in self.bot.records() if kind == "opened"][-1]
        self.assertEqual(("bot:detection", "found by detection"), (opened["by"], opened["reason"]))

    def test_7_a_report_tells_of_the_runs_also_when_the_bot_has_left(self) -> None:
        seen = self.report()
        self.assertEqual((1, "upgraded", {NEW: 3}, NEW, []),
                         tuple(seen[key] for key in
                               ("schema", "outcome", "running", "api_server", "unseen")))
        self.assertEqual([("done", "bot:detection"), ("refused", "http:lab"),
                          ("refused", "bot:detection"), ("refused", "bot:detection"),
                          ("refused", "http:lab")],
                         [(run["ending"], run["by"]) for run in seen["runs"]])
        done = seen["runs"][0]
        parts = sum(phase["worked_seconds"] for phase in done["phases"])
        self.assertAlmostEqual(done["seconds"], parts + done["waited_seconds"], 2)
        self.assertEqual(["upgraded"] * 3, [node["result"] for node in done["nodes"]])
        self.bot.stop()
        blind = self.report()
        self.assertEqual(seen["runs"], blind["runs"])
        self.assertEqual(({}, None), (blind["running"], blind["gate"]))
        self.assertIn("the cluster: nobody looked, the bot is not reached", blind["unseen"][0])
        picture = self.bot.folder / "timeline.svg"
        self.report(done["run"], "--svg", str(picture))
        texts = [node.text or "" for node in ElementTree.parse(picture).iter()]
        self.assertTrue(any(done["run"] in text for text in texts), texts)
        wrong = self.bot.cli("report", "r-none", "-c", self.bot.config)
        self.assertEqual((1, "no run 'r-none' in the journal\n"), (wrong.returncode, wrong.stderr))

    def test_8_the_report_is_said_by_its_schedule(self) -> None:
        self.bot.configure({"report.schedule": "* * * * *"})
        self.bot.start()
        self.bot.await_said("report of", 120)
        self.bot.await_said(f"running: {NEW} on 3 nodes; API server {NEW}", 30)
