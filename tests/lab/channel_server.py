# SPDX-License-Identifier: Apache-2.0
"""Answers as the channel server of k3s does: a channel's own address is a redirect to its release
on another host, with the plus of the version percent-encoded; the collection is JSON.

`POST /_lab/mode {"mode": ...}` changes it: `ok`, `old-form` (other words around the same data, and
entries that are none), `collection-only` (a channel's own address is 404), `bare-plus` (not
encoded), `pre-release` (stable points to a release candidate), `elsewhere` (the redirect leads to a
login page), `html` (200 with the page of a captive portal), `cut` (the JSON ends early),
`unavailable` (503). `POST /_lab/channels {NAME: VERSION}` replaces what the channels point to;
null is a channel that points to nothing yet.
"""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import small_server

MODES = ["ok", "old-form", "collection-only", "bare-plus", "pre-release", "elsewhere", "html",
         "cut", "unavailable"]
CHANNELS: dict[str, str | None] = {"stable": "v1.34.6+k3s1", "latest": "v1.35.2+k3s1",
                                   "v1.34": "v1.34.6+k3s1", "v1.35": "v1.35.2+k3s1",
                                   "v1.36": None}
PATH = "/v1-release/channels"
_RELEASES = "https://github.com/k3s-io/k3s/releases/tag/"
_PRE_RELEASE = "v1.36.0-rc1+k3s1"
_BODY_LIMIT_BYTES = 4096
_PORTAL = b"<!DOCTYPE html><html><body>Please log in to use this network.</body></html>\n"


class ChannelServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, _Handler)
        self.mode = "ok"
        self.channels = dict(CHANNELS)

    @property
    def url(self) -> str:
        """What stands in for https://update.k3s.io/v1-release/channels."""
        return f"http://{self.server_address[0]!s}:{self.server_port}{PATH}"

    def points_to(self, name: str) -> str | None:
        early = self.mode == "pre-release" and name == "stable"
        return _PRE_RELEASE if early else self.channels.get(name)

    def collection(self) -> bytes:
        """As update.k3s.io answers; clients that were strict about `resourceType` broke once."""
        old = self.mode == "old-form"
        data: list[Any] = []
        for name in self.channels:
            entry: dict[str, Any] = {"id": name, "type": "channel", "name": name,
                                     "links": {"self": f"{PATH}/{name}"}}
            if (version := self.points_to(name)) is not None:
                entry["latest"] = version
            if old:
                entry |= {"regexp": ".*", "excludeRegexp": None, "new": [1, {"x": []}]}
            data.append(entry)
        if old:
            data[:0] = [7, None, [], {"name": 3, "latest": {}}]
        return json.dumps({"type": "collection", "resourceType": "channels" if old else "channel",
                           "links": {"self": PATH}, "actions": {}, "data": data}).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20
    server: ChannelServer

    def do_GET(self) -> None:
        mode = self.server.mode
        if mode == "unavailable":
            self._answer(503, b"no healthy upstream\n", "text/plain")
        elif mode == "html":
            self._answer(200, _PORTAL, "text/html")
        elif self.path == PATH:
            body = self.server.collection()
            self._answer(200, body[:len(body) // 2] if mode == "cut" else body,
                         "application/json")
        else:
            self._channel(self.path.removeprefix(f"{PATH}/"))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        try:
            body = json.loads(self.rfile.read(min(length, _BODY_LIMIT_BYTES)))
        except ValueError:
            body = None
        if self.path == "/_lab/mode" and isinstance(body, dict) and body.get("mode") in MODES:
            self.server.mode = body["mode"]
        elif self.path == "/_lab/channels" and isinstance(body, dict):
            self.server.channels = body
        else:
            self._answer(400, f"one of: {', '.join(MODES)}\n".encode(), "text/plain")
            return
        self._answer(200, b"{}", "application/json")

    def _channel(self, name: str) -> None:
        mode = self.server.mode
        version = self.server.points_to(name)
        if version is None or mode in ("collection-only", "old-form", "cut"):
            self._answer(404, b"404 page not found\n", "text/plain")
            return
        release = version if mode == "bare-plus" else version.replace("+", "%2B")
        where = "https://login.example/?next=k3s" if mode == "elsewhere" else _RELEASES + release
        self.send_response(302)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Nobody reads it."""


def main() -> None:
    options = small_server.parser("the lab's k3s channel server").parse_args()
    small_server.serve(ChannelServer((options.listen, options.port)), options.port_file)


if __name__ == "__main__":
    main()
