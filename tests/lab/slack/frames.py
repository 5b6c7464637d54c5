# SPDX-License-Identifier: Apache-2.0
"""Frames of RFC 6455, one at a time, with nothing hidden: tests also need wrong ones."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
# A client frame above this is fatal: Slack closes with 1009.
CLIENT_FRAME_LIMIT_BYTES = 20_480
# So much is read and thrown away when an oversized frame is to be dropped in silence.
_SKIP_LIMIT_BYTES = 8 << 20
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass(frozen=True)
class Frame:
    final: bool
    reserved: int
    opcode: int
    masked: bool
    payload: bytes
    oversized: bool = False


def accept_key(key: str) -> str:
    return base64.b64encode(hashlib.sha1(key.encode() + _MAGIC).digest()).decode()


def encode(opcode: int, payload: bytes, final: bool = True, reserved: int = 0,
           masked: bool = False) -> bytes:
    first = (0x80 if final else 0) | (reserved & 7) << 4 | opcode
    mask_bit = 0x80 if masked else 0
    if len(payload) < 126:
        head = bytes([first, mask_bit | len(payload)])
    elif len(payload) < 1 << 16:
        head = bytes([first, mask_bit | 126]) + len(payload).to_bytes(2, "big")
    else:
        head = bytes([first, mask_bit | 127]) + len(payload).to_bytes(8, "big")
    if masked:
        mask = os.urandom(4)
        return head + mask + apply_mask(payload, mask)
    return head + payload


def close_payload(code: int, reason: str = "") -> bytes:
    return code.to_bytes(2, "big") + reason.encode()[:120]


def apply_mask(payload: bytes, mask: bytes) -> bytes:
    if not payload:
        return b""
    repeated = (mask * (len(payload) // 4 + 1))[:len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(
        len(payload), "big")


async def read_frame(reader: asyncio.StreamReader) -> Frame:
    """A frame above the limit comes without its payload; one far above ends the connection."""
    first, second = await reader.readexactly(2)
    length = second & 0x7F
    if length == 126:
        length = int.from_bytes(await reader.readexactly(2), "big")
    elif length == 127:
        length = int.from_bytes(await reader.readexactly(8), "big")
    masked = bool(second & 0x80)
    mask = await reader.readexactly(4) if masked else b"\0\0\0\0"
    head = (bool(first & 0x80), first >> 4 & 7, first & 15, masked)
    if length > _SKIP_LIMIT_BYTES:
        raise ConnectionError(f"a frame of {length} bytes")
    if length > CLIENT_FRAME_LIMIT_BYTES:
        left = length
        while left:
            left -= len(await reader.readexactly(min(left, 1 << 15)))
        return Frame(*head, b"", oversized=True)
    return Frame(*head, apply_mask(await reader.readexactly(length), mask))
