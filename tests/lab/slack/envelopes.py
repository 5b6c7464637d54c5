# SPDX-License-Identifier: Apache-2.0
"""The payloads of Socket Mode, as Slack words them."""

from __future__ import annotations

import uuid
from typing import Any

from channels import Channel
from identity import Identity

Payload = dict[str, Any]
_VERIFICATION = "legacyVerif"


def envelope(kind: str, payload: Any, accepts_response: bool) -> dict[str, Any]:
    body = {"envelope_id": str(uuid.uuid4()), "type": kind, "payload": payload,
            "accepts_response_payload": accepts_response}
    return body | ({"retry_attempt": 0, "retry_reason": ""} if kind == "events_api" else {})


def slash(me: Identity, user: str, user_name: str, channel: Channel, command: str, text: str,
          response_url: str, trigger: str) -> Payload:
    """Here alone is_enterprise_install is a string; there is neither a time nor a thread."""
    return {"token": _VERIFICATION, "team_id": me.team, "team_domain": me.domain,
            "channel_id": channel.id, "channel_name": channel.payload_name(), "user_id": user,
            "user_name": user_name, "command": command, "text": text, "api_app_id": me.app,
            "is_enterprise_install": "false", "response_url": response_url, "trigger_id": trigger}


def interaction(me: Identity, kind: str, user: str, user_name: str, trigger: str) -> Payload:
    """What buttons and views have in common."""
    return {"type": kind, "api_app_id": me.app, "token": _VERIFICATION, "trigger_id": trigger,
            "user": {"id": user, "username": user_name, "name": user_name, "team_id": me.team},
            "team": {"id": me.team, "domain": me.domain}, "enterprise": None,
            "is_enterprise_install": False}


def event(me: Identity, number: int, at: float, inner: Payload) -> Payload:
    return {"type": "event_callback", "token": _VERIFICATION, "team_id": me.team,
            "api_app_id": me.app, "event_id": f"Ev{number:08d}", "event_time": int(at),
            "event_context": "4-lab", "is_ext_shared_channel": False,
            "authorizations": [{"enterprise_id": None, "team_id": me.team, "user_id": me.bot_user,
                                "is_bot": True, "is_enterprise_install": False}],
            "event": inner}


def app_home_opened(user: str, tab: str, ts: str, channel: str, view: Payload | None) -> Payload:
    inner = {"type": "app_home_opened", "user": user, "channel": channel, "tab": tab,
             "event_ts": ts}
    return inner | ({"view": view} if view else {})
