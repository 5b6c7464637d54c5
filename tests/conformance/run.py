# SPDX-License-Identifier: Apache-2.0
"""Runs one conformance suite against a lab_apiserver of its own, or against what it brings itself.

    run.py SUITE [--program LAB_APISERVER] --work FOLDER

The exit code is 0 when everything held, 1 when something did not, 77 when the suite's client is not
installed (one line says which).
"""

from __future__ import annotations

import argparse
import sys
import unittest
from pathlib import Path
from types import ModuleType

import cluster_suite
import evictions_suite
import javascript_suite
import kubectl_suite
import slack_suite
import watches_suite
import world
import writes_suite
from lab_server import LabServer
from suite import Suite

SKIPPED = 77
SUITES = {"evictions": evictions_suite, "writes": writes_suite, "cluster": cluster_suite,
          "watches": watches_suite, "kubectl": kubectl_suite, "javascript": javascript_suite,
          "slack": slack_suite}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--program", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    arguments = parser.parse_args()
    suite = SUITES[arguments.suite]
    if missing := suite.missing_client():
        print(f"SKIPPED {arguments.suite}: {missing}")
        return SKIPPED
    if suite.OPTIONS is None:
        suite.WORK = arguments.work.resolve()
        return judge(suite)
    server = LabServer(arguments.program.resolve(), arguments.work.resolve(),
                       world.seed(**suite.OPTIONS))
    server.start()
    try:
        Suite.server = server
        return judge(suite)
    finally:
        server.stop()


def judge(suite: ModuleType) -> int:
    tests = unittest.defaultTestLoader.loadTestsFromModule(suite)
    result = unittest.TextTestRunner(verbosity=2).run(tests)
    if result.skipped and result.testsRun == len(result.skipped):
        return SKIPPED
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
