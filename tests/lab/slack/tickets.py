# SPDX-License-Identifier: Apache-2.0
"""Tickets for the WebSocket: one dial each, and soon stale."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass

from clock import Clock

_LIFE_S = 30.0
_REMEMBERED_MAX = 10_000


@dataclass
class Ticket:
    born: float
    used: bool = False
    # Node's undici dials twice on a 401: a refused ticket gives the same answer again.
    refusal: int = 0


class Tickets:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tickets: OrderedDict[str, Ticket] = OrderedDict()

    def issue(self) -> str:
        name = secrets.token_urlsafe(24)
        self._tickets[name] = Ticket(self._clock.now())
        while len(self._tickets) > _REMEMBERED_MAX:
            self._tickets.popitem(last=False)
        return name

    def find(self, name: str) -> Ticket | None:
        return self._tickets.get(name)

    def redeem(self, name: str) -> str:
        """Why the ticket is not good, or nothing; it is used up either way."""
        ticket = self._tickets.get(name)
        if ticket is None:
            return "ticket_unknown"
        if ticket.used:
            return "ticket_used"
        ticket.used = True
        if self._clock.now() - ticket.born > _LIFE_S:
            return "ticket_expired"
        return ""
