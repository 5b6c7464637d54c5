#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The node scripts on real nodes: systemd, sshd, apt and dpkg are the real ones, kubeadm and the
kubelet are the lab's. Whatever happens, the holds are afterwards what they were.

    node_scripts_test.py patch|minor|faults|deaths --driver NODE_DRIVER --bin-dir BUILD [NAME...]

Exit 77 where the lab's systemd nodes do not work.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lab"))

from detection import default_cache, detect  # noqa: E402
from lab import Lab  # noqa: E402
from node_files import Layout  # noqa: E402
from processes import LabError  # noqa: E402

_SKIPPED = 77


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("group", choices=["patch", "minor", "faults", "deaths"])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--driver", type=Path, required=True)
    parser.add_argument("--bin-dir", type=Path, required=True)
    options = parser.parse_args()
    try:
        kind = detect(default_cache(), "systemd")
    except LabError as error:
        print(f"skipped: {error}")
        return _SKIPPED
    print(f"nodes: {kind.kind}, {kind.reason}")
    module = __import__(f"{options.group}_cases")
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{name}*" for name in options.names] or None
    with tempfile.TemporaryDirectory(prefix="node-scripts-") as folder:
        with Lab(Path(folder) / "lab", Layout(nodes=3, containerd_skew=True), "systemd",
                 options.bin_dir) as lab:
            from bench import NodeCase
            NodeCase.lab, NodeCase.driver = lab, options.driver
            suite = loader.loadTestsFromModule(module)
            result = unittest.TextTestRunner(verbosity=2).run(suite)
    if result.testsRun == 0:
        print("no test has that name")
    return 0 if result.wasSuccessful() and result.testsRun > 0 else 1


if __name__ == "__main__":
    raise SystemExit(main())
