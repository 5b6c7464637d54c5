# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/alerts.md, judged by those who would read them: promtool, amtool, kubectl;
and what the idle bot really exports, judged by promtool.

usage: install_test.py LOCKKEEPER
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

from rule_files import CLUSTER, FOLDER, OWN, ROOT, own_metrics, promtool, rules_of

_SKIPPED = 77
_START_LIMIT_S = 20
_lockkeeper = Path()
_KUBECONFIG = {
    "apiVersion": "v1", "kind": "Config", "current-context": "a",
    "clusters": [{"name": "a", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "a", "user": {"token": "none"}}],
    "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
}


def block(first_line: str) -> str:
    page = (ROOT / "docs" / "alerts.md").read_text()
    found = re.search(rf"^```\w+\n({re.escape(first_line)}.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert found, f"alerts.md has no example that begins with {first_line}"
    return found[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Examples(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_prometheus_reads_its_own(self) -> None:
        for file in FOLDER.glob("*.rules.yml"):
            shutil.copy(file, self.folder)
        config = self.folder / "prometheus.yml"
        config.write_text(block("# prometheus.yml").replace("/etc/prometheus/rules",
                                                            str(self.folder)))
        done = promtool("check", "config", config)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertIn("3 rule files found", done.stdout)

    @unittest.skipIf(shutil.which("amtool") is None, "amtool is not installed")
    def test_alertmanager_reads_its_own_and_routes_to_both(self) -> None:
        config = self.folder / "alertmanager.yml"
        token = self.folder / "token"
        token.write_text("a token\n")
        config.write_text(block("# alertmanager.yml").replace("/etc/alertmanager/lockkeeper.token",
                                                              str(token)))
        done = subprocess.run(["amtool", "check-config", config], capture_output=True, text=True,
                              timeout=20, check=False)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        routed = subprocess.run(
            ["amtool", "config", "routes", "test", f"--config.file={config}",
             "alertname=K8sUpgradeStalled", "component=lockkeeper"],
            capture_output=True, text=True, timeout=20, check=True)
        self.assertEqual("lockkeeper,people", routed.stdout.strip())

    @unittest.skipIf(shutil.which("kubectl") is None, "kubectl is not installed")
    def test_the_operator_gets_the_same_rules(self) -> None:
        script = block("for name in").replace(">prometheusrule.yaml", "")
        made = subprocess.run(["sh", "-eu"], input=script, cwd=ROOT, capture_output=True, text=True,
                              timeout=20, check=True).stdout
        for part, file in zip(made.split("---\n"), (OWN, CLUSTER)):
            manifest = self.folder / "rule.yaml"
            manifest.write_text(part)
            done = subprocess.run(
                ["kubectl", "annotate", "--local", "-f", manifest, "-o", "json", "a=b"],
                capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(0, done.returncode, done.stderr)
            read = json.loads(done.stdout)
            self.assertEqual("PrometheusRule", read["kind"])
            again = self.folder / "again.yml"
            again.write_text(json.dumps(read["spec"]))
            self.assertIn(f"{len(rules_of(file))} rules found", promtool("check", "rules",
                                                                         again).stdout)


class Idle(unittest.TestCase):
    """A bot that reaches nobody."""

    def setUp(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.port = free_port()
        for name, text in (("key", "no key"), ("kubeconfig", json.dumps(_KUBECONFIG))):
            (folder / name).write_text(text)
            (folder / name).chmod(0o600)
        config = folder / "lockkeeper.ini"
        config.write_text(
            f"[kubernetes]\nkubeconfig = kubeconfig\n[ssh]\nuser = ops\nkey_file = key\n"
            f"[prometheus]\nurl = http://127.0.0.1:1\n[http]\nport = {self.port}\n"
            f"[pushgateway]\nurl = http://127.0.0.1:1\ninterval = 1s\n"
            f"[journal]\nfile = journal.db\n[rule a]\nmatch = alertname=\"a\"\naction = pause\n")
        self.log = (folder / "log").open("w+")
        self.bot = subprocess.Popen([_lockkeeper, "serve", "-c", config], stdin=subprocess.DEVNULL,
                                    stdout=self.log, stderr=self.log)
        self.addCleanup(self.log.close)
        self.addCleanup(self.bot.wait, 30)
        self.addCleanup(self.bot.send_signal, signal.SIGTERM)

    def scrape(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            return answer.read().decode()

    def said(self) -> list[str]:
        self.log.seek(0)
        return self.log.read().splitlines()

    def test_what_it_exports_is_well_formed_and_documented(self) -> None:
        end, text = time.monotonic() + _START_LIMIT_S, ""
        failed = re.compile(r"^lockkeeper_push_failures_total [2-9]", re.MULTILINE)
        while not failed.search(text) and time.monotonic() < end:
            self.assertIsNone(self.bot.poll(), self.said())
            time.sleep(0.2)
            try:
                text = self.scrape()
            except OSError:
                continue
        self.assertRegex(text, failed)
        done = promtool("check", "metrics", text=text)
        self.assertEqual((0, ""), (done.returncode, done.stdout + done.stderr))
        own = own_metrics()
        types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
        self.assertEqual({name: own.get(name, ("", ""))[1] for name in types}, types)
        for name, labels in re.findall(r"^(\w+)\{(.*)\} ", text, re.MULTILINE):
            name = re.sub(r"_(bucket|sum|count)$", "", name) if name not in own else name
            self.assertEqual(own[name][0], set(re.findall(r'(\w+)="', labels)) - {"le"}, name)
        self.assertIn("\nlockkeeper_serving 1\n", text)
        self.assertIn("\nlockkeeper_detection_due_timestamp_seconds 1", text)
        # Two pushes have failed; that is said once.
        self.assertEqual(1, sum("Pushgateway: " in line for line in self.said()), self.said())


if __name__ == "__main__":
    if shutil.which("promtool") is None:
        print("skipped: promtool is not installed")
        sys.exit(_SKIPPED)
    _lockkeeper = Path(sys.argv.pop(1))
    unittest.main()
