# SPDX-License-Identifier: Apache-2.0
"""The shipped rules, judged by promtool, and whether their tests would notice a change.

usage: rules_test.py LOCKKEEPER
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rule_files import (CLUSTER, FOLDER, OWN, ROOT, WATCHDOG, Rule, foreign_metrics, metrics_in,
                        own_series, promtool, rules_of)

_SKIPPED = 77
_lockkeeper = Path()
# As mission and runbooks name them; what else is shipped is the bot's own.
_PROMISED = {
    "K8sVersionSkew": "30m", "EtcdPreUpgradeSnapshotMissing": "10m", "K8sUpgradeStalled": "5m",
    "K8sUpgradeRunFailed": "1m", "K8sUpgradeBlocked": "5m", "KubeAPIServerDown": "5m",
    "KubeStateMetricsDown": "5m", "PrometheusRuleEvaluationFailing": "5m", "PVCStuckPending": "15m",
    "RecentNodeReboot": "", "ClusterPodReadyRatioDropped": "10m", "NodeMemoryPressure": "2m",
    "NodeDiskPressure": "2m", "KubeQuotaAlmostFull": "15m",
}
_MINUTES = {"m": 1, "h": 60}


def test_file(rule_file: Path) -> Path:
    return FOLDER / "tests" / f"{rule_file.name.removesuffix('.rules.yml')}_test.yml"


def mutants(rule: Rule) -> Iterator[tuple[str, str]]:
    """What was changed, and the rule with that one change."""
    def replaced(pattern: str, change) -> Iterator[tuple[str, str]]:
        begin = rule.text.index("expr:")
        end = min(at for at in (rule.text.find(f"\n        {key}:", begin)
                                for key in ("for", "labels")) if at > 0)
        for match in re.finditer(pattern, rule.text[begin:end]):
            new = change(match)
            yield (f"{match[0].strip()} -> {new.strip()} at {match.start()}",
                   rule.text[:begin + match.start()] + new + rule.text[begin + match.end():])

    if rule.lasting:
        minutes = int(rule.lasting[:-1]) * _MINUTES[rule.lasting[-1]]
        for other in (minutes - 1, minutes + 1):
            yield (f"for: {other}m",
                   rule.text.replace(f"for: {rule.lasting}\n", f"for: {other}m\n"))
    else:
        yield "for: 1m", rule.text.replace("        labels:", "        for: 1m\n        labels:")
    number = r"(?<=[=><] )(\d+)(?! \*)\b(?!\.)"
    # `(metric > 0)` only keeps out what is not set.
    yield from replaced(number + r"(?!\))", lambda m: str(int(m[0]) + 1))
    yield from replaced(number, lambda m: str(int(m[0]) - 1))
    yield from replaced(r"\d+ \* \d+", lambda m: f"{m[0]} + 1")
    yield from replaced(r"\d+ \* \d+", lambda m: f"{m[0]} - 1")
    yield from replaced(r"0\.9", lambda m: "0.91")
    yield from replaced(r"0\.9", lambda m: "0.89")
    yield from replaced(r" [<>] (?!0\))", lambda m: f" {m[0].strip()}= ")
    yield from replaced(r" == 0", lambda m: " == 1")
    yield from replaced(r"\bunless\b", lambda m: "and")
    yield from replaced(r"\band\b(?! on \(cluster\)\s+max by \(cluster\) \(lockk)", lambda m: "or")
    yield from replaced(r'="\w+"', lambda m: '="another"')
    yield from replaced(r"\[(\d+)m\]", lambda m: f"[{int(m[1]) * 2}m]")
    yield from replaced(r"\[1d\]", lambda m: "[25h]")
    yield "severity", re.sub(r"severity: \w+", "severity: another", rule.text)


def tests_of(rule: Rule) -> str:
    """The shipped tests of this rule alone; they bear its name."""
    head, *parts = re.split(r"^(?=- name: )", test_file(rule.file).read_text(), flags=re.MULTILINE)
    return head + "".join(part for part in parts if re.match(
        rf"- name: (?:'|>-\n    ){rule.name}:", part))


def notices(rule: Rule, mutant: str) -> bool:
    """Whether its tests fail with this rule in the place of the shipped one."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tests").mkdir()
        (Path(folder) / rule.file.name).write_text(
            f"groups:\n  - name: one\n    rules:\n{mutant}")
        tests = Path(folder) / "tests" / "one_test.yml"
        tests.write_text(tests_of(rule))
        return promtool("test", "rules", tests).returncode != 0


