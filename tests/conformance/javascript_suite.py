# SPDX-License-Identifier: Apache-2.0
"""The official JavaScript client, run by Node's own test runner (js/conformance.test.mjs)."""

from __future__ import annotations

import os
import shutil
import subprocess
import unittest
from pathlib import Path
from typing import Any

from suite import Suite

OPTIONS: dict[str, Any] = {"bookmark_seconds": 0.5}
INSTALL_LIMIT_S = 180
RUN_LIMIT_S = 240
SOURCES = Path(__file__).parent / "js"


def missing_client() -> str:
    if not shutil.which("node") or not shutil.which("npm"):
        return "node or npm is not installed"
    done = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=10)
    version = done.stdout.strip()
    return "" if int(version[1:].split(".")[0]) >= 20 else f"node is {version}, 20 is needed"


def installed(work: Path) -> str:
    """Installs the client beside a copy of the tests, once; a sentence when that fails."""
    for name in ("package.json", "package-lock.json", "conformance.test.mjs"):
        shutil.copy(SOURCES / name, work / name)
    lock = (work / "package-lock.json").read_bytes()
    stamp = work / "node_modules" / ".lock"
    if stamp.exists() and stamp.read_bytes() == lock:
        return ""
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=work,
                          capture_output=True, text=True, timeout=INSTALL_LIMIT_S)
    if done.returncode != 0:
        return f"npm ci failed: {done.stderr.strip().splitlines()[-1:]}"
    stamp.write_bytes(lock)
    return ""


class JavaScript(Suite):
    def test_the_official_client_is_content(self) -> None:
        if why := installed(self.server.work):
            raise unittest.SkipTest(why)
        environment = {**os.environ, "LAB_SERVER": f"https://127.0.0.1:{self.server.port}",
                       "LAB_CA": str(self.server.ca), "LAB_NAMESPACE": self.ns,
                       "LAB_CONTROL": f"http://127.0.0.1:{self.server.control_port}"}
        done = subprocess.run(["node", "--test", "conformance.test.mjs"], cwd=self.server.work,
                              env=environment, capture_output=True, text=True, timeout=RUN_LIMIT_S)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        print(done.stdout[done.stdout.rfind("# tests"):] or done.stdout[-300:])
