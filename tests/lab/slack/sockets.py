# SPDX-License-Identifier: Apache-2.0
"""All connections of the app: who may dial, who gets the next envelope, who must go."""

from __future__ import annotations

import asyncio
import base64
import random
import time
from collections.abc import Callable
from typing import Any

import frames
from faults import Faults
from http_server import Request, Response, Takeover, answer
from journal import Journal
from socket_link import SocketLink, Switches
from tickets import Tickets

_SOCKETS_MAX = 10
_DIALLED_MAX = 64


class Sockets:
    def __init__(self, journal: Journal, tickets: Tickets, faults: Faults,
                 on_text: Callable[[SocketLink, str], None]) -> None:
        self.switches = Switches()
        # Connections of other processes or of dead peers: counted, chosen, and deaf.
        self.ghosts = 0
        # Socket Mode itself, as the app's settings have it.
        self.link_enabled = True
        self.app_id = "A0UPGRADER"
        self._journal = journal
        self._tickets = tickets
        self._faults = faults
        self._on_text = on_text
        self._links: list[SocketLink] = []
        self._numbers = 0
        self._lots = random.Random(4)

    def open_links(self) -> list[SocketLink]:
        return [link for link in self._links if link.is_open]

    def all_links(self) -> list[SocketLink]:
        return [link for link in self._links if link.state != "closed"]

    def pick(self) -> SocketLink | None:
        """One of the open connections by lot; none when the lot fell on a ghost, or on nobody."""
        links = self.open_links()
        lot = self._lots.randrange(len(links) + self.ghosts) if links or self.ghosts else 0
        return links[lot] if lot < len(links) else None

    def change(self, changes: dict[str, Any], scope: str) -> None:
        """`scope`: "open", "new", "all", or the id of one connection."""
        known = set(Switches.__dataclass_fields__)
        if unknown := set(changes) - known:
            raise ValueError(f"no switch {sorted(unknown)}; there are {sorted(known)}")
        for link in self.all_links():
            if scope in ("open", "all", link.id):
                link.change(changes)
        if scope in ("new", "all"):
            for name, value in changes.items():
                setattr(self.switches, name, value)

    def disconnect(self, reason: str, scope: str = "all") -> int:
        links = [link for link in self.open_links() if scope in ("all", link.id)]
        for link in links:
            link.disconnect(reason, {})
        return len(links)

    async def dial(self, request: Request) -> Response | Takeover:
        """GET /link/?ticket=... with the upgrade of RFC 6455."""
        name = request.query.get("ticket", "")
        key = request.headers.get("sec-websocket-key", "")
        if not _is_upgrade(request, key):
            self._journal.add("bad_upgrade", headers=request.headers)
            return answer({"ok": False, "error": "not_an_upgrade"}, 400)
        if refusal := await self._refusal(name):
            self._journal.add("dial_refused", ticket=name, status=refusal.status, cut=refusal.cut)
            return refusal
        if len(self.all_links()) >= _DIALLED_MAX:
            return answer({"ok": False, "error": "too_many_dials"}, 503)
        self._journal.add("dial", ticket=name, query=request.query, headers=request.headers)
        return Takeover(lambda reader, writer: self._serve(reader, writer, key, request.query))

    async def _refusal(self, name: str) -> Response | None:
        ticket = self._tickets.find(name)
        if ticket is not None and ticket.refusal:
            return answer({"ok": False}, ticket.refusal)
        if fault := self._faults.take("link"):
            if ticket is not None:
                ticket.used = True
                ticket.refusal = fault.status if fault.do == "status" else 0
            return await self._faults.spoil(fault, answer({"ok": False}, 503))
        if why := self._tickets.redeem(name):
            return answer({"ok": False, "error": why}, 403)
        return None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str,
                     query: dict[str, str]) -> None:
        self._numbers += 1
        link = SocketLink(self._numbers, self._journal, self.switches, self._on_text)
        self._links = [*self.all_links(), link]
        writer.write(("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n"
                      "connection: Upgrade\r\n"
                      f"sec-websocket-accept: {frames.accept_key(key)}\r\n\r\n").encode())
        await link.run(reader, writer, self._greeting(link, query))

    def _greeting(self, link: SocketLink, query: dict[str, str]) -> dict[str, Any] | None:
        """The hello; none for a connection that does not count."""
        others = len(self.open_links()) + self.ghosts
        info = {"connection_info": {"app_id": self.app_id}}
        if not self.link_enabled or others >= _SOCKETS_MAX:
            link.switches.close_after_s = min(link.switches.close_after_s, 1.0)
            reason = "too_many_websockets" if self.link_enabled else "link_disabled"
            asyncio.get_running_loop().call_soon(
                link.disconnect, reason, {"num_connections": others, **info})
            return None
        if not link.switches.hello:
            self._journal.add("hello_withheld", socket=link.id)
            return None
        if "debug_reconnects" in query:
            link.switches.connection_time_s = 360
        self._journal.add("hello", socket=link.id, num_connections=others + 1)
        started = time.strftime("%Y-%m-%d %H:%M:%S.000", time.gmtime())
        return {"type": "hello", "num_connections": others + 1, **info, "debug_info": {
            "host": link.host, "started": started, "build_number": 54,
            "approximate_connection_time": link.switches.connection_time_s}}


def _is_upgrade(request: Request, key: str) -> bool:
    headers = request.headers
    try:
        well_keyed = len(base64.b64decode(key, validate=True)) == 16
    except ValueError:
        return False
    return (request.method == "GET" and well_keyed
            and headers.get("upgrade", "").lower() == "websocket"
            and "upgrade" in headers.get("connection", "").lower()
            and headers.get("sec-websocket-version") == "13")
