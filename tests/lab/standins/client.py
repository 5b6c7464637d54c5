# SPDX-License-Identifier: Apache-2.0
"""One question to the node's init over its socket."""

from __future__ import annotations

import json
import socket
import sys

_LIMIT_S = 30.0


def ask(request: dict, quiet: bool = False) -> int:
    """Prints what init says and returns its exit code."""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(_LIMIT_S)
            link.connect("/run/init.sock")
            link.sendall(json.dumps(request).encode() + b"\n")
            with link.makefile() as stream:
                done = json.loads(stream.readline())
    except (OSError, ValueError) as error:
        print(f"Failed to connect to bus: {error}", file=sys.stderr)
        return 1
    if not quiet:
        sys.stdout.write(done["out"])
        sys.stderr.write(done["err"])
    return done["rc"]
