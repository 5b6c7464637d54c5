# SPDX-License-Identifier: Apache-2.0
"""Runs one suite of the Kubernetes neighbour against a lab API server of its own.

    run.py SUITE --program LAB_APISERVER --probe KUBERNETES_PROBE --work FOLDER

Exit code 0 when everything held, else 1.
"""

from __future__ import annotations

import argparse
import sys
import unittest
from pathlib import Path

# The conformance tests know how to start the lab's server; they stand beside this folder.
sys.path.append(str(Path(__file__).resolve().parents[2] / "conformance"))

import cluster_suite  # noqa: E402
import drain_suite  # noqa: E402
import outage_suite  # noqa: E402
from lab_server import LabServer  # noqa: E402
from probe import NeighbourSuite  # noqa: E402

SUITES = {"cluster": cluster_suite, "drain": drain_suite, "outage": outage_suite}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", choices=SUITES)
    for name in ("--program", "--probe", "--work"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("-k", help="only tests whose name holds this")
    arguments = parser.parse_args()
    suite = SUITES[arguments.suite]
    server = LabServer(arguments.program.resolve(), arguments.work.resolve(), suite.SEED)
    server.start()
    try:
        NeighbourSuite.server = server
        NeighbourSuite.program = arguments.probe.resolve()
        loader = unittest.TestLoader()
        if arguments.k:
            loader.testNamePatterns = [f"*{arguments.k}*"]
        result = unittest.TextTestRunner(verbosity=2).run(loader.loadTestsFromModule(suite))
    finally:
        server.stop()
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
