#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lab's test of itself: the same assertions against both kinds of node, as far as they work
here.

    python3 tests/lab/selftest.py [--bin-dir DIR] [--kind systemd|process] [NAME...]

A kind that does not work on this machine is skipped in a visible line. NAME selects tests by a
part of their name. Exit 77 when nothing could be tested.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from check_apt import AptChecks
from check_cluster import ClusterChecks
from check_node import NodeChecks
from detection import default_cache, detect
from lab import SOURCE, Lab, exit_on_signals
from node_files import Layout
from processes import LabError, process_of, wait_until
from sweep import identity_of

_SKIPPED = 77
_HERE = Path(__file__).resolve().parent


class LifeChecks(unittest.TestCase):
    """Starting, breaking off and sweeping, each in a folder of its own."""

    kind: str
    bin_dir: Path

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lab-life-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.addCleanup(self._cli, "down")

    def test_a_killed_start_is_swept_away_by_down(self) -> None:
        self._start_and_send(signal.SIGKILL)
        self.assertEqual(0, self._cli("down"))
        self._nothing_is_left()

    def test_a_start_that_is_asked_to_end_cleans_up_by_itself(self) -> None:
        self._start_and_send(signal.SIGTERM)
        self._nothing_is_left()

    def test_up_then_down_leaves_nothing_and_up_again_works(self) -> None:
        for _ in range(2):
            self.assertEqual(0, self._cli("up", "--nodes", "1", *self._how()))
            self.assertEqual(0, self._cli("status"))
            self.assertEqual(0, self._cli("down"))
            self._nothing_is_left()

    def _how(self) -> list[str]:
        return ["--kind", self.kind, "--bin-dir", str(self.bin_dir)]

    def _command(self, verb: str, *words: str) -> list[str]:
        return [sys.executable, str(_HERE / "lab.py"), verb, "--dir", str(self.folder), *words]

    def _cli(self, verb: str, *words: str) -> int:
        return subprocess.run(self._command(verb, *words), timeout=120, check=False,
                              stdout=subprocess.DEVNULL).returncode

    def _start_and_send(self, number: int) -> None:
        """Breaks a start off as soon as its second node runs."""
        starting = subprocess.Popen(self._command("up", "--nodes", "3", *self._how()),
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        pids = self.folder / "logs"
        self.assertTrue(wait_until(lambda: (pids / "node1.pid").exists(), 30))
        starting.send_signal(number)
        starting.wait(timeout=30)

    def _nothing_is_left(self) -> None:
        name = identity_of(self.folder)
        self.assertNotIn(str(self.folder), Path("/proc/mounts").read_text())
        self.assertEqual([], list(Path("/run/netns").glob(f"{name}*")))
        for top in ("/sys/fs/cgroup", "/run/systemd/nspawn"):
            self.assertEqual([], list(Path(top).glob(f"**/{name}-*")))
        self.assertFalse((self.folder / "nodes").exists())
        self.assertEqual([], [pid for pid in _pids() if str(self.folder) in _command_line(pid)])


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir()
            if path.name.isdigit() and process_of("", int(path.name)) is not None]


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _cases(lab: Lab, bin_dir: Path) -> list[type[unittest.TestCase]]:
    """One class per kind and subject; the tests of a subject share the lab."""
    title = lab.kind.capitalize()
    worker = lab.nodes["node1"]
    made = [type(f"{title}{base.__name__}", (base,), {"lab": lab, "node": worker})
            for base in (NodeChecks, AptChecks, ClusterChecks)]
    made.append(type(f"{title}LifeChecks", (LifeChecks,), {"kind": lab.kind, "bin_dir": bin_dir}))
    return made


def _run_kind(kind: str, options: argparse.Namespace) -> bool:
    loader = unittest.TestLoader()
    if options.names:
        loader.testNamePatterns = [f"*{name}*" for name in options.names]
    with tempfile.TemporaryDirectory(prefix=f"lab-{kind}-") as folder:
        began = time.monotonic()
        with Lab(Path(folder), Layout(nodes=3), kind, options.bin_dir) as lab:
            print(f"lab selftest: {kind} nodes Ready after {time.monotonic() - began:.1f}s",
                  flush=True)
            suite = unittest.TestSuite(loader.loadTestsFromTestCase(case)
                                       for case in _cases(lab, options.bin_dir))
            return unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin-dir", type=Path, default=SOURCE / "build/release")
    parser.add_argument("--kind", choices=["systemd", "process"], action="append")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    exit_on_signals()
    results = []
    for kind in options.kind or ["systemd", "process"]:
        try:
            detect(default_cache(), kind)
        except LabError as error:
            print(f"lab selftest: SKIPPED {kind}: {error}", flush=True)
            continue
        results.append(_run_kind(kind, options))
    if not results:
        return _SKIPPED
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
