# SPDX-License-Identifier: Apache-2.0
"""A small HTTP/1.1 server whose answers can be spoilt at will.

One task per connection; heads, bodies and the number of connections are limited. A handler may take
the connection over (`Takeover`), as the WebSocket does.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

HEAD_LIMIT_BYTES = 64 << 10
_BODY_LIMIT_BYTES = 32 << 20
_CONNECTIONS_MAX = 512
_IDLE_LIMIT_S = 120.0
_REASONS = {101: "Switching Protocols", 200: "OK", 302: "Found", 400: "Bad Request",
            401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict",
            429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}


class BadRequest(Exception):
    """The connection cannot be used further."""


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        return json.loads(self.body) if self.body else {}


@dataclass
class Response:
    """`cut` spoils it: "before" resets the connection instead, "middle" after half of the body."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    cut: str = ""

    def head(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Status')}",
                 f"content-type: {self.content_type}", f"content-length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Takeover:
    """From here on the connection belongs to `run`."""

    run: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


Handler = Callable[[Request], Awaitable["Response | Takeover"]]


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON with escaped slashes, as Slack writes it."""
    text = json.dumps(body, separators=(",", ":"), default=str).replace("/", "\\/")
    return Response(status, text.encode(), headers=dict(headers or {}))


def reset(writer: asyncio.StreamWriter) -> None:
    """Ends the connection by RST, with nothing further on the wire."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class HttpServer:
    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._connections: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._connections) >= _CONNECTIONS_MAX:
            writer.transport.abort()
            return
        self._connections.add(task)
        try:
            while await self._serve_one(reader, writer):
                pass
        except (BadRequest, OSError, asyncio.IncompleteReadError, asyncio.TimeoutError,
                asyncio.LimitOverrunError):
            writer.transport.abort()
        except asyncio.CancelledError:  # Only `stop` cancels, and nobody waits for more.
            writer.transport.abort()
        finally:
            self._connections.discard(task)
            writer.close()

    async def stop(self) -> None:
        """Asked again until it has ended: `wait_for` of Python 3.11 may swallow a cancellation that
        comes in the moment in which what it waits for is there."""
        pending = set(self._connections)
        while pending:
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=0.5)

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection is good for another request."""
        request = await asyncio.wait_for(_read_request(reader, writer), _IDLE_LIMIT_S)
        if request is None:
            return False
        given = await self._handler(request)
        if isinstance(given, Takeover):
            await given.run(reader, writer)
            return False
        if given.cut == "before":
            reset(writer)
            return False
        closes = request.headers.get("connection", "").lower() == "close" or bool(given.cut)
        if closes:
            given.headers["connection"] = "close"
        half = given.body[:len(given.body) // 2] if given.cut else given.body
        writer.write(given.head() + half)
        await asyncio.wait_for(writer.drain(), _IDLE_LIMIT_S)
        return not closes


async def _read_request(reader: asyncio.StreamReader,
                        writer: asyncio.StreamWriter) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise BadRequest("a head was cut") from error
        return None
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3:
        raise BadRequest(lines[0])
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    target = urlsplit(words[1])
    return Request(words[0], unquote(target.path), dict(parse_qsl(target.query, True)), headers,
                   await _read_body(reader, headers))


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            if len(body) + size > _BODY_LIMIT_BYTES:
                raise BadRequest("the body is too large")
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
        return body
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > _BODY_LIMIT_BYTES:
        raise BadRequest(f"content-length: {length}")
    return await reader.readexactly(int(length))
