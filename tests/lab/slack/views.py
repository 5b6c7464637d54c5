# SPDX-License-Identifier: Apache-2.0
"""Modals and home tabs: what is open on whose screen."""

from __future__ import annotations

import copy
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from identity import Identity

Json = dict[str, Any]
_DEPTH_MAX = 3
_REMEMBERED_MAX = 5_000


@dataclass
class View:
    id: str
    user: str
    body: Json
    hash: str
    root: str
    previous: str = ""
    # What the bot found wrong with the last submission, by block_id.
    errors: dict[str, str] = field(default_factory=dict)

    def change(self, body: Json) -> None:
        self.body = with_block_ids(body)
        self.hash = _new_hash()
        self.errors = {}

    def describe(self, me: Identity, values: Json | None = None) -> Json:
        given = copy.deepcopy(self.body)
        defaults: Json = {"private_metadata": "", "callback_id": "", "clear_on_close": False,
                          "notify_on_close": False, "close": None, "submit": None,
                          "external_id": "", "title": {"type": "plain_text", "text": "View Title"}}
        return {"id": self.id, "team_id": me.team, **defaults, **given,
                "state": {"values": values or {}}, "hash": self.hash,
                "previous_view_id": self.previous or None, "root_view_id": self.root,
                "app_id": me.app, "app_installed_team_id": me.team, "bot_id": me.bot}


class Views:
    """A stack of modals and one home tab per person."""

    def __init__(self) -> None:
        self._numbers = 0
        self._known: OrderedDict[str, View] = OrderedDict()
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}

    def open(self, user: str, body: Json) -> View:
        view = self._make(user, body)
        self.stacks[user] = [view]
        return view

    def push(self, user: str, body: Json) -> View | None:
        """None when there are too many on top of each other."""
        stack = self.stacks.setdefault(user, [])
        if len(stack) >= _DEPTH_MAX:
            return None
        view = self._make(user, body)
        if stack:
            view.root, view.previous = stack[0].id, stack[-1].id
        stack.append(view)
        return view

    def publish(self, user: str, body: Json) -> View:
        home = self.homes.get(user)
        if home is None:
            home = self.homes[user] = self._make(user, body)
        else:
            home.change(body)
        return home

    def find(self, view_id: str, external_id: str = "") -> View | None:
        """An open modal or a home tab."""
        shown = [view for stack in self.stacks.values() for view in stack]
        return next((view for view in [*shown, *self.homes.values()] if view.id == view_id or (
            external_id and view.body.get("external_id") == external_id)), None)

    def top(self, user: str, view_id: str = "") -> View | None:
        """The modal that somebody looks at, or the one below it that is named."""
        stack = self.stacks.get(user, [])
        if view_id:
            return self._known.get(view_id)
        return stack[-1] if stack else None

    def close(self, view: View, whole: bool = False) -> None:
        stack = self.stacks.get(view.user, [])
        self.stacks[view.user] = [] if whole else [one for one in stack if one is not view]

    def _make(self, user: str, body: Json) -> View:
        self._numbers += 1
        name = f"V{self._numbers:08d}"
        view = View(name, user, with_block_ids(body), _new_hash(), name)
        self._known[name] = view
        while len(self._known) > _REMEMBERED_MAX:
            self._known.popitem(last=False)
        return view


def with_block_ids(body: Json) -> Json:
    body = copy.deepcopy(body)
    for number, block in enumerate(body.get("blocks", [])):
        block.setdefault("block_id", f"v{number}{secrets.token_hex(2)}")
    return body


def _new_hash() -> str:
    return f"{secrets.randbelow(10 ** 10)}.{secrets.token_hex(4)}"