class Rules(unittest.TestCase):
    def test_promtool_finds_nothing_to_say(self) -> None:
        done = promtool("check", "rules", "--lint-fatal", OWN, CLUSTER, WATCHDOG)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        for file in (OWN, CLUSTER):
            done = promtool("test", "rules", test_file(file))
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_what_is_promised_is_shipped(self) -> None:
        shipped = {rule.name: rule.lasting for rule in rules_of(OWN) + rules_of(CLUSTER)}
        self.assertEqual(_PROMISED, {name: shipped.get(name) for name in _PROMISED})
        others = set(shipped) - set(_PROMISED)
        self.assertEqual(set(), {name for name in others if not name.startswith("Lockkeeper")})

    def test_each_says_how_grave_it_is_and_what_to_do(self) -> None:
        for rule in rules_of(OWN) + rules_of(CLUSTER):
            with self.subTest(rule.name):
                self.assertIn(rule.severity, ("info", "warning", "critical"))
                self.assertTrue(rule.summary.endswith("."), rule.summary)
                self.assertGreater(len(rule.description.split()), 8)
                self.assertEqual("lockkeeper" if rule.file == OWN else "", rule.component)

    def test_each_is_told_of_in_the_documentation(self) -> None:
        page = (ROOT / "docs" / "alerts.md").read_text()
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (\w+|at once) \|", page, re.MULTILINE)
        self.assertEqual(
            sorted((rule.name, rule.severity, rule.lasting or "at once")
                   for rule in rules_of(OWN) + rules_of(CLUSTER)), sorted(rows))

    def test_every_metric_is_exported_by_somebody(self) -> None:
        known = own_series() | set(foreign_metrics())
        for rule in rules_of(OWN) + rules_of(CLUSTER):
            named = metrics_in(rule.expr)
            self.assertNotEqual(set(), named, rule.name)
            self.assertEqual(set(), named - known, rule.name)

    def test_every_exporter_that_is_listed_is_needed(self) -> None:
        named = set().union(*(metrics_in(rule.expr) for rule in rules_of(OWN) + rules_of(CLUSTER)))
        self.assertEqual(set(), set(foreign_metrics()) - named)

    def test_no_own_alert_holds_a_run(self) -> None:
        """By the built-in rules, and without them by the label."""
        for builtin in ("yes", "no"):
            with tempfile.TemporaryDirectory() as folder:
                config = Path(folder) / "lockkeeper.ini"
                shutil.copy(ROOT / "config" / "rules.ini", folder)
                config.write_text("[ssh]\nuser = ops\nkey_file = key\n[prometheus]\n"
                                  f"url = http://127.0.0.1\n[gate]\nbuiltin_ignores = {builtin}\n")
                for rule in rules_of(OWN):
                    labels = (f'{{"alertname":"{rule.name}","severity":"{rule.severity}",'
                              f'"component":"{rule.component}"}}')
                    done = subprocess.run(
                        [_lockkeeper, "rules", "explain", "-c", config, labels],
                        capture_output=True, text=True, timeout=20, check=False)
                    decided = re.findall(r"(?m)^yes +\S+ \(.+\): (\w+)", done.stdout)
                    self.assertEqual(["ignore"], decided, labels + done.stdout + done.stderr)

    def test_a_changed_rule_is_noticed(self) -> None:
        work = [(rule, what, text) for rule in rules_of(OWN) + rules_of(CLUSTER)
                for what, text in mutants(rule)]
        self.assertNotIn(True, [text == rule.text for rule, _, text in work])
        # A test that fails for another reason would notice everything.
        for rule in rules_of(OWN) + rules_of(CLUSTER):
            self.assertFalse(notices(rule, rule.text), rule.name)
        with ThreadPoolExecutor(2) as pool:
            noticed = list(pool.map(lambda one: notices(one[0], one[2]), work))
        missed = [f"{rule.name}: {what}" for (rule, what, _), seen in zip(work, noticed)
                  if not seen]
        print(f"{len(work)} changed rules, {len(missed)} not noticed")
        self.assertEqual([], missed)


if __name__ == "__main__":
    if shutil.which("promtool") is None:
        print("skipped: promtool is not installed")
        sys.exit(_SKIPPED)
    _lockkeeper = Path(sys.argv.pop(1))
    unittest.main()
