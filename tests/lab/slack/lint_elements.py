# SPDX-License-Identifier: Apache-2.0
"""Limits of what stands inside blocks: texts, options, buttons, selects, inputs."""

from __future__ import annotations

from lint_schema import (Check, anything, array, enum, exactly_one, flag, integer, one_of, record,
                         string)


def plain(most: int) -> Check:
    return one_of({"plain_text": record({"type": anything, "text": string(most)},
                                        {"emoji": flag})})


def text(most: int) -> Check:
    return one_of({
        "plain_text": record({"type": anything, "text": string(most)}, {"emoji": flag}),
        "mrkdwn": record({"type": anything, "text": string(most)}, {"verbatim": flag})})


ID = string(255)
_CONFIRM = record({"title": plain(100), "text": text(300), "confirm": plain(30),
                   "deny": plain(30)}, {"style": enum("primary", "danger")})
_TYPE: dict[str, Check] = {"type": anything}
_COMMON: dict[str, Check] = {"action_id": ID, "confirm": _CONFIRM, "focus_on_load": flag}
_PLACEHOLDER: dict[str, Check] = {"placeholder": plain(150)}


def _option(words: Check) -> Check:
    return record({"text": words, "value": string(75)},
                  {"description": text(75), "url": string(3000)})


_OPTION = _option(plain(75))
_RICH_OPTION = _option(text(75))
_GROUP = record({"label": plain(75), "options": array(_OPTION, 100)})


def _select(*initial: str, multiple: bool = False) -> Check:
    more: dict[str, Check] = {name: anything for name in initial}
    if multiple:
        more["max_selected_items"] = integer(1, 1000)
    else:
        more["response_url_enabled"] = flag
    return record(_TYPE, _COMMON | _PLACEHOLDER | more | {"default_to_current_conversation": flag,
                                                          "filter": anything})


def _static(initial: str, multiple: bool = False) -> Check:
    more: dict[str, Check] = {initial: anything}
    if multiple:
        more["max_selected_items"] = integer(1, 1000)
    return record(_TYPE, _COMMON | _PLACEHOLDER | more | {
        "options": array(_OPTION, 100), "option_groups": array(_GROUP, 100)},
        exactly_one("options", "option_groups"))


def _input(more: dict[str, Check]) -> Check:
    return record(_TYPE, {"action_id": ID, "focus_on_load": flag, "dispatch_action_config":
                          anything} | _PLACEHOLDER | more)


def _picker(initial: str) -> Check:
    return record(_TYPE, _COMMON | _PLACEHOLDER | {initial: anything, "timezone": string(100)})


IMAGE_SOURCE: dict[str, Check] = {"image_url": string(3000), "slack_file": anything}
IMAGE = record(_TYPE | {"alt_text": string(2000)}, IMAGE_SOURCE,
               exactly_one("image_url", "slack_file"))
BUTTON = record(_TYPE | {"text": plain(75)}, {
    "action_id": ID, "url": string(3000), "value": string(2000), "confirm": _CONFIRM,
    "style": enum("primary", "danger"), "accessibility_label": string(75)})
_WORKFLOW_BUTTON = record(_TYPE | {"text": plain(75), "workflow": anything}, {
    "action_id": ID, "style": enum("primary", "danger"), "accessibility_label": string(75)})

_SELECTS: dict[str, Check] = {
    "static_select": _static("initial_option"),
    "multi_static_select": _static("initial_options", True),
    "external_select": _select("initial_option", "min_query_length"),
    "multi_external_select": _select("initial_options", "min_query_length", multiple=True),
    "users_select": _select("initial_user"),
    "multi_users_select": _select("initial_users", multiple=True),
    "conversations_select": _select("initial_conversation"),
    "multi_conversations_select": _select("initial_conversations", multiple=True),
    "channels_select": _select("initial_channel"),
    "multi_channels_select": _select("initial_channels", multiple=True)}
_CHOICES: dict[str, Check] = {
    "checkboxes": record(_TYPE | {"options": array(_RICH_OPTION, 10)},
                         _COMMON | {"initial_options": array(anything, 10)}),
    "radio_buttons": record(_TYPE | {"options": array(_RICH_OPTION, 10)},
                            _COMMON | {"initial_option": anything}),
    "datepicker": _picker("initial_date"), "timepicker": _picker("initial_time"),
    "datetimepicker": _picker("initial_date_time")}
_OVERFLOW = record(_TYPE | {"options": array(_OPTION, 5)}, {"action_id": ID, "confirm": _CONFIRM})
_LENGTHS: dict[str, Check] = {"min_length": integer(0, 3000), "max_length": integer(1, 3000)}

# What may stand in an actions block, beside a section, and in an input block.
ACTIONS: dict[str, Check] = {"button": BUTTON, "workflow_button": _WORKFLOW_BUTTON,
                             "overflow": _OVERFLOW} | {
    name: check for name, check in _SELECTS.items() if not name.startswith("multi")} | _CHOICES
ACCESSORIES: dict[str, Check] = ACTIONS | _SELECTS | {"image": IMAGE}
INPUTS: dict[str, Check] = _SELECTS | _CHOICES | {
    "plain_text_input": _input(_LENGTHS | {"multiline": flag, "initial_value": string(3000, 0)}),
    "email_text_input": _input({"initial_value": string(3000, 0)}),
    "url_text_input": _input({"initial_value": string(3000, 0)}),
    "number_input": _input({"is_decimal_allowed": flag, "initial_value": string(100, 0),
                            "min_value": string(100), "max_value": string(100)}),
    "rich_text_input": _input({"initial_value": anything}),
    "file_input": record(_TYPE, {"action_id": ID, "filetypes": anything,
                                 "max_files": integer(1, 10)})}
