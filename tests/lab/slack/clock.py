# SPDX-License-Identifier: Apache-2.0
"""The simulator's time: real time, plus what control has added, or standing still.

Tickets, triggers, acks, retries, response_urls and rate limits live on it. What belongs to the wire
(pings, the seconds until a socket is closed) keeps to real time, as the clients do.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time


class Clock:
    """Seconds since the epoch. Used by one event loop only."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()
        self._frozen_at: float | None = None
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    def now(self) -> float:
        if self._frozen_at is not None:
            return self._frozen_at
        return time.monotonic() + self._offset

    def advance(self, seconds: float) -> None:
        if self._frozen_at is not None:
            self._frozen_at += seconds
        else:
            self._offset += seconds
        self._wake()

    def freeze(self, frozen: bool) -> None:
        now = self.now()
        self._frozen_at = now if frozen else None
        self._offset = now - time.monotonic()
        self._wake()

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self.now() + seconds)

    async def sleep_until(self, moment: float) -> None:
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (moment, next(self._numbers), future))
        self._wake()
        await future

    def _wake(self) -> None:
        now = self.now()
        while self._waiting and (self._waiting[0][0] <= now or self._waiting[0][2].done()):
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting and self._frozen_at is None:
            delay = max(0.001, self._waiting[0][0] - now)
            self._timer = asyncio.get_running_loop().call_later(delay, self._wake)
