# SPDX-License-Identifier: Apache-2.0
"""Everything that happened, in order: what tests assert on."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

from clock import Clock

Entry = dict[str, Any]
_ENTRIES_MAX = 100_000


class Journal:
    """Numbered from 1; the oldest entries go when there are too many."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=_ENTRIES_MAX)
        self._number = 0

    def add(self, kind: str, **fields: Any) -> Entry:
        self._number += 1
        entry = {"n": self._number, "at": round(self._clock.now(), 6), "kind": kind, **fields}
        self._entries.append(entry)
        return entry

    def since(self, number: int, kinds: set[str]) -> list[Entry]:
        return [e for e in self._entries if e["n"] > number and (not kinds or e["kind"] in kinds)]

    @staticmethod
    def lines(entries: list[Entry]) -> str:
        return "".join(json.dumps(entry, default=str) + "\n" for entry in entries)
