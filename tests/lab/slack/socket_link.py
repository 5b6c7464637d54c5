# SPDX-License-Identifier: Apache-2.0
"""One WebSocket connection as Slack holds it: hello, pings, text frames in and out, the close."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import frames
from http_server import reset
from journal import Journal

_UNSENT_LIMIT_BYTES = 8 << 20
_MESSAGE_LIMIT_BYTES = 1 << 20
# How long a peer may take to answer a close, and how long a lingering connection stays.
_CLOSE_ANSWER_S = 1.0
_LINGER_S = 60.0


@dataclass
class Switches:
    """How connections behave; control changes them for those that are open and those to come."""

    hello: bool = True
    pings: bool = True
    pongs: bool = True
    # Nothing is answered and nothing sent, while TCP lives on.
    half_open: bool = False
    # Slack leaves TCP open after the close handshake.
    linger: bool = False
    # A client frame above 20,480 bytes: "close" with 1009, or "drop" it in silence.
    oversize: str = "close"
    ping_interval_s: float = 10.0
    # From the disconnect frame to the close.
    close_after_s: float = 10.0
    # A refresh is requested by itself after so long; 0 means never.
    refresh_after_s: float = 0.0
    connection_time_s: int = 18060
    # Text goes out in fragments of so many bytes with a ping between them; 0 means whole.
    fragment_bytes: int = 0


class SocketLink:
    """`on_text` is called with each whole text message, `on_gone` once at the end."""

    def __init__(self, number: int, journal: Journal, switches: Switches,
                 on_text: Callable[[SocketLink, str], None]) -> None:
        self.id = f"s-{number}"
        self.host = f"applink-{number}"
        self.state = "dialled"  # then active, draining, closing, closed
        self.switches = Switches(**asdict(switches))
        self._journal = journal
        self._on_text = on_text
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._partial = b""
        self._in_message = False

    @property
    def is_open(self) -> bool:
        return self.state in ("active", "draining")

    def describe(self) -> dict[str, Any]:
        return {"socket": self.id, "state": self.state, "switches": asdict(self.switches)}

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                  greeting: dict[str, Any] | None) -> None:
        """Serves until the connection ends, whoever ends it; active only after a greeting."""
        self._reader, self._writer = reader, writer
        if greeting is not None:
            self.send_json(greeting)
            self.state = "active"
        self._spawn(self._ping_for_ever())
        why = "the peer is gone"
        try:
            why = await self._read_for_ever(reader)
        except (ConnectionError, asyncio.IncompleteReadError, OSError) as error:
            why = f"{type(error).__name__}"
        finally:
            self._journal.add("socket_closed", socket=self.id, why=why)
            self.state = "closed"
            for task in self._tasks:
                task.cancel()

    def change(self, changes: dict[str, Any]) -> None:
        for name, value in changes.items():
            setattr(self.switches, name, value)

    def send_json(self, message: dict[str, Any]) -> bool:
        return self.send_text(json.dumps(message, separators=(",", ":")).replace("/", "\\/"))

    def send_text(self, text: str) -> bool:
        """Whether it was put on the wire."""
        data, step = text.encode(), self.switches.fragment_bytes
        if not step or len(data) <= step:
            return self.send_raw(frames.encode(frames.TEXT, data))
        pieces = [data[at:at + step] for at in range(0, len(data), step)]
        raw = b""
        for index, piece in enumerate(pieces):
            raw += frames.encode(frames.CONTINUATION if index else frames.TEXT, piece,
                                 final=index == len(pieces) - 1)
            raw += frames.encode(frames.PING, f"Ping from {self.host}".encode())
        return self.send_raw(raw)

    def send_raw(self, raw: bytes) -> bool:
        if self._writer is None or self.state == "closed" or self.switches.half_open:
            return False
        if self._writer.transport.is_closing():
            return False
        if self._writer.transport.get_write_buffer_size() > _UNSENT_LIMIT_BYTES:
            self._journal.add("slow_reader", socket=self.id)
            self.cut()
            return False
        self._writer.write(raw)
        return True

    def disconnect(self, reason: str, extra: dict[str, Any]) -> None:
        """The frame now, the close some seconds later."""
        self._journal.add("disconnect", socket=self.id, reason=reason)
        self.send_json({"type": "disconnect", "reason": reason,
                        "debug_info": {"host": self.host}, **extra})
        if self.state == "active":
            self.state = "draining"
        self._spawn(self._close_later(self.switches.close_after_s))

    def close(self, code: int, reason: str = "") -> None:
        if self.state in ("closing", "closed"):
            return
        self._journal.add("close_sent", socket=self.id, code=code, reason=reason)
        self.send_raw(frames.encode(frames.CLOSE, frames.close_payload(code, reason)))
        self.state = "closing"
        self._spawn(self._end_later(_CLOSE_ANSWER_S))

    def cut(self) -> None:
        """TCP ends by a reset, in the middle of whatever was going on."""
        if self._writer is not None and self.state != "closed":
            reset(self._writer)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _close_later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.close(1000)

    async def _end_later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if self._writer is not None:
            self._writer.transport.abort()

    async def _ping_for_ever(self) -> None:
        began = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(self.switches.ping_interval_s)
            if self.switches.pings:
                self.send_raw(frames.encode(frames.PING, f"Ping from {self.host}".encode()))
            age = asyncio.get_running_loop().time() - began
            if self.state != "active" or not self.switches.refresh_after_s:
                continue
            if age >= self.switches.refresh_after_s:
                self.disconnect("refresh_requested", {})

    async def _read_for_ever(self, reader: asyncio.StreamReader) -> str:
        """Why it ended."""
        while True:
            frame = await frames.read_frame(reader)
            if self.switches.half_open:
                continue
            self._take(frame)
            if frame.opcode == frames.CLOSE and not _wrong_in(frame):
                await self._answer_close(reader, frame)
                return "closed"

    def _take(self, frame: frames.Frame) -> None:
        if wrong := _wrong_in(frame):
            self._journal.add("bad_frame", socket=self.id, what=wrong)
            self.close(1002, wrong)
        elif frame.oversized:
            self._take_oversized()
        elif frame.opcode == frames.PING:
            self._journal.add("client_ping", socket=self.id, payload=_shown(frame.payload))
            if self.switches.pongs:
                self.send_raw(frames.encode(frames.PONG, frame.payload))
        elif frame.opcode == frames.PONG:
            self._journal.add("client_pong", socket=self.id, payload=_shown(frame.payload))
        elif frame.opcode in (frames.TEXT, frames.CONTINUATION):
            self._take_text(frame)
        elif frame.opcode == frames.BINARY:
            self._journal.add("bad_frame", socket=self.id, what="a binary message")

    def _take_oversized(self) -> None:
        limit = frames.CLIENT_FRAME_LIMIT_BYTES
        self._journal.add("oversized_frame", socket=self.id, reaction=self.switches.oversize)
        if self.switches.oversize == "close":
            self.close(1009, f"Max frame length of {limit} has been exceeded")

    def _take_text(self, frame: frames.Frame) -> None:
        if self._in_message != (frame.opcode == frames.CONTINUATION):
            self.close(1002, "a fragment out of place")
            return
        self._partial += frame.payload
        self._in_message = not frame.final
        if len(self._partial) > _MESSAGE_LIMIT_BYTES:
            self.close(1009, "the message is too large")
        elif frame.final:
            data, self._partial = self._partial, b""
            try:
                text = data.decode()
            except UnicodeDecodeError:
                self.close(1007, "not UTF-8")
                return
            self._on_text(self, text)

    async def _answer_close(self, reader: asyncio.StreamReader, frame: frames.Frame) -> None:
        code = int.from_bytes(frame.payload[:2], "big") if len(frame.payload) >= 2 else 1005
        self._journal.add("client_close", socket=self.id, code=code,
                          reason=_shown(frame.payload[2:]))
        if self.state != "closing":
            self.send_raw(frames.encode(frames.CLOSE, frame.payload[:2]))
        self.state = "closing"
        if self.switches.linger:
            try:
                await asyncio.wait_for(reader.read(), _LINGER_S)
            except asyncio.TimeoutError:
                pass


def _wrong_in(frame: frames.Frame) -> str:
    """What RFC 6455 forbids to a client, if it is there."""
    if not frame.masked or frame.reserved:
        return "masked frames without extensions, please"
    if frame.opcode not in (frames.CONTINUATION, frames.TEXT, frames.BINARY, frames.CLOSE,
                            frames.PING, frames.PONG):
        return f"an unknown opcode, {frame.opcode}"
    if frame.opcode >= frames.CLOSE and (not frame.final or frame.oversized or
                                         len(frame.payload) > 125):
        return "a control frame that is long or in fragments"
    if frame.opcode == frames.CLOSE and frame.payload:
        code = int.from_bytes(frame.payload[:2], "big")
        if len(frame.payload) == 1 or code < 1000 or code in (1004, 1005, 1006) or \
                1012 <= code < 3000 or code >= 5000:
            return f"a close with {code}"
    return ""


def _shown(payload: bytes) -> str:
    return payload[:120].decode(errors="replace")
