# SPDX-License-Identifier: Apache-2.0
"""The tests that assurance.md names are there, under these names.

usage: scenarios.py ROOT
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_ROW = re.compile(r"\| (?P<number>\d+) \|[^|]*\|(?P<tests>[^|]*)\|")
# Headings of assurance.md, and how many scenarios stand below each.
_TABLES = {"What the gate must stand": 36, "What Slack may do to it": 25}


def known(root: Path) -> set[str]:
    """What tests are called: unit tests and simulations, the shipped rules, and the cases of the
    integration and end-to-end tests that are run.
    """
    names: set[str] = set()
    for source in (root / "tests").rglob("*_test.cpp"):
        text = re.sub(r'"\s*\n\s*"', "", source.read_text())
        names |= set(re.findall(r'TEST_CASE\(\s*"((?:[^"\\]|\\.)*)"', text))
    for source in (root / "tests" / "integration").glob("slack_*.py"):
        for cases in re.findall(r"^CASES = \(([^)]*)\)", source.read_text(), re.MULTILINE):
            names |= set(re.findall(r"\w+", cases))
    for source in (root / "tests" / "e2e").glob("*_cases.py"):
        names |= set(re.findall(r"^    def (test_\w+)\(", source.read_text(), re.MULTILINE))
    rules = (root / "config" / "rules_test.yml").read_text()
    return names | set(re.findall(r"^- name: (.*)$", rules, re.MULTILINE))


def main(root: Path) -> int:
    text = (root / "docs" / "assurance.md").read_text()
    names, bad = known(root), 0
    for heading, count in _TABLES.items():
        part = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
        rows = _ROW.findall(part)
        # What stands below the table are tests as well.
        cells = [tests for _, tests in rows] + [part.partition("\nBeside these:")[2]]
        named = [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
        missing = [name for name in named if name not in names]
        for name in missing:
            print(f"assurance.md: there is no test called {name!r}")
        empty = [number for number, tests in rows if "`" not in tests]
        print(f"{heading}: {len(rows)} scenarios, {len(named)} tests, {len(missing)} missing")
        in_order = [int(number) for number, _ in rows] == list(range(1, count + 1))
        bad += len(missing) + len(empty) + (not in_order)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
