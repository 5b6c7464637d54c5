#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real bot on the real lab: the daemon as a process, nodes with real systemd, sshd, apt and
dpkg, the real Prometheus and Alertmanager.

    run.py THEME --bin-dir BUILD [NAME...]     THEME: the part of a file's name before _cases.py

Exit 77 where the nodes that the theme needs do not work.
"""

from __future__ import annotations

import argparse
import sys
import unittest
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(_HERE.parent / "lab"))

from bench import E2eCase  # noqa: E402
from detection import default_cache, detect  # noqa: E402
from lab import exit_on_signals  # noqa: E402
from processes import LabError  # noqa: E402

_SKIPPED = 77
# Of nodes, by theme; the others need systemd.
_KINDS = {"process": "process", "slack": "process", "slack_faults": "process",
          "slack_kills": "process", "doctor": "process", "config": ""}
_LOG_TAIL_LINES = 40


class Telling(unittest.TextTestResult):
    """A failure comes with the end of the bot's log; its folder is gone afterwards."""

    def addFailure(self, test: unittest.TestCase, err: object) -> None:
        super().addFailure(test, err)
        self._tell(test)

    def addError(self, test: unittest.TestCase, err: object) -> None:
        super().addError(test, err)
        self._tell(test)

    def _tell(self, test: unittest.TestCase) -> None:
        bot = getattr(test, "bot", None)
        if bot is not None:
            self.stream.writeln("\n".join(bot.log_text().splitlines()[-_LOG_TAIL_LINES:]))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("theme", choices=sorted(path.name.removesuffix("_cases.py")
                                                for path in _HERE.glob("*_cases.py")))
    parser.add_argument("names", nargs="*")
    parser.add_argument("--bin-dir", type=Path, required=True)
    options = parser.parse_args()
    exit_on_signals()
    kind = _KINDS.get(options.theme, "systemd")
    try:
        if kind:
            print(f"nodes: {detect(default_cache(), kind).reason}", flush=True)
    except LabError as error:
        print(f"skipped: {error}")
        return _SKIPPED
    E2eCase.bin_dir, E2eCase.kind = options.bin_dir.resolve(), kind
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{name}*" for name in options.names] or None
    suite = loader.loadTestsFromModule(__import__(f"{options.theme}_cases"))
    result = unittest.TextTestRunner(verbosity=2, resultclass=Telling).run(suite)
    if result.testsRun == 0:
        print("no test has that name")
    return 0 if result.wasSuccessful() and result.testsRun > 0 else 1


if __name__ == "__main__":
    raise SystemExit(main())
