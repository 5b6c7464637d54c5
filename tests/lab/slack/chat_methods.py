# SPDX-License-Identifier: Apache-2.0
"""chat.*: posts, edits, ephemerals, deletions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arguments import ApiError, Arguments
from channels import Channel, Message
from posting import (Draft, change, channel_of, channel_to_post, check_membership, check_thread,
                     draft_of, place)

if TYPE_CHECKING:
    from workspace import Workspace

Json = dict[str, Any]


def post_message(ws: Workspace, given: Arguments) -> Json:
    channel = channel_to_post(ws, given.required("channel"))
    draft = draft_of(given, ws.new_blocks)
    check_thread(ws, channel, draft)
    message = place(ws, channel, draft)
    return {"channel": channel.id, "ts": message.ts, "message": _shown(ws, message)}


def update(ws: Workspace, given: Arguments) -> Json:
    channel = _channel_to_edit(ws, given)
    message = _own_message(ws, channel, given.required("ts"), "cant_update_message")
    if channel.archived:
        raise ApiError("is_inactive")
    age_s = ws.clock.now() - float(message.ts)
    if ws.edit_window_s is not None and age_s > ws.edit_window_s:
        raise ApiError("edit_window_closed")
    change(ws, channel, message, draft_of(given, ws.new_blocks, short_text=True))
    shown = {name: value for name, value in _shown(ws, message).items() if name != "ts"}
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}


def post_ephemeral(ws: Workspace, given: Arguments) -> Json:
    channel = channel_to_post(ws, given.required("channel"))
    user = given.required("user")
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    draft = draft_of(given, ws.new_blocks, short_text=True)
    return {"message_ts": place(ws, channel, draft, only_for=user).ts}


def delete(ws: Workspace, given: Arguments) -> Json:
    channel = _channel_to_edit(ws, given)
    message = _own_message(ws, channel, given.required("ts"), "cant_delete_message")
    del channel.messages[message.ts]
    ws.journal.add("message_deleted", channel=channel.id, ts=message.ts)
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(ws: Workspace, given: Arguments) -> Json:
    channel = channel_of(ws, given.required("channel"))
    ts = given.required("message_ts")
    if ts not in channel.messages:
        raise ApiError("message_not_found")
    return {"channel": channel.id, "permalink": ws.permalink(channel.id, ts)}


def _channel_to_edit(ws: Workspace, given: Arguments) -> Channel:
    """An archived one is told apart later, by the method."""
    channel = channel_of(ws, given.required("channel"))
    check_membership(ws, channel)
    return channel


def _own_message(ws: Workspace, channel: Channel, ts: str, not_ours: str) -> Message:
    message = channel.messages.get(ts)
    if message is None or message.only_for:
        raise ApiError("message_not_found")
    if message.user != ws.me.bot_user:
        raise ApiError(not_ours)
    return message


def _shown(ws: Workspace, message: Message) -> Json:
    return message.describe(ws.me.team, ws.me.app, ws.me.bot)


def respond(ws: Workspace, given: Arguments, channel: Channel, user: str, source_ts: str) -> None:
    """What was posted to a response_url takes effect; membership does not matter."""
    source = channel.messages.get(source_ts)
    if given.flag("delete_original") and source is not None:
        del channel.messages[source_ts]
        ws.journal.add("message_deleted", channel=channel.id, ts=source_ts)
        return
    draft = draft_of(given, ws.new_blocks)
    if given.flag("replace_original") and source is not None:
        change(ws, channel, source, Draft(draft.text or "", draft.blocks or []))
        return
    check_thread(ws, channel, draft)
    only_for = "" if given.text("response_type") == "in_channel" else user
    place(ws, channel, draft, only_for)
