# SPDX-License-Identifier: Apache-2.0
"""What a message must be to be posted, and where: shared by chat.*, acks, response_url, uploads."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from arguments import ApiError, Arguments
from channels import Blocks, Channel, Message, mentions
from linter import check_message

if TYPE_CHECKING:
    from workspace import Workspace

_TEXT_LIMIT = 40_000
_SHORT_TEXT_LIMIT = 4_000
_METADATA_LIMIT_BYTES = 16_000


@dataclass
class Draft:
    text: str | None = None
    blocks: Blocks | None = None
    thread_ts: str = ""
    broadcast: bool = False
    metadata: dict[str, Any] | None = None
    files: list[dict[str, Any]] = field(default_factory=list)


def draft_of(given: Arguments, new_blocks: bool, short_text: bool = False) -> Draft:
    """Raises what Slack would answer to such a message."""
    blocks = given.nested("blocks", "invalid_blocks_format")
    markdown = given.text("markdown_text")
    text = given.text("text") if "text" in given.values else None
    if markdown and (text or blocks):
        raise ApiError("markdown_text_conflict")
    if len(markdown) > 12_000 or (short_text and len(text or "") > _SHORT_TEXT_LIMIT):
        raise ApiError("msg_too_long")
    if blocks is not None:
        error, messages = check_message(blocks, new_blocks)
        if error:
            raise ApiError(error, messages)
    if not (text or "").strip() and not blocks and not markdown and not given.text("attachments"):
        raise ApiError("no_text")
    return Draft(markdown or (text[:_TEXT_LIMIT] if text is not None else None), blocks,
                 given.text("thread_ts"), given.flag("reply_broadcast"), _metadata_of(given))


def _metadata_of(given: Arguments) -> dict[str, Any] | None:
    metadata = given.nested("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str) or \
            not isinstance(metadata.get("event_payload"), dict):
        raise ApiError("invalid_metadata_format")
    if len(json.dumps(metadata)) > _METADATA_LIMIT_BYTES:
        raise ApiError("metadata_too_large")
    return metadata


def channel_of(ws: Workspace, name: str) -> Channel:
    """A channel that the bot may see."""
    if name in ws.people.users and name != ws.me.bot_user:
        return ws.channels.direct(name, ws.me.bot_user)
    channel = ws.channels.all.get(name) or (ws.channels.find(name) if name[:1] == "#" else None)
    if channel is None:
        raise ApiError("channel_not_found")
    if channel.private and ws.me.bot_user not in channel.members:
        raise ApiError("channel_not_found")
    return channel


def channel_to_post(ws: Workspace, name: str) -> Channel:
    channel = channel_of(ws, name)
    check_membership(ws, channel)
    if channel.archived:
        raise ApiError("is_archived")
    return channel


def check_membership(ws: Workspace, channel: Channel) -> None:
    """A public channel is open to those who may write anywhere."""
    if ws.me.bot_user not in channel.members and \
            "chat:write.public" not in ws.me.of_kind("bot").scopes:
        raise ApiError("not_in_channel")


def check_thread(ws: Workspace, channel: Channel, draft: Draft) -> None:
    """A reply to a thread that is gone lands in the channel, and only its answer tells.

    Slack was seen to do that (slack-go/slack#1571); elsewhere it was seen to refuse.
    """
    if not draft.thread_ts:
        return
    parent = channel.messages.get(draft.thread_ts)
    if parent is None and not channel.thread(draft.thread_ts):
        if ws.refuses_lost_threads:
            raise ApiError("thread_not_found")
        draft.thread_ts = ""
    if parent is not None and (parent.only_for or parent.thread_ts not in ("", parent.ts)):
        raise ApiError("cannot_reply_to_message")
    if channel.thread_locked:
        raise ApiError("restricted_action_thread_locked")


def place(ws: Workspace, channel: Channel, draft: Draft, only_for: str = "") -> Message:
    """Puts it there and journals it, with everyone whom its words call."""
    message = Message(ws.channels.next_ts(), ws.me.bot_user, draft.text or "", draft.blocks or [],
                      draft.thread_ts, draft.broadcast, draft.metadata, draft.files, only_for)
    give_block_ids(message)
    ws.channels.post(channel, message)
    called = mentions(message.text, message.blocks)
    ws.journal.add("ephemeral" if only_for else "message", channel=channel.id, ts=message.ts,
                   text=message.text, thread_ts=message.thread_ts, broadcast=message.broadcast,
                   only_for=only_for, mentions=called)
    return message


def change(ws: Workspace, channel: Channel, message: Message, draft: Draft) -> None:
    message.change(draft.text, draft.blocks)
    give_block_ids(message)
    if draft.metadata is not None:
        message.metadata = draft.metadata
    message.edited = f"{ws.clock.now():.6f}"
    ws.journal.add("message_changed", channel=channel.id, ts=message.ts, text=message.text,
                   mentions=mentions(message.text, message.blocks))


def give_block_ids(message: Message) -> None:
    for number, block in enumerate(message.blocks):
        block.setdefault("block_id", f"b{number}{message.ts[-4:]}")
