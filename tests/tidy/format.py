# SPDX-License-Identifier: Apache-2.0
"""Whether all C++ is as clang-format-19 writes it; ends with 77 where that is not installed.

    python3 tests/tidy/format.py            # `clang-format-19 -i FILE...` puts it right
"""

import shutil
import subprocess
import sys
from pathlib import Path

from tree import Tree

_SKIPPED = 77
_LIMIT_SECONDS = 240


def main() -> int:
    program = shutil.which("clang-format-19")
    if not program:
        print("skipped: clang-format-19 is not installed")
        return _SKIPPED
    root = Path(__file__).resolve().parents[2]
    files = [source.path for source in Tree(root).cpp()]
    done = subprocess.run([program, "--dry-run", "-Werror", *files], cwd=root, check=False,
                          timeout=_LIMIT_SECONDS)
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
