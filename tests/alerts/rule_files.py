# SPDX-License-Identifier: Apache-2.0
"""The shipped files for Prometheus as the tests read them: rules, the metrics that an expression
names, and who exports those.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "config" / "prometheus"
OWN, CLUSTER, WATCHDOG = (FOLDER / f"{name}.rules.yml" for name in
                          ("lockkeeper", "cluster", "watchdog"))

_KEYWORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan"}
_OWN_ROW = re.compile(r"\| `((?:k8s|lockkeeper)_\w+)(?:\{([\w,]*)\})?` \| (\w+) \|")
_EXPORTER_ROW = re.compile(r"\| \[([^]]+)\]\((https://\S+)\) \| ([\w.]+) \| ((?:`\w+`(?:, )?)+) \|")


@dataclass(frozen=True)
class Rule:
    """One alert; `text` is its part of the file."""

    file: Path
    name: str
    text: str
    expr: str
    lasting: str  # "5m", or "" where it fires at once
    severity: str
    component: str
    summary: str
    description: str


def rules_of(file: Path) -> list[Rule]:
    parts = re.split(r"^(?=      - alert: )", file.read_text(), flags=re.MULTILINE)[1:]
    return [_rule(file, part.split("\n  - name:")[0]) for part in parts]


def _rule(file: Path, text: str) -> Rule:
    def found(pattern: str) -> str:
        match = re.search(pattern, text, re.MULTILINE)
        return match[1] if match else ""

    def value(key: str) -> str:
        """On the key's line, or in the block below it."""
        match = re.search(rf"^( +){key}: (.*(?:\n\1  .*)*)", text, re.MULTILINE)
        words = " ".join(re.sub(r"^[|>]-?\s", "", match[2]).split()) if match else ""
        return words.removeprefix("'").removesuffix("'")

    return Rule(file, found(r"- alert: (\w+)$"), text, value("expr"), found(r"^ +for: (\w+)$"),
                found(r"severity: (\w+)"), found(r"component: (\w+)"), value("summary"),
                value("description"))


def metrics_in(expr: str) -> set[str]:
    """The names of series in an expression of PromQL."""
    expr = re.sub(r'"(?:\\.|[^"\\])*"', '""', expr)
    expr = re.sub(r"\{[^}]*\}|\[[^]]*\]", " ", expr)
    expr = re.sub(r"\b(by|without|on|ignoring|group_left|group_right) *\([^)]*\)", " ", expr)
    names = re.findall(r"\b([a-zA-Z_:][\w:]*)\b(?! *\()", expr)
    return {name for name in names if name.lower() not in _KEYWORDS}


def own_metrics() -> dict[str, tuple[set[str], str]]:
    """name -> labels and type, as docs/operations.md has them (a unit test compares it with the
    code). A histogram stands there under its own name."""
    page = (ROOT / "docs" / "operations.md").read_text()
    return {name: (set(filter(None, labels.split(","))), kind)
            for name, labels, kind in _OWN_ROW.findall(page)}


def series_of(name: str, kind: str) -> list[str]:
    """Under which names Prometheus keeps it."""
    return [name + end for end in ("_bucket", "_count", "_sum")] if kind == "histogram" else [name]


def own_series() -> set[str]:
    return {one for name, (_, kind) in own_metrics().items() for one in series_of(name, kind)}


def foreign_metrics() -> dict[str, str]:
    """name -> exporter, as docs/alerts.md has them."""
    page = (ROOT / "docs" / "alerts.md").read_text()
    return {name: exporter for exporter, _, _, names in _EXPORTER_ROW.findall(page)
            for name in re.findall(r"`(\w+)`", names)}


def promtool(*words: object, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *map(str, words)], input=text, capture_output=True,
                          text=True, timeout=60, check=False)
