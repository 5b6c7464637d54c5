# SPDX-License-Identifier: Apache-2.0
"""response_url: five uses within half an hour, also where the bot is no member."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass

from clock import Clock

_LIFE_S = 1800.0
_USES = 5
_REMEMBERED_MAX = 20_000


@dataclass
class ResponseUrl:
    channel: str
    user: str
    born: float
    # The message whose button was clicked, if there is one.
    source_ts: str = ""
    uses: int = 0


class ResponseUrls:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._urls: OrderedDict[str, ResponseUrl] = OrderedDict()

    def make(self, base: str, kind: str, team: str, channel: str, user: str,
             source_ts: str = "") -> str:
        name = secrets.token_urlsafe(18)
        self._urls[name] = ResponseUrl(channel, user, self._clock.now(), source_ts)
        while len(self._urls) > _REMEMBERED_MAX:
            self._urls.popitem(last=False)
        return f"{base}/{kind}/{team}/{len(self._urls)}/{name}"

    def redeem(self, name: str) -> ResponseUrl | str:
        """Its target, or the error."""
        url = self._urls.get(name)
        if url is None:
            return "invalid_url"
        if self._clock.now() - url.born > _LIFE_S:
            return "expired_url"
        if url.uses >= _USES:
            return "used_url"
        url.uses += 1
        return url
