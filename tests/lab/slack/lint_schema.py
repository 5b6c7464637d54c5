# SPDX-License-Identifier: Apache-2.0
"""The words in which block limits are written down, and the complaints with their json-pointers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Findings:
    """What is wrong; the messages look like those of Slack."""

    messages: list[str] = field(default_factory=list)

    def say(self, pointer: str, words: str) -> None:
        self.messages.append(f"[ERROR] {words} [json-pointer:{pointer}]")


Check = Callable[[Any, str, Findings], None]


def anything(_: Any, _pointer: str, _out: Findings) -> None:
    """Not judged here."""


def flag(value: Any, pointer: str, out: Findings) -> None:
    if not isinstance(value, bool):
        out.say(pointer, "must provide a boolean")


def integer(least: int, most: int) -> Check:
    def check(value: Any, pointer: str, out: Findings) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            out.say(pointer, "must provide an integer")
        elif not least <= value <= most:
            out.say(pointer, f"must be between {least} and {most}")
    return check


def string(most: int, least: int = 1) -> Check:
    def check(value: Any, pointer: str, out: Findings) -> None:
        if not isinstance(value, str):
            out.say(pointer, "must provide a string")
        elif len(value) < least:
            out.say(pointer, f"must be more than {least - 1} characters")
        elif len(value) > most:
            out.say(pointer, f"must be less than {most + 1} characters")
    return check


def enum(*values: str) -> Check:
    def check(value: Any, pointer: str, out: Findings) -> None:
        if value not in values:
            out.say(pointer, f"must be a valid enum value: {', '.join(values)}")
    return check


def array(item: Check, most: int, least: int = 1) -> Check:
    def check(value: Any, pointer: str, out: Findings) -> None:
        if not isinstance(value, list):
            out.say(pointer, "must provide an array")
            return
        if len(value) < least:
            out.say(pointer, f"no fewer than {least} items allowed")
        if len(value) > most:
            out.say(pointer, f"no more than {most} items allowed")
        for number, one in enumerate(value[:most]):
            item(one, f"{pointer}/{number}", out)
    return check


def record(required: dict[str, Check], optional: dict[str, Check] | None = None,
           also: Check = anything) -> Check:
    """An object with these members and no others; `also` sees it whole."""
    known = required | (optional or {})

    def check(value: Any, pointer: str, out: Findings) -> None:
        if not isinstance(value, dict):
            out.say(pointer, "must provide an object")
            return
        for name in required:
            if name not in value:
                out.say(pointer, f"missing required field: {name}")
        for name, member in value.items():
            if name in known:
                known[name](member, f"{pointer}/{name}", out)
            else:
                out.say(pointer, f"invalid additional property: {name}")
        also(value, pointer, out)
    return check


def one_of(kinds: dict[str, Check]) -> Check:
    """Objects told apart by their type."""
    def check(value: Any, pointer: str, out: Findings) -> None:
        if not isinstance(value, dict):
            out.say(pointer, "must provide an object")
        elif not isinstance(value.get("type"), str) or value["type"] not in kinds:
            out.say(f"{pointer}/type", f"unsupported type: {value.get('type')}")
        else:
            kinds[value["type"]](value, pointer, out)
    return check


def exactly_one(*names: str) -> Check:
    def check(value: Any, pointer: str, out: Findings) -> None:
        given = [name for name in names if name in value]
        if len(given) != 1:
            out.say(pointer, f"must provide exactly one of: {', '.join(names)}")
    return check


def at_least_one(*names: str) -> Check:
    def check(value: Any, pointer: str, out: Findings) -> None:
        if not any(name in value for name in names):
            out.say(pointer, f"must provide one of: {', '.join(names)}")
    return check
