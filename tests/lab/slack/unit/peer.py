# SPDX-License-Identifier: Apache-2.0
"""A bot's connection by hand, without asyncio: every frame is visible, every answer deliberate."""

from __future__ import annotations

import base64
import json
import os
import socket
from typing import Any
from urllib.parse import urlsplit

import places  # noqa: F401
import frames
from slack_workspace import APP_TOKEN, SlackWorkspace
from web import call

Json = dict[str, Any]
_LIMIT_S = 5.0


def fresh_url(slack: SlackWorkspace) -> str:
    answer = call("POST", slack.api_url + "apps.connections.open", "",
                  {"Authorization": f"Bearer {APP_TOKEN}",
                   "Content-Type": "application/x-www-form-urlencoded"}).json()
    if not answer["ok"]:
        raise AssertionError(answer)
    return str(answer["url"])


class Refused(Exception):
    """The dial got this status instead of a 101."""


class Peer:
    """Dials at once; pings are answered, everything else is left to the test."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 0), _LIMIT_S)
        self._buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            (f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.hostname}\r\nUpgrade: "
             f"websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
             "Sec-WebSocket-Version: 13\r\n\r\n").encode())
        while b"\r\n\r\n" not in self._buffer:
            self._fill()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        status = head.split(b" ")[1].decode()
        if status != "101":
            self.close()
            raise Refused(status)
        if frames.accept_key(key).encode() not in head:
            raise AssertionError("a wrong Sec-WebSocket-Accept")

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def send(self, opcode: int, payload: bytes = b"", masked: bool = True,
             reserved: int = 0, final: bool = True) -> None:
        self._socket.sendall(frames.encode(opcode, payload, final, reserved, masked))

    def ack(self, envelope: Json, payload: Json | None = None) -> None:
        body: Json = {"envelope_id": envelope["envelope_id"]}
        self.send(frames.TEXT, json.dumps(body | ({"payload": payload} if payload else {})
                                          ).encode())

    def frame(self) -> tuple[int, bytes]:
        """The next frame of any kind."""
        first, second = self._take(2)
        length = second & 0x7F
        if length == 126:
            length = int.from_bytes(self._take(2), "big")
        elif length == 127:
            length = int.from_bytes(self._take(8), "big")
        return first & 15, self._take(length)

    def next(self) -> Json:
        """The next text frame as JSON; pings before it are answered."""
        while True:
            opcode, payload = self.frame()
            if opcode == frames.TEXT:
                return dict(json.loads(payload))
            if opcode == frames.CLOSE:
                raise ConnectionError(payload)
            if opcode == frames.PING:
                self.send(frames.PONG, payload)

    def close_code(self) -> int:
        """Reads on until the close frame."""
        while True:
            opcode, payload = self.frame()
            if opcode == frames.CLOSE:
                return int.from_bytes(payload[:2], "big")

    def is_silent(self, seconds: float) -> bool:
        """Whether nothing at all comes for so long."""
        self._socket.settimeout(seconds)
        try:
            return not self._buffer and self._socket.recv(1) == b"never"
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(_LIMIT_S)

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._fill()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _fill(self) -> None:
        data = self._socket.recv(1 << 16)
        if not data:
            raise ConnectionError("the end")
        self._buffer += data
