# SPDX-License-Identifier: Apache-2.0
"""Judges the blocks of messages and views as strictly as Slack does (and types cannot)."""

from __future__ import annotations

import json
from typing import Any

from lint_elements import (ACCESSORIES, ACTIONS, ID, IMAGE, IMAGE_SOURCE, INPUTS, plain, text)
from lint_schema import (Check, Findings, anything, array, at_least_one, enum, exactly_one, flag,
                         one_of, record, string)

_MESSAGE_BLOCKS_MAX = 50
_VIEW_BLOCKS_MAX = 100
# Undocumented: beyond about so many characters in all, Slack says msg_blocks_too_long.
_ALL_TEXT_MAX = 13_200
_VIEW_LIMIT_BYTES = 250_000
_MESSAGES_MAX = 50

_TYPE: dict[str, Check] = {"type": anything}
_BLOCK: dict[str, Check] = {"block_id": ID}


def _distinct_actions(value: Any, pointer: str, out: Findings) -> None:
    elements = value.get("elements")
    seen: set[str] = set()
    for number, element in enumerate(elements if isinstance(elements, list) else []):
        name = element.get("action_id") if isinstance(element, dict) else None
        if isinstance(name, str) and name in seen:
            out.say(f"{pointer}/elements/{number}/action_id",
                    f"`action_id` {name} already exists in this block")
        if isinstance(name, str):
            seen.add(name)


_CONTEXT = one_of({"image": IMAGE, "plain_text": text(3000), "mrkdwn": text(3000)})
_RICH = one_of({name: anything for name in ("rich_text_section", "rich_text_list",
                                            "rich_text_preformatted", "rich_text_quote")})
_CELL = one_of({"raw_text": record(_TYPE | {"text": string(3000)}),
                "raw_number": anything, "rich_text": anything})
_BLOCKS: dict[str, Check] = {
    "section": record(_TYPE, _BLOCK | {"text": text(3000), "fields": array(text(2000), 10),
                                       "accessory": one_of(ACCESSORIES), "expand": flag},
                      at_least_one("text", "fields")),
    "actions": record(_TYPE | {"elements": array(one_of(ACTIONS), 25)}, _BLOCK, _distinct_actions),
    "context": record(_TYPE | {"elements": array(_CONTEXT, 10)}, _BLOCK),
    "header": record(_TYPE | {"text": plain(150)}, _BLOCK),
    "divider": record(_TYPE, _BLOCK),
    "image": record(_TYPE | {"alt_text": string(2000)}, _BLOCK | IMAGE_SOURCE | {
        "title": plain(2000)}, exactly_one("image_url", "slack_file")),
    "input": record(_TYPE | {"label": plain(2000), "element": one_of(INPUTS)}, _BLOCK | {
        "hint": plain(2000), "optional": flag, "dispatch_action": flag}),
    "rich_text": record(_TYPE | {"elements": array(_RICH, 1000)}, _BLOCK),
    "video": record(_TYPE | {"alt_text": string(2000), "title": plain(199), "video_url":
                             string(3000), "thumbnail_url": string(3000)}, _BLOCK | {
        "title_url": string(3000), "author_name": string(49), "provider_name": string(49),
        "provider_icon_url": string(3000), "description": plain(199)}),
    "file": record(_TYPE | {"external_id": ID, "source": enum("remote")}, _BLOCK),
    "markdown": record(_TYPE | {"text": string(12_000)}, _BLOCK),
    "table": record(_TYPE | {"rows": array(array(_CELL, 20), 100)}, _BLOCK | {
        "column_settings": array(anything, 20, 0)})}
# Blocks that not every workspace has.
_NEW_BLOCKS: dict[str, Check] = {name: anything for name in (
    "plan", "task_card", "alert", "card", "carousel", "container", "data_table")}
_ONLY_MESSAGES = {"file", "markdown", "table", "plan", "task_card"}
_WORDS = plain(24)
_VIEWS: dict[str, Check] = {
    "modal": record(_TYPE | {"title": _WORDS, "blocks": anything}, {
        "submit": _WORDS, "close": _WORDS, "private_metadata": string(3000, 0),
        "callback_id": string(255, 0), "external_id": string(255, 0), "clear_on_close": flag,
        "notify_on_close": flag, "submit_disabled": flag}),
    "home": record(_TYPE | {"blocks": anything}, {
        "private_metadata": string(3000, 0), "callback_id": string(255, 0),
        "external_id": string(255, 0)})}


def check_message(blocks: Any, new_blocks: bool = False) -> tuple[str, list[str]]:
    """The error that Slack would give, if any, and what it would say."""
    if not isinstance(blocks, list):
        return "invalid_blocks_format", ["[ERROR] must provide an array [json-pointer:/blocks]"]
    out = Findings()
    kinds = _BLOCKS | (_NEW_BLOCKS if new_blocks else {})
    array(one_of(kinds), _MESSAGE_BLOCKS_MAX, 0)(blocks, "/blocks", out)
    _check_ids(blocks, "/blocks", out)
    if out.messages:
        return "invalid_blocks", out.messages[:_MESSAGES_MAX]
    if all_text(blocks) > _ALL_TEXT_MAX:
        return "msg_blocks_too_long", []
    return "", []


def check_view(view: Any) -> tuple[str, list[str]]:
    if len(json.dumps(view)) > _VIEW_LIMIT_BYTES:
        return "view_too_large", []
    out = Findings()
    one_of(_VIEWS)(view, "/view", out)
    blocks = view.get("blocks") if isinstance(view, dict) else None
    kinds = {name: check for name, check in _BLOCKS.items() if name not in _ONLY_MESSAGES}
    array(one_of(kinds), _VIEW_BLOCKS_MAX, 0)(blocks, "/view/blocks", out)
    if isinstance(blocks, list):
        _check_ids(blocks, "/view/blocks", out)
        needs = any(isinstance(block, dict) and block.get("type") == "input" for block in blocks)
        if needs and view.get("type") == "modal" and "submit" not in view:
            out.say("/view", "missing required field: submit, there is an input block")
    return ("invalid_arguments" if out.messages else ""), out.messages[:_MESSAGES_MAX]


def all_text(value: Any) -> int:
    """The characters of all text in these blocks."""
    if isinstance(value, list):
        return sum(all_text(item) for item in value)
    if not isinstance(value, dict):
        return 0
    return sum(len(item) if name == "text" and isinstance(item, str) else all_text(item)
               for name, item in value.items())


def _check_ids(blocks: list[Any], pointer: str, out: Findings) -> None:
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        name = block.get("block_id") if isinstance(block, dict) else None
        if isinstance(name, str) and name in seen:
            out.say(f"{pointer}/{number}/block_id", f"`block_id` {name} already exists")
        if isinstance(name, str):
            seen.add(name)
