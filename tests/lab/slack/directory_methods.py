# SPDX-License-Identifier: Apache-2.0
"""auth.test, users, user groups and conversations: what a bot may ask about its surroundings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arguments import ApiError, Arguments
from channels import Channel, Message
from posting import channel_of

if TYPE_CHECKING:
    from workspace import Workspace

Json = dict[str, Any]


def auth_test(ws: Workspace, _: Arguments) -> Json:
    return {"url": f"https://{ws.me.domain}.example.test/", "team": ws.me.domain,
            "user": ws.people.name(ws.me.bot_user), "team_id": ws.me.team,
            "user_id": ws.me.bot_user, "bot_id": ws.me.bot, "is_enterprise_install": False}


def api_test(_: Workspace, given: Arguments) -> Json:
    if given.text("error"):
        raise ApiError(given.text("error"), args=given.values)
    return {"args": given.values}


def connections_open(ws: Workspace, _: Arguments) -> Json:
    ticket = ws.tickets.issue()
    return {"url": f"{ws.socket_base}/link/?ticket={ticket}&app_id={ws.app_hash}"}


def users_info(ws: Workspace, given: Arguments) -> Json:
    user = ws.people.users.get(given.required("user"))
    if user is None:
        raise ApiError("user_not_found")
    return {"user": user.describe(ws.me.team)}


def users_list(ws: Workspace, _: Arguments) -> Json:
    return {"members": [user.describe(ws.me.team) for user in ws.people.users.values()],
            "response_metadata": {"next_cursor": ""}}


def usergroups_list(ws: Workspace, given: Arguments) -> Json:
    groups = [group for group in ws.people.groups.values()
              if not group.disabled or given.flag("include_disabled")]
    return {"usergroups": [group.describe(ws.me.team, given.flag("include_users"))
                           for group in groups]}


def usergroups_users_list(ws: Workspace, given: Arguments) -> Json:
    group = ws.people.groups.get(given.required("usergroup"))
    if group is None or (group.disabled and not given.flag("include_disabled")):
        raise ApiError("no_such_subteam")
    return {"users": group.users}


def conversations_info(ws: Workspace, given: Arguments) -> Json:
    return {"channel": channel_of(ws, given.required("channel")).describe(ws.me.bot_user)}


def conversations_list(ws: Workspace, _: Arguments) -> Json:
    seen = [channel for channel in ws.channels.all.values()
            if not channel.private or ws.me.bot_user in channel.members]
    return {"channels": [channel.describe(ws.me.bot_user) for channel in seen],
            "response_metadata": {"next_cursor": ""}}


def conversations_members(ws: Workspace, given: Arguments) -> Json:
    return {"members": channel_of(ws, given.required("channel")).members,
            "response_metadata": {"next_cursor": ""}}


def conversations_open(ws: Workspace, given: Arguments) -> Json:
    user = given.required("users")
    if user not in ws.people.users:
        raise ApiError("user_not_found")
    return {"channel": {"id": ws.channels.direct(user, ws.me.bot_user).id}}


def conversations_history(ws: Workspace, given: Arguments) -> Json:
    """Newest first."""
    channel = _readable(ws, given)
    messages = [m for m in channel.messages.values()
                if not m.only_for and (not m.thread_ts or m.broadcast)]
    return _page(ws, given, messages[::-1])


def conversations_replies(ws: Workspace, given: Arguments) -> Json:
    """The first message of the thread, then its replies in order."""
    channel = _readable(ws, given)
    ts = given.required("ts")
    parent = channel.messages.get(ts)
    if parent is None or parent.only_for:
        raise ApiError("thread_not_found")
    return _page(ws, given, [parent, *channel.thread(ts)])


def reactions_add(ws: Workspace, given: Arguments) -> Json:
    channel = _readable(ws, given)
    if given.required("timestamp") not in channel.messages:
        raise ApiError("message_not_found")
    ws.journal.add("reaction", channel=channel.id, ts=given.text("timestamp"),
                   name=given.required("name"))
    return {}


def _readable(ws: Workspace, given: Arguments) -> Channel:
    channel = channel_of(ws, given.required("channel"))
    if ws.me.bot_user not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def _moment(given: Arguments, name: str, otherwise: float) -> float:
    try:
        return float(given.text(name) or otherwise)
    except ValueError as error:
        raise ApiError(f"invalid_ts_{name}") from error


def _page(ws: Workspace, given: Arguments, messages: list[Message]) -> Json:
    oldest, latest = _moment(given, "oldest", 0), _moment(given, "latest", float("inf"))
    exact = given.flag("inclusive")
    inside = [m for m in messages if oldest < float(m.ts) < latest
              or (exact and float(m.ts) in (oldest, latest))]
    limit = min(given.number("limit", 100), 999)
    bodies = [m.describe(ws.me.team, ws.me.app, ws.me.bot if m.user == ws.me.bot_user else "")
              for m in inside[:limit]]
    if not given.flag("include_all_metadata"):
        for body in bodies:
            body.pop("metadata", None)
    return {"messages": bodies, "has_more": len(inside) > limit}
