# SPDX-License-Identifier: Apache-2.0
"""Keeps the house: judges the whole tree by the rules of CONTRIBUTING.md, one line per offence.

    python3 tests/tidy/tidy.py [ROOT]

Ends with 1 when there is an offence, or an exception that nothing needs any more.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import layering
import sizes
import threads
import words
from tree import Finding, Tree

# (rule, path): who may break a rule, and why. A row that nothing needs is an offence itself.
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("banned", "tests/lab/apiserver/store.cpp"): "the uids of a real API server are random, too",
}

CHECKS: tuple[Callable[[Tree], Iterator[Finding]], ...] = (
    layering.check_layering,
    layering.check_heavy_headers,
    layering.check_cycles,
    sizes.check_files,
    sizes.check_functions,
    sizes.check_columns,
    sizes.check_comments,
    words.check_licence,
    words.check_pragma,
    words.check_bans,
    words.check_names,
    words.check_marks,
    threads.check_sources_are_built,
    threads.check_includes,
    threads.check_scripts_are_used,
    threads.check_markdown,
    threads.check_python,
    threads.check_shell,
)


def judge(tree: Tree, exceptions: dict[tuple[str, str], str]) -> list[Finding]:
    findings = {finding for check in CHECKS for finding in check(tree)}
    offences = sorted(f for f in findings if (f.rule, f.path) not in exceptions)
    needed = {(finding.rule, finding.path) for finding in findings}
    for rule, path in sorted(exceptions.keys() - needed):
        offences.append(Finding("tests/tidy/tidy.py", 1, "exception",
                                f"{path} needs no exception from the rule {rule!r} any more"))
    return offences


def main(arguments: list[str]) -> int:
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[2]
    offences = judge(Tree(root), EXCEPTIONS)
    for finding in offences:
        print(finding)
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
