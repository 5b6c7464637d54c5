# SPDX-License-Identifier: Apache-2.0
"""Whether docs/configuration.md is what `lockkeeper reference` prints.

usage: reference.py LOCKKEEPER PAGE
"""

from __future__ import annotations

import difflib
import subprocess
import sys
from pathlib import Path


def main(binary: str, page: Path) -> int:
    printed = subprocess.run([binary, "reference"], capture_output=True, text=True, timeout=20,
                             check=True).stdout
    kept = page.read_text()
    if kept == printed:
        return 0
    sys.stdout.writelines(difflib.unified_diff(
        kept.splitlines(True), printed.splitlines(True), page.name, "lockkeeper reference", n=0))
    print(f"write it anew: {binary} reference >{page}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
