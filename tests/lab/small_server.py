# SPDX-License-Identifier: Apache-2.0
"""What the lab's small HTTP servers share: where they listen, and how they tell their port."""

from __future__ import annotations

import argparse
from http.server import ThreadingHTTPServer
from pathlib import Path


def parser(description: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--listen", default="127.0.0.1")
    made.add_argument("--port", type=int, default=0)
    made.add_argument("--port-file", type=Path, required=True)
    return made


def serve(server: ThreadingHTTPServer, port_file: Path) -> None:
    """For ever. Who waits for the file never reads half of it."""
    draft = port_file.with_suffix(".new")
    draft.write_text(f"{server.server_port}\n")
    draft.replace(port_file)
    server.serve_forever()
