# SPDX-License-Identifier: Apache-2.0
"""Envelopes on their way: to one connection by lot, acknowledged within three seconds or not."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import frames
from clock import Clock
from faults import Fault, Faults
from journal import Journal
from socket_link import SocketLink
from sockets import Sockets

ACK_LIMIT_S = 3.0
# Events that nobody acknowledged come again: at once, after a minute, after five.
_RETRIES_S = (0.0, 60.0, 300.0)
_REMEMBERED_MAX = 20_000
_TASKS_MAX = 10_000
_HELD_LIMIT_S = 1.0

OnAck = Callable[[dict[str, Any]], list[str]]


@dataclass
class Delivery:
    envelope: dict[str, Any]
    # Judges the ack's payload and lets it take effect; returns what is wrong with it.
    on_ack: OnAck | None = None
    state: str = "waiting"  # then acked, operation_timeout, dispatch_failed or lost
    at: float = 0.0
    sockets: list[str] = field(default_factory=list)
    copies: int = 0
    acks: list[dict[str, Any]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def id(self) -> str:
        return str(self.envelope["envelope_id"])

    def describe(self) -> dict[str, Any]:
        payload = self.envelope["payload"]
        known = payload if isinstance(payload, dict) else {}
        return {"envelope_id": self.id, "type": self.envelope["type"], "state": self.state,
                "sockets": self.sockets, "copies": self.copies, "acks": self.acks,
                "complaints": self.complaints, "trigger_id": known.get("trigger_id", ""),
                "response_url": known.get("response_url", "")}


class Deliveries:
    def __init__(self, clock: Clock, journal: Journal, faults: Faults) -> None:
        self._clock = clock
        self._journal = journal
        self._faults = faults
        self._sockets: Sockets | None = None
        self._all: OrderedDict[str, Delivery] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[Delivery] = []
        # Whether an ack may come on another connection than the envelope went to.
        self.ack_from_any_connection = True

    def use(self, sockets: Sockets) -> None:
        self._sockets = sockets

    def all(self) -> list[Delivery]:
        return list(self._all.values())

    def deliver(self, envelope: dict[str, Any], on_ack: OnAck | None = None) -> Delivery:
        delivery = Delivery(envelope, on_ack, at=self._clock.now())
        self._all[delivery.id] = delivery
        while len(self._all) > _REMEMBERED_MAX:
            self._all.popitem(last=False)
        if len(self._tasks) >= _TASKS_MAX:
            self._settle(delivery, "dispatch_failed")
            return delivery
        self._spawn(self._await_ack(delivery))
        fault = self._faults.take("envelope", f"envelope:{envelope['type']}")
        if fault is None:
            self._send(delivery)
        else:
            self._journal.add("envelope_fault", envelope_id=delivery.id, do=fault.do)
            self._send_badly(delivery, fault)
        return delivery

    def redeliver(self, envelope_id: str) -> Delivery:
        """The same envelope once more, as Slack does after a reconnect."""
        delivery = self._all[envelope_id]
        self._send(delivery)
        return delivery

    def take_text(self, link: SocketLink, text: str) -> None:
        """What a client says: acks, and nothing else."""
        try:
            ack = json.loads(text)
            delivery = self._all.get(ack["envelope_id"])
        except (ValueError, KeyError, TypeError):
            self._journal.add("bad_frame", socket=link.id, what=text[:200])
            return
        if delivery is None:
            self._journal.add("unknown_ack", socket=link.id, envelope_id=ack["envelope_id"])
        elif self._faults.take("ack"):
            self._journal.add("ack_dropped", socket=link.id, envelope_id=delivery.id)
        elif link.id not in delivery.sockets and not self.ack_from_any_connection:
            self._journal.add("foreign_ack", socket=link.id, envelope_id=delivery.id)
        else:
            self._take_ack(link, delivery, ack.get("payload"), len(text.encode()))

    def _take_ack(self, link: SocketLink, delivery: Delivery, payload: Any, size: int) -> None:
        after = round(self._clock.now() - delivery.at, 6)
        first = delivery.state == "waiting"
        late = not first and delivery.state != "acked"
        delivery.acks.append({"socket": link.id, "after_s": after, "payload": payload})
        if first:
            delivery.state = "acked"
            if delivery.on_ack is not None:
                delivery.complaints = delivery.on_ack(payload if isinstance(payload, dict) else {})
        self._journal.add("ack", socket=link.id, envelope_id=delivery.id, after_s=after, late=late,
                          bytes=size, payload=payload, complaints=delivery.complaints,
                          repeated=not first and not late)
        delivery.settled.set()

    def _send(self, delivery: Delivery, cut: bool = False, not_to: str = "") -> None:
        assert self._sockets is not None
        links = self._sockets.open_links()
        link = self._sockets.pick()
        if not_to and len(links) > 1:
            link = next(other for other in links if other.id != not_to)
        delivery.copies += 1
        where = link.id if link else ("a ghost" if self._sockets.ghosts else "nobody")
        delivery.sockets.append(where)
        sent = link is not None and link.send_json(delivery.envelope)
        self._journal.add("envelope", envelope_id=delivery.id, type=delivery.envelope["type"],
                          socket=where, sent=sent, copy=delivery.copies,
                          retry=delivery.envelope.get("retry_attempt", 0))
        if link is None and not self._sockets.ghosts:
            self._nobody_there(delivery)
        if cut and link is not None:
            self._spawn(self._cut_soon(link))
        self._release_held(delivery)

    def _nobody_there(self, delivery: Delivery) -> None:
        kind = delivery.envelope["type"]
        if delivery.state == "waiting" and kind != "events_api":
            self._settle(delivery, "dispatch_failed" if kind == "slash_commands" else "lost")

    def _send_badly(self, delivery: Delivery, fault: Fault) -> None:
        if fault.do == "delay":
            self._spawn(self._send_after(delivery, fault.seconds))
        elif fault.do == "duplicate":
            self._send(delivery)
            self._spawn(self._send_after(delivery, fault.seconds, delivery.sockets[-1]))
        elif fault.do == "reorder":
            self._held.append(delivery)
            self._spawn(self._release_later())
        elif fault.do == "garbage":
            for link in self._sockets.open_links() if self._sockets else []:
                link.send_text("{\"envelope_id\": not json")
                link.send_raw(frames.encode(frames.BINARY, bytes(range(32))))
            self._send(delivery)
        elif fault.do == "cut":
            self._send(delivery, cut=True)

    def _release_held(self, but: Delivery | None = None) -> None:
        held, self._held = [one for one in self._held if one is not but], []
        for delivery in held:
            self._send(delivery)

    async def _release_later(self) -> None:
        await asyncio.sleep(_HELD_LIMIT_S)
        self._release_held()

    async def _send_after(self, delivery: Delivery, seconds: float, not_to: str = "") -> None:
        await self._clock.sleep(seconds)
        self._send(delivery, not_to=not_to)

    @staticmethod
    async def _cut_soon(link: SocketLink) -> None:
        await asyncio.sleep(0.02)
        link.cut()

    async def _await_ack(self, delivery: Delivery) -> None:
        await self._clock.sleep(ACK_LIMIT_S)
        if delivery.envelope["type"] == "events_api":
            await self._retry(delivery)
        if delivery.state == "waiting":
            self._settle(delivery, "operation_timeout")

    async def _retry(self, delivery: Delivery) -> None:
        moment = delivery.at + ACK_LIMIT_S
        for attempt, pause in enumerate(_RETRIES_S, 1):
            moment += pause
            await self._clock.sleep_until(moment)
            if delivery.state != "waiting":
                return
            delivery.envelope |= {"retry_attempt": attempt, "retry_reason": "timeout"}
            self._send(delivery)
        await self._clock.sleep_until(moment + ACK_LIMIT_S)

    def _settle(self, delivery: Delivery, state: str) -> None:
        delivery.state = state
        self._journal.add(state, envelope_id=delivery.id, type=delivery.envelope["type"])
        delivery.settled.set()

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
