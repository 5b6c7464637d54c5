# SPDX-License-Identifier: Apache-2.0
"""Serves the package repository the way pkgs.k8s.io does: every path there is a redirect to a
mirror.

`POST /_lab/mode {"mode": ...}` breaks it: `ok`, `bad-signature` (the signed text is altered),
`empty-release` (200 without a body), `html` (200 with the page of a captive portal), `lagging`
(the newest version of every minor is missing), `unavailable` (503), `slow` (each answer 3s late).
To be down, the server is stopped. `GET /_lab/requests` lists the last requests as JSON.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import small_server

MODES = ["ok", "bad-signature", "empty-release", "html", "lagging", "unavailable", "slow"]
_REDIRECTS = {"/core:/": "/repositories/isv:/kubernetes:/core:/",
              "/linux/debian/": "/repositories/docker/linux/debian/"}
_SLOW_S = 3.0
_BODY_LIMIT_BYTES = 4096
_PORTAL = b"<!DOCTYPE html><html><body>Please log in to use this network.</body></html>\n"


class RepositoryServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], root: Path) -> None:
        super().__init__(address, _Handler)
        self.root = root.resolve()
        self.mode = "ok"
        self.requests: deque[str] = deque(maxlen=500)
        self.lock = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20
    server: RepositoryServer

    def do_GET(self) -> None:
        path = urllib.parse.unquote(self.path.split("?")[0])
        if path == "/_lab/requests":
            with self.server.lock:
                seen = json.dumps(list(self.server.requests))
            self._answer(200, seen.encode(), "application/json")
            return
        with self.server.lock:
            self.server.requests.append(f"{self.client_address[0]} {path}")
        mode = self.server.mode
        if mode == "slow":
            time.sleep(_SLOW_S)
        if mode == "unavailable":
            self._answer(503, b"no healthy upstream\n", "text/plain")
        elif not self._redirected(path):
            self._serve(path, mode)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        try:
            mode = json.loads(self.rfile.read(min(length, _BODY_LIMIT_BYTES)))["mode"]
        except (ValueError, KeyError, TypeError):
            mode = None
        if self.path != "/_lab/mode" or mode not in MODES:
            self._answer(400, f"one of: {', '.join(MODES)}\n".encode(), "text/plain")
            return
        self.server.mode = mode
        self._answer(200, b"{}", "application/json")

    def _redirected(self, path: str) -> bool:
        for prefix, target in _REDIRECTS.items():
            if path.startswith(prefix):
                self.send_response(302)
                self.send_header("Location", target + path.removeprefix(prefix))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return True
        return False

    def _serve(self, path: str, mode: str) -> None:
        if mode == "lagging":
            path = path.replace("/repositories/", "/lagging/", 1)
        file = (self.server.root / path.lstrip("/")).resolve()
        if not file.is_relative_to(self.server.root) or not file.is_file():
            self._answer(404, b"not found\n", "text/plain")
            return
        body = file.read_bytes()
        is_release = file.name in ("InRelease", "Release")
        if mode == "bad-signature" and is_release:
            body = body.replace(b"Origin: lab ", b"Origin: evil ", 1)
        if mode == "empty-release" and is_release:
            body = b""
        if mode == "html":
            self._answer(200, _PORTAL, "text/html")
            return
        self._answer(200, body, "application/octet-stream")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Requests are kept in memory, see `/_lab/requests`."""


def main() -> None:
    parser = small_server.parser("the lab's package repository")
    parser.add_argument("--root", type=Path, required=True)
    options = parser.parse_args()
    server = RepositoryServer((options.listen, options.port), options.root)
    small_server.serve(server, options.port_file)


if __name__ == "__main__":
    main()
