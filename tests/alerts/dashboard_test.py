# SPDX-License-Identifier: Apache-2.0
"""The shipped dashboard: what Grafana needs, expressions that parse and name only what is exported,
panels that do not lie over each other. That Grafana draws it is not tested: none is at hand.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import unittest
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from rule_files import FOLDER, metrics_in, own_metrics, promtool, series_of

_SKIPPED = 77
_WIDTH = 24
_DRAWN = {"stat", "timeseries", "bargauge", "table", "state-timeline"}
# Always 1 or shown by another panel: not worth one of its own.
_NOT_SHOWN = {"lockkeeper_last_run_end_timestamp_seconds", "lockkeeper_slack_ack_duration_seconds",
              "lockkeeper_slack_envelopes_total", "lockkeeper_slack_duplicates_total",
              "lockkeeper_slack_rate_limited_seconds_total"}


def board() -> dict:
    return json.loads((FOLDER / "grafana-dashboard.json").read_text())


def expressions() -> Iterator[tuple[str, str]]:
    """The panel and the expression, with Grafana's variables filled in."""
    found = [(panel["title"], target["expr"]) for panel in board()["panels"]
             for target in panel.get("targets", [])]
    found += [(note["name"], note["expr"]) for note in board()["annotations"]["list"]]
    for title, expr in found:
        yield title, expr.replace("$__rate_interval", "1m").replace("$cluster", ".*")


class Dashboard(unittest.TestCase):
    def test_it_is_one_that_a_current_grafana_reads(self) -> None:
        read = board()
        self.assertGreaterEqual(read["schemaVersion"], 38)
        self.assertEqual(["datasource", "cluster"], [v["name"] for v in read["templating"]["list"]])
        self.assertNotIn("id", read)  # a new one in each Grafana
        numbers = [panel["id"] for panel in read["panels"]]
        self.assertEqual(sorted(set(numbers)), sorted(numbers))
        for panel in read["panels"]:
            with self.subTest(panel["title"]):
                self.assertIn(panel["type"], _DRAWN | {"row"})
                self.assertEqual(panel["type"] == "row", "targets" not in panel)
                targets = panel.get("targets", [])
                self.assertEqual(len(targets), len({target["refId"] for target in targets}))
                for target in targets:
                    self.assertEqual("${datasource}", target["datasource"]["uid"])
                    self.assertIn('cluster=~"$cluster"', target["expr"])

    def test_every_expression_parses(self) -> None:
        rules = [{"record": f"panel:{at}", "expr": expr}
                 for at, (_, expr) in enumerate(expressions())]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rules.yml"  # JSON is YAML
            file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
            done = promtool("check", "rules", file)
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            self.assertIn(f"{len(rules)} rules found", done.stdout)

    def test_every_metric_is_exported_and_every_label_is_its_own(self) -> None:
        own = own_metrics()
        known = {one for name, (_, kind) in own.items() for one in series_of(name, kind)}
        for title, expr in expressions():
            named = metrics_in(expr) - {"ALERTS"}
            self.assertEqual(set(), named - known, title)

    def test_every_metric_has_its_place(self) -> None:
        named = set().union(*(metrics_in(expr) for _, expr in expressions()))
        missing = {name for name, (_, kind) in own_metrics().items()
                   if not named & set(series_of(name, kind))}
        self.assertEqual(_NOT_SHOWN, missing)

    def test_no_two_panels_overlap(self) -> None:
        places = [(panel["title"], panel["gridPos"]) for panel in board()["panels"]]
        for title, at in places:
            self.assertLessEqual(at["x"] + at["w"], _WIDTH, title)
            self.assertGreater(at["w"] * at["h"], 0, title)
        for (one, a), (other, b) in combinations(places, 2):
            apart = (a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"] or
                     a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"])
            self.assertTrue(apart, f"{one} and {other}")


if __name__ == "__main__":
    if shutil.which("promtool") is None:
        print("skipped: promtool is not installed")
        sys.exit(_SKIPPED)
    unittest.main()
