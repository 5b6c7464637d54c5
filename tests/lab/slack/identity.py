# SPDX-License-Identifier: Apache-2.0
"""Who the app is, and which tokens open which door."""

from __future__ import annotations

from dataclasses import dataclass, field

APP_TOKEN = "xapp-1-A0UPGRADER-111-lab"
BOT_TOKEN = "xoxb-111-222-lab"
_BOT_SCOPES = ["commands", "chat:write", "files:write", "usergroups:read", "users:read",
               "channels:read", "groups:read", "channels:history", "im:write", "reactions:write"]


@dataclass
class Token:
    kind: str  # "app" or "bot"
    scopes: list[str]
    # What every call with it is refused with: token_revoked, account_inactive, ...
    error: str = ""


@dataclass
class Identity:
    team: str = "T0ACME"
    domain: str = "acme"
    app: str = "A0UPGRADER"
    bot: str = "B0BOT"
    bot_user: str = "U0BOT"
    tokens: dict[str, Token] = field(default_factory=lambda: {
        APP_TOKEN: Token("app", ["connections:write"]), BOT_TOKEN: Token("bot", _BOT_SCOPES)})

    def of_kind(self, kind: str) -> Token:
        return next(token for token in self.tokens.values() if token.kind == kind)
