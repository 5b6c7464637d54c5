# SPDX-License-Identifier: Apache-2.0
"""What people do: type a command, click a button, open the home tab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import envelopes
from arguments import ApiError, Arguments
from channels import Channel, Message
from deliveries import Delivery
from posting import draft_of, place

if TYPE_CHECKING:
    from workspace import Workspace

Json = dict[str, Any]


class CannotDo(Exception):
    """A person could not do this: there is no such channel, button or view."""


def channel_by(ws: Workspace, name: str, user: str) -> Channel:
    """Where the person is; "@app" is the conversation with the bot."""
    if name == "@app":
        return ws.channels.direct(user, ws.me.bot_user)
    channel = ws.channels.find(name)
    if channel is None:
        raise CannotDo(f"no channel {name}")
    return channel


def slash(ws: Workspace, body: Json) -> Delivery:
    user, channel = body["user"], channel_by(ws, body.get("channel", "C0OPS"), body["user"])
    command = body.get("command", "/upgrade")
    if command not in ws.commands:
        raise CannotDo(f"{command} is not a valid command")
    if channel.archived:
        raise CannotDo(f"{channel.id} is archived")
    url = ws.response_urls.make(ws.base, "commands", ws.me.team, channel.id, user)
    payload = envelopes.slash(ws.me, user, ws.people.name(user), channel, command,
                              body.get("text", ""), url, ws.triggers.make(user))
    payload |= body.get("payload", {})
    ws.journal.add("slash", user=user, channel=channel.id, text=payload["text"])

    def take_ack(given: Json) -> list[str]:
        return _take_slash_ack(ws, channel, user, given)
    return ws.deliveries.deliver(envelopes.envelope("slash_commands", payload, True), take_ack)


def _take_slash_ack(ws: Workspace, channel: Channel, user: str, given: Json) -> list[str]:
    """The ack of a command may hold a message, by default for the caller alone."""
    if not given:
        return []
    try:
        draft = draft_of(Arguments(given, True), ws.new_blocks)
    except ApiError as error:
        return [error.error, *error.more.get("response_metadata", {}).get("messages", [])]
    place(ws, channel, draft, "" if given.get("response_type") == "in_channel" else user)
    return []


def click(ws: Workspace, body: Json) -> Delivery:
    """A button of a message; `stale` finds one that an earlier version of it had."""
    user, channel = body["user"], channel_by(ws, body.get("channel", "C0OPS"), body["user"])
    message = channel.messages.get(body["ts"])
    if message is None or message.only_for not in ("", user):
        raise CannotDo(f"{user} sees no message {body['ts']} in {channel.id}")
    block, element = find_element(_seen_blocks(message, bool(body.get("stale"))), body)
    if "confirm" in element:
        ws.journal.add("confirm", user=user, action_id=element.get("action_id"),
                       dialog=element["confirm"], accepted=body.get("confirm", True))
        if not body.get("confirm", True):
            raise CannotDo("the person said no")
    payload = envelopes.interaction(ws.me, "block_actions", user, ws.people.name(user),
                                    ws.triggers.make(user))
    hidden = bool(message.only_for)
    container = {"type": "message", "message_ts": message.ts, "channel_id": channel.id,
                 "is_ephemeral": hidden}
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload |= {"container": container, "channel": {"id": channel.id, "name": channel.name}}
    if not hidden:
        payload["message"] = message.describe(ws.me.team, ws.me.app, ws.me.bot)
    url = ws.response_urls.make(ws.base, "actions", ws.me.team, channel.id, user, message.ts)
    payload |= {"state": {"values": body.get("state", {})}, "response_url": url,
                "actions": [action_of(ws, block, element, body)]}
    payload |= body.get("payload", {})
    return deliver_actions(ws, payload)


def deliver_actions(ws: Workspace, payload: Json) -> Delivery:
    ws.journal.add("click", user=payload["user"]["id"], actions=payload["actions"])

    def take_ack(given: Json) -> list[str]:
        return ["a payload in the ack of a click is ignored"] if given else []
    return ws.deliveries.deliver(envelopes.envelope("interactive", payload, True), take_ack)


def _seen_blocks(message: Message, stale: bool) -> list[Json]:
    old = [block for _, blocks in reversed(message.versions) for block in blocks]
    return old if stale else message.blocks


def find_element(blocks: list[Json], body: Json) -> tuple[Json, Json]:
    """By action_id, and by block_id and value where they are given."""
    for block in blocks:
        if body.get("block_id", block.get("block_id")) != block.get("block_id"):
            continue
        for element in [*block.get("elements", []), block.get("accessory"), block.get("element")]:
            if element and element.get("action_id") == body["action_id"] and \
                    body.get("value", element.get("value")) == element.get("value"):
                return block, element
    raise CannotDo(f"nothing to click is called {body['action_id']}")


def action_of(ws: Workspace, block: Json, element: Json, body: Json) -> Json:
    action = {"type": element["type"], "action_id": element["action_id"],
              "block_id": block["block_id"],
              "action_ts": body.get("action_ts", f"{ws.clock.now():.6f}")}
    if element["type"] == "button":
        action["text"] = {"emoji": True, **element["text"]}
    for name in ("value", "style", "confirm"):
        if name in element:
            action[name] = element[name]
    for name in ("selected_option", "selected_options", "selected_user", "selected_users"):
        if name in body:
            action[name] = body[name]
    return action


def send_event(ws: Workspace, inner: Json) -> Delivery:
    payload = envelopes.event(ws.me, ws.next_event(), ws.clock.now(), inner)
    return ws.deliveries.deliver(envelopes.envelope("events_api", payload, False))


def say(ws: Workspace, body: Json) -> Message:
    """Somebody writes into a channel; the bot hears of it when it is there and called."""
    channel = channel_by(ws, body.get("channel", "C0OPS"), body["user"])
    message = Message(ws.channels.next_ts(), body["user"], body["text"],
                      thread_ts=body.get("thread_ts", ""))
    ws.journal.add("said", channel=channel.id, ts=message.ts, user=message.user, text=message.text)
    if f"<@{ws.me.bot_user}>" in message.text and ws.me.bot_user in channel.members:
        send_event(ws, {"type": "app_mention", "user": message.user, "text": message.text,
                        "ts": message.ts, "channel": channel.id, "event_ts": message.ts}
                   | ({"thread_ts": message.thread_ts} if message.thread_ts else {}))
    return ws.channels.post(channel, message)
