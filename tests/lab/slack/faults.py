# SPDX-License-Identifier: Apache-2.0
"""What goes wrong by script. A fault names where (`on`), what (`do`) and how often (`times`).

on: a method of the Web API, "api" (any of them), "link" (the dial), "response_url", "upload",
    "ack", "envelope" or "envelope:TYPE".
do, for requests:  error, status, rate_limit, delay, drop, reset, reset_after, garbage, truncate
do, for envelopes: drop, delay, duplicate, reorder, garbage, cut
do, for acks:      drop
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from clock import Clock
from http_server import Response, answer

_FAULTS_MAX = 1000
_SILENCE_S = 60.0
_REQUEST_FAULTS = {"error", "status", "rate_limit", "delay", "drop", "reset", "reset_after",
                   "garbage", "truncate"}
_ENVELOPE_FAULTS = {"drop", "delay", "duplicate", "reorder", "garbage", "cut"}


@dataclass
class Fault:
    on: str
    do: str
    times: int = 1
    # So many are let through first.
    skip: int = 0
    # delay and duplicate: seconds; rate_limit: Retry-After, none when below zero.
    seconds: float = 1.0
    status: int = 500
    error: str = "internal_error"
    # Further members of an error's answer.
    more: dict[str, Any] = field(default_factory=dict)
    # Only requests whose arguments have these values.
    where: dict[str, str] = field(default_factory=dict)

    def check(self) -> None:
        known = {"drop"} if self.on == "ack" else (
            _ENVELOPE_FAULTS if self.on.startswith("envelope") else _REQUEST_FAULTS)
        if self.do not in known:
            raise ValueError(f"{self.on}: no fault {self.do}; there are {sorted(known)}")

    def matches(self, names: tuple[str, ...], arguments: dict[str, Any]) -> bool:
        return self.on in names and all(
            str(arguments.get(name)) == value for name, value in self.where.items())


class Faults:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._script: deque[Fault] = deque()

    def add(self, fault: Fault) -> None:
        fault.check()
        if len(self._script) >= _FAULTS_MAX:
            raise ValueError(f"more than {_FAULTS_MAX} faults")
        self._script.append(fault)

    def clear(self) -> None:
        self._script.clear()

    def left(self) -> int:
        return len(self._script)

    def take(self, *names: str, arguments: dict[str, Any] | None = None) -> Fault | None:
        """The first fault of the script that is for one of these names, used up by one."""
        for fault in self._script:
            if not fault.matches(names, arguments or {}):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                return None
            fault.times -= 1
            if fault.times <= 0:
                self._script.remove(fault)
            return fault
        return None

    @staticmethod
    def comes_first(fault: Fault | None) -> bool:
        """Whether the request must have no effect."""
        return fault is not None and fault.do not in ("delay", "reset_after", "truncate")

    async def spoil(self, fault: Fault, good: Response) -> Response:
        """The answer that goes out instead of the good one."""
        if fault.do == "error":
            return answer({"ok": False, "error": fault.error, **fault.more})
        if fault.do == "status":
            return Response(fault.status, b"upstream connect error", "text/plain")
        if fault.do == "rate_limit":
            headers = {"retry-after": f"{fault.seconds:g}"} if fault.seconds >= 0 else {}
            return answer({"ok": False, "error": "ratelimited"}, 429, headers)
        if fault.do == "garbage":
            return Response(200, b"<html><body>Something is wrong</body></html>", "text/html")
        if fault.do == "delay":
            await self._clock.sleep(fault.seconds)
            return good
        if fault.do == "drop":
            await asyncio.sleep(_SILENCE_S)
        good.cut = "middle" if fault.do == "truncate" else "before"
        return good
