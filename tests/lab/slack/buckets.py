# SPDX-License-Identifier: Apache-2.0
"""Rate limits: so many calls per minute and method, one post per second and channel."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from clock import Clock

_PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
_TIER = {"auth.test": 4, "usergroups.list": 2, "usergroups.users.list": 2, "users.info": 4,
         "users.list": 2, "chat.update": 3, "chat.delete": 3, "chat.postEphemeral": 4,
         "chat.getPermalink": 4, "conversations.history": 3, "conversations.info": 3,
         "conversations.list": 2, "conversations.members": 4, "conversations.open": 3,
         "conversations.replies": 3, "files.completeUploadExternal": 4,
         "files.getUploadURLExternal": 4, "apps.connections.open": 3}
_OTHERS = 4
_CHANNEL_BURST = 5
_CHANNELS_MAX = 1000


@dataclass
class _Bucket:
    calls: deque[float] = field(default_factory=deque)


class Buckets:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.enabled = True
        # Calls per minute that control has set for a method.
        self.limits: dict[str, int] = {}
        self._methods: dict[str, _Bucket] = {}
        self._channels: dict[str, tuple[float, float]] = {}

    def wait_s(self, method: str, channel: str) -> int:
        """Seconds for Retry-After; 0 when the call may go on, which counts it."""
        if not self.enabled:
            return 0
        if method == "chat.postMessage" and method not in self.limits:
            return self._channel_wait_s(channel)
        limit = self.limits.get(method, _PER_MINUTE[_TIER.get(method, _OTHERS)])
        calls = self._methods.setdefault(method, _Bucket()).calls
        now = self._clock.now()
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= limit:
            return max(1, math.ceil(calls[0] + 60 - now)) if calls else 60
        calls.append(now)
        return 0

    def _channel_wait_s(self, channel: str) -> int:
        """One per second, with a short burst."""
        now = self._clock.now()
        if len(self._channels) > _CHANNELS_MAX:
            self._channels.clear()
        tokens, at = self._channels.get(channel, (float(_CHANNEL_BURST), now))
        tokens = min(_CHANNEL_BURST, tokens + now - at)
        if tokens < 1:
            self._channels[channel] = (tokens, now)
            return max(1, math.ceil(1 - tokens))
        self._channels[channel] = (tokens - 1, now)
        return 0
