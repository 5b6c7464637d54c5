# SPDX-License-Identifier: Apache-2.0
"""The tests that assurance.md names are there, under these names.

usage: scenarios.py ROOT
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_ROW = re.compile(r"\| \d+ \|[^|]*\|(?P<tests>[^|]*)\|")
_SCENARIOS = 36


def known(root: Path) -> set[str]:
    """What tests are called: of the unit tests and simulations, and of the shipped rules."""
    names: set[str] = set()
    for source in (root / "tests").rglob("*_test.cpp"):
        text = re.sub(r'"\s*\n\s*"', "", source.read_text())
        names |= set(re.findall(r'TEST_CASE\(\s*"((?:[^"\\]|\\.)*)"', text))
    rules = (root / "config" / "rules_test.yml").read_text()
    return names | set(re.findall(r"^- name: (.*)$", rules, re.MULTILINE))


def main(root: Path) -> int:
    rows = _ROW.findall((root / "docs" / "assurance.md").read_text())
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    missing = [name for name in named if name not in known(root)]
    for name in missing:
        print(f"assurance.md: there is no test called {name!r}")
    print(f"{len(rows)} scenarios, {len(named)} tests, {len(missing)} missing")
    return 1 if missing or len(rows) != _SCENARIOS else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
