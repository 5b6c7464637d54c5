# SPDX-License-Identifier: Apache-2.0
"""The simulated Slack workspace, judged by the official clients: two majors of socket-mode and of
Bolt, web-api, and the types (js/slack/*.test.mjs, run by Node's own test runner)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

from javascript_suite import missing_client

__all__ = ["missing_client"]

# These bring their own simulators, one for each test, instead of an API server.
OPTIONS: dict[str, Any] | None = None
WORK = Path()
INSTALL_LIMIT_S = 120
RUN_LIMIT_S = 240
SOURCES = Path(__file__).parent / "js" / "slack"
TESTS = Path(__file__).parent.parent
NAMES = ("package.json", "package-lock.json", "simulator.mjs", "alone.mjs", "types.mjs",
         "socket_mode.test.mjs", "bolt.test.mjs", "web_api.test.mjs", "types.test.mjs")


def installed() -> str:
    """Installs the clients beside copies of the tests, once; a sentence when that fails."""
    WORK.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        shutil.copy(SOURCES / name, WORK / name)
    lock = (WORK / "package-lock.json").read_bytes()
    stamp = WORK / "node_modules" / ".lock"
    if stamp.exists() and stamp.read_bytes() == lock:
        return ""
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=WORK,
                          capture_output=True, text=True, timeout=INSTALL_LIMIT_S)
    if done.returncode != 0:
        return f"npm ci failed: {done.stderr.strip().splitlines()[-1:]}"
    stamp.write_bytes(lock)
    return ""


class Slack(unittest.TestCase):
    def test_the_official_clients_are_content(self) -> None:
        if why := installed():
            raise unittest.SkipTest(why)
        environment = {**os.environ, "SLACK_PYTHON": sys.executable,
                       "SLACK_SERVER": str(TESTS / "lab" / "slack" / "server.py"),
                       "SLACK_SAMPLES": str(TESTS / "golden" / "slack")}
        files = [name for name in NAMES if name.endswith(".test.mjs")]
        done = subprocess.run(["node", "--test", "--test-concurrency=3", "--test-reporter=tap",
                               *files], cwd=WORK, env=environment, capture_output=True, text=True,
                              timeout=RUN_LIMIT_S)
        failures = re.findall(r"^ *not ok .*$(?:\n^ .*$){0,12}", done.stdout, re.M)
        self.assertEqual(done.returncode, 0, "\n".join(failures) + done.stderr)
        print("\n".join(re.findall(r"^ok .*# SKIP.*$", done.stdout, re.M)))
        print(done.stdout[done.stdout.rfind("# tests"):])
