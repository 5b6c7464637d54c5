# SPDX-License-Identifier: Apache-2.0
"""The whole workspace: every part of it, and what they share. One event loop owns it."""

from __future__ import annotations

from buckets import Buckets
from channels import Channels
from clock import Clock
from deliveries import Deliveries
from faults import Faults
from identity import Identity
from journal import Journal
from people import People
from response_urls import ResponseUrls
from sockets import Sockets
from tickets import Tickets
from triggers import Triggers
from uploads import Uploads
from views import Views


class Workspace:
    def __init__(self) -> None:
        self.clock = Clock()
        self.journal = Journal(self.clock)
        self.faults = Faults(self.clock)
        self.me = Identity()
        self.people = People()
        self.channels = Channels(self.clock, self.me.bot_user)
        self.buckets = Buckets(self.clock)
        self.tickets = Tickets(self.clock)
        self.triggers = Triggers(self.clock)
        self.response_urls = ResponseUrls(self.clock)
        self.views = Views()
        self.uploads = Uploads()
        self.deliveries = Deliveries(self.clock, self.journal, self.faults)
        self.sockets = Sockets(self.journal, self.tickets, self.faults, self.deliveries.take_text)
        self.deliveries.use(self.sockets)
        self.commands = {"/upgrade"}
        # Whether blocks that not every workspace has are known here.
        self.new_blocks = False
        self.home_enabled = True
        # Whether a reply to a thread that is gone is refused, or lands in the channel.
        self.refuses_lost_threads = False
        # How long a message can be edited; None: for ever.
        self.edit_window_s: float | None = None
        self.app_hash = "9c1185a5c5e9fc54612808977ee8f548b2258d31"
        # How all but control is away: "reset", "status" (503) or "silence"; "" when it is not.
        self.away = ""
        # http://127.0.0.1:PORT and ws://127.0.0.1:PORT, or their secure forms.
        self.base = ""
        self.socket_base = ""
        self._events = 0

    def next_event(self) -> int:
        self._events += 1
        return self._events

    def permalink(self, channel: str, ts: str) -> str:
        return f"https://{self.me.domain}.example.test/archives/{channel}/p{ts.replace('.', '')}"
