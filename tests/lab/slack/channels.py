# SPDX-License-Identifier: Apache-2.0
"""Channels with their messages, threads and ephemerals, as the workspace stores them."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from typing import Any

from clock import Clock

Blocks = list[dict[str, Any]]
_MESSAGES_MAX = 20_000
_VERSIONS_MAX = 200
_MENTION = re.compile(r"<(!channel|!here|!everyone|@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+)(\|[^>]*)?>")


@dataclass
class Message:
    ts: str
    user: str
    text: str
    blocks: Blocks = field(default_factory=list)
    thread_ts: str = ""
    broadcast: bool = False
    metadata: dict[str, Any] | None = None
    files: list[dict[str, Any]] = field(default_factory=list)
    # The only person who sees it, when it is ephemeral.
    only_for: str = ""
    edited: str = ""
    # What it said before: old buttons can still be on somebody's screen.
    versions: list[tuple[str, Blocks]] = field(default_factory=list)

    def change(self, text: str | None, blocks: Blocks | None) -> None:
        """What is left out stays."""
        self.versions.append((self.text, self.blocks))
        del self.versions[:-_VERSIONS_MAX]
        self.text = self.text if text is None else text
        self.blocks = self.blocks if blocks is None else blocks

    def describe(self, team: str, app: str, bot: str) -> dict[str, Any]:
        body: dict[str, Any] = {"type": "message", "user": self.user, "ts": self.ts,
                                "text": self.text, "team": team}
        if bot:
            body |= {"bot_id": bot, "app_id": app}
        if self.blocks:
            body["blocks"] = copy.deepcopy(self.blocks)
        if self.thread_ts:
            body["thread_ts"] = self.thread_ts
        if self.broadcast:
            body["subtype"] = "thread_broadcast"
        if self.edited:
            body["edited"] = {"user": self.user, "ts": self.edited}
        return body | ({"files": self.files} if self.files else {}) | (
            {"metadata": self.metadata} if self.metadata else {})


@dataclass
class Channel:
    id: str
    name: str
    private: bool = False
    archived: bool = False
    members: list[str] = field(default_factory=list)
    thread_locked: bool = False
    messages: dict[str, Message] = field(default_factory=dict)

    @property
    def is_direct(self) -> bool:
        return self.id.startswith("D")

    def payload_name(self) -> str:
        if self.is_direct:
            return "directmessage"
        return "privategroup" if self.private else self.name

    def describe(self, bot: str) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "is_channel": not self.private,
                "is_group": self.private, "is_im": self.is_direct, "is_private": self.private,
                "is_archived": self.archived, "is_member": bot in self.members,
                "num_members": len(self.members), "created": 1795196000, "creator": "U0ANA"}

    def thread(self, ts: str) -> list[Message]:
        return [m for m in self.messages.values() if m.thread_ts == ts and not m.only_for]


class Channels:
    def __init__(self, clock: Clock, bot: str) -> None:
        self._clock = clock
        self._last_ts = 0.0
        self.all: dict[str, Channel] = {}
        for channel in (Channel("C0OPS", "ops-upgrades", members=[bot, "U0ANA", "U0BOB", "U0EVE"]),
                        Channel("C0ADMIN", "ops-admin", members=[bot, "U0ANA"]),
                        Channel("C0LOBBY", "lobby", members=["U0ANA", "U0BOB", "U0EVE"]),
                        Channel("G0SECRET", "secret", private=True, members=["U0ANA"])):
            self.all[channel.id] = channel

    def put(self, body: dict[str, Any]) -> Channel:
        old = self.all.get(body["id"])
        self.all[body["id"]] = Channel(**(vars(old) if old else {"name": body["id"].lower()})
                                       | body)
        return self.all[body["id"]]

    def find(self, name: str) -> Channel | None:
        """By id or by name, with or without the #."""
        wanted = name.lstrip("#")
        return self.all.get(wanted) or next(
            (channel for channel in self.all.values() if channel.name == wanted), None)

    def direct(self, user: str, bot: str) -> Channel:
        """The conversation between the bot and one person, made when there is none."""
        name = "D" + user[1:]
        if name not in self.all:
            self.all[name] = Channel(name, name.lower(), private=True, members=[bot, user])
        return self.all[name]

    def next_ts(self) -> str:
        """Unique and rising, whatever the clock does."""
        self._last_ts = max(round(self._clock.now(), 6), round(self._last_ts + 0.000001, 6))
        return f"{self._last_ts:.6f}"

    def post(self, channel: Channel, message: Message) -> Message:
        channel.messages[message.ts] = message
        if len(channel.messages) > _MESSAGES_MAX:
            del channel.messages[next(iter(channel.messages))]
        return message


def mentions(text: str, blocks: Blocks) -> list[str]:
    """Who would be called by these words: every mention outside of plain text."""
    found = [match[1] for match in _MENTION.finditer(text)]
    for words in _mrkdwn(blocks):
        found += [match[1] for match in _MENTION.finditer(words)]
    return list(dict.fromkeys(found))


def _mrkdwn(value: Any) -> list[str]:
    if isinstance(value, list):
        return [words for item in value for words in _mrkdwn(item)]
    if not isinstance(value, dict) or value.get("type") == "plain_text":
        return []
    words = [value["text"]] if isinstance(value.get("text"), str) else []
    if value.get("type") == "user":
        words.append(f"<@{value.get('user_id')}>")
    if value.get("type") == "broadcast":
        words.append(f"<!{value.get('range')}>")
    return words + [w for key, item in value.items() if key != "text" or not isinstance(item, str)
                    for w in _mrkdwn(item)]
