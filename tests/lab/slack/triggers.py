# SPDX-License-Identifier: Apache-2.0
"""trigger_id: the right to open a view, for three seconds and once."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass

from clock import Clock

LIFE_S = 3.0
_REMEMBERED_MAX = 20_000


@dataclass
class Trigger:
    user: str
    born: float
    # The view from which it came, for views.push.
    view: str = ""
    used: bool = False


class Triggers:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._triggers: OrderedDict[str, Trigger] = OrderedDict()

    def make(self, user: str, view: str = "") -> str:
        name = f"{len(self._triggers) + 111}.222.{secrets.token_hex(8)}"
        self._triggers[name] = Trigger(user, self._clock.now(), view)
        while len(self._triggers) > _REMEMBERED_MAX:
            self._triggers.popitem(last=False)
        return name

    def redeem(self, name: str) -> Trigger | str:
        """Whose it was, or the error."""
        trigger = self._triggers.get(name)
        if trigger is None:
            return "invalid_trigger_id"
        if trigger.used:
            return "exchanged_trigger_id"
        if self._clock.now() - trigger.born > LIFE_S:
            return "expired_trigger_id"
        trigger.used = True
        return trigger
