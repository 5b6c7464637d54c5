# SPDX-License-Identifier: Apache-2.0
"""The limits of blocks and views, each at its edge: what just fits, and one more."""

from __future__ import annotations

import unittest
from typing import Any

import places  # noqa: F401
from linter import check_message, check_view

Json = dict[str, Any]


def plain(length: int) -> Json:
    return {"type": "plain_text", "text": "x" * length}


def mrkdwn(length: int) -> Json:
    return {"type": "mrkdwn", "text": "x" * length}


def section(text: Json) -> Json:
    return {"type": "section", "text": text}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain(2), "action_id": "a"} | more


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def options(count: int, words: int = 3) -> list[Json]:
    return [{"text": plain(words), "value": f"v{number}"} for number in range(count)]


def select(**more: Any) -> Json:
    return {"type": "static_select", "action_id": "s"} | more


def confirm(title: int = 5, text: int = 5, yes: int = 5, no: int = 5) -> Json:
    return {"title": plain(title), "text": mrkdwn(text), "confirm": plain(yes), "deny": plain(no)}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain(5), "submit": plain(5), "blocks": list(blocks)} | more


def input_block(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": plain(5), "element": element} | more


# (what, the largest that fits, one too many, where the complaint points to)
EDGES: list[tuple[str, Json, Json, str]] = [
    ("section text", section(mrkdwn(3000)), section(mrkdwn(3001)), "/blocks/0/text/text"),
    ("section text, least", section(mrkdwn(1)), section(mrkdwn(0)), "/blocks/0/text/text"),
    ("field", {"type": "section", "fields": [mrkdwn(2000)]},
     {"type": "section", "fields": [mrkdwn(3), mrkdwn(2001)]}, "/blocks/0/fields/1/text"),
    ("fields", {"type": "section", "fields": [mrkdwn(1)] * 10},
     {"type": "section", "fields": [mrkdwn(1)] * 11}, "/blocks/0/fields"),
    ("context elements", {"type": "context", "elements": [mrkdwn(1)] * 10},
     {"type": "context", "elements": [mrkdwn(1)] * 11}, "/blocks/0/elements"),
    ("header", {"type": "header", "text": plain(150)}, {"type": "header", "text": plain(151)},
     "/blocks/0/text/text"),
    ("actions elements", actions(*[button(action_id=f"a{n}") for n in range(25)]),
     actions(*[button(action_id=f"a{n}") for n in range(26)]), "/blocks/0/elements"),
    ("button text", actions(button(text=plain(75))), actions(button(text=plain(76))),
     "/blocks/0/elements/0/text/text"),
    ("button value", actions(button(value="v" * 2000)), actions(button(value="v" * 2001)),
     "/blocks/0/elements/0/value"),
    ("button url", actions(button(url="u" * 3000)), actions(button(url="u" * 3001)),
     "/blocks/0/elements/0/url"),
    ("accessibility label", actions(button(accessibility_label="l" * 75)),
     actions(button(accessibility_label="l" * 76)), "/blocks/0/elements/0/accessibility_label"),
    ("action_id", actions(button(action_id="a" * 255)), actions(button(action_id="a" * 256)),
     "/blocks/0/elements/0/action_id"),
    ("block_id", {"type": "divider", "block_id": "b" * 255},
     {"type": "divider", "block_id": "b" * 256}, "/blocks/0/block_id"),
    ("confirm title", actions(button(confirm=confirm(title=100))),
     actions(button(confirm=confirm(title=101))), "/blocks/0/elements/0/confirm/title/text"),
    ("confirm text", actions(button(confirm=confirm(text=300))),
     actions(button(confirm=confirm(text=301))), "/blocks/0/elements/0/confirm/text/text"),
    ("confirm yes", actions(button(confirm=confirm(yes=30))),
     actions(button(confirm=confirm(yes=31))), "/blocks/0/elements/0/confirm/confirm/text"),
    ("confirm no", actions(button(confirm=confirm(no=30))),
     actions(button(confirm=confirm(no=31))), "/blocks/0/elements/0/confirm/deny/text"),
    ("options", actions(select(options=options(100))), actions(select(options=options(101))),
     "/blocks/0/elements/0/options"),
    ("option text", actions(select(options=options(1, 75))),
     actions(select(options=options(1, 76))), "/blocks/0/elements/0/options/0/text/text"),
    ("radio options", actions({"type": "radio_buttons", "options": options(10)}),
     actions({"type": "radio_buttons", "options": options(11)}), "/blocks/0/elements/0/options"),
    ("checkboxes", actions({"type": "checkboxes", "options": options(10)}),
     actions({"type": "checkboxes", "options": options(11)}), "/blocks/0/elements/0/options"),
    ("overflow", actions({"type": "overflow", "options": options(5)}),
     actions({"type": "overflow", "options": options(6)}), "/blocks/0/elements/0/options"),
    ("markdown", {"type": "markdown", "text": "m" * 12_000},
     {"type": "markdown", "text": "m" * 12_001}, "/blocks/0/text"),
    ("table rows", {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 100},
     {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 101}, "/blocks/0/rows"),
    ("table columns", {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 20]},
     {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]}, "/blocks/0/rows/0"),
]

# (what, the block, where the complaint points to, words of it)
WRONG: list[tuple[str, Any, str, str]] = [
    ("mrkdwn in a button", actions(button(text=mrkdwn(3))), "/blocks/0/elements/0/text/type",
     "unsupported type: mrkdwn"),
    ("mrkdwn in a header", {"type": "header", "text": mrkdwn(3)}, "/blocks/0/text/type",
     "unsupported type: mrkdwn"),
    ("a text of type markdown", section({"type": "markdown", "text": "x"}),
     "/blocks/0/text/type", "unsupported type: markdown"),
    ("a style", actions(button(style="warning")), "/blocks/0/elements/0/style", "enum"),
    ("an unknown key", section(mrkdwn(3)) | {"colour": "red"}, "/blocks/0",
     "invalid additional property: colour"),
    ("a number in fields", {"type": "section", "fields": [7]}, "/blocks/0/fields/0",
     "must provide an object"),
    ("an empty section", {"type": "section"}, "/blocks/0", "must provide one of: text, fields"),
    ("an unknown block", {"type": "sparkle"}, "/blocks/0/type", "unsupported type: sparkle"),
    ("a type that is a list", {"type": ["section"]}, "/blocks/0/type", "unsupported type"),
    ("a block that is a string", "section", "/blocks/0", "must provide an object"),
    ("no text in a header", {"type": "header"}, "/blocks/0", "missing required field: text"),
    ("no elements", actions(), "/blocks/0/elements", "no fewer than 1"),
    ("two action_ids", actions(button(), button()), "/blocks/0/elements/1/action_id",
     "already exists"),
    ("options and groups", actions(select()), "/blocks/0/elements/0", "exactly one of"),
    ("a plan", {"type": "plan", "title": "x"}, "/blocks/0/type", "unsupported type: plan"),
]


class Messages(unittest.TestCase):
    def refusals(self, blocks: Any) -> list[str]:
        error, messages = check_message(blocks)
        self.assertEqual(error, "invalid_blocks", blocks)
        return messages

    def test_every_limit_holds_at_its_edge(self) -> None:
        for what, fits, too_much, pointer in EDGES:
            with self.subTest(what):
                self.assertEqual(check_message([fits]), ("", []))
                messages = self.refusals([too_much])
                self.assertEqual(len(messages), 1)
                self.assertTrue(messages[0].endswith(f"[json-pointer:{pointer}]"), messages)

    def test_wrong_shapes_are_named_with_their_place(self) -> None:
        for what, block, pointer, words in WRONG:
            with self.subTest(what):
                message = self.refusals([block])[0]
                self.assertIn(words, message)
                self.assertTrue(message.endswith(f"[json-pointer:{pointer}]"), message)

    def test_fifty_blocks_are_allowed_and_no_more(self) -> None:
        self.assertEqual(check_message([{"type": "divider"}] * 50), ("", []))
        self.assertIn("no more than 50 items", self.refusals([{"type": "divider"}] * 51)[0])

    def test_block_ids_are_unique(self) -> None:
        twice = [{"type": "divider", "block_id": "same"}] * 2
        self.assertIn("/blocks/1/block_id", self.refusals(twice)[0])

    def test_all_text_together_has_a_limit(self) -> None:
        self.assertEqual(check_message([section(mrkdwn(2640))] * 5), ("", []))
        self.assertEqual(check_message([section(mrkdwn(2641))] * 5)[0], "msg_blocks_too_long")

    def test_blocks_must_be_a_list(self) -> None:
        self.assertEqual(check_message({"type": "divider"})[0], "invalid_blocks_format")

    def test_new_blocks_are_known_only_where_they_are_switched_on(self) -> None:
        self.assertEqual(check_message([{"type": "plan", "title": "x"}], True), ("", []))


class Modals(unittest.TestCase):
    def assert_edge(self, fits: Json, too_much: Json, pointer: str) -> None:
        self.assertEqual(check_view(fits), ("", []))
        error, messages = check_view(too_much)
        self.assertEqual(error, "invalid_arguments")
        self.assertIn(f"[json-pointer:{pointer}]", messages[0])

    def test_titles_and_buttons_have_24_characters(self) -> None:
        for name in ("title", "submit", "close"):
            with self.subTest(name):
                self.assert_edge(modal(**{name: plain(24)}), modal(**{name: plain(25)}),
                                 f"/view/{name}/text")

    def test_metadata_and_callback_are_limited(self) -> None:
        self.assert_edge(modal(private_metadata="x" * 3000), modal(private_metadata="x" * 3001),
                         "/view/private_metadata")
        self.assert_edge(modal(callback_id="x" * 255), modal(callback_id="x" * 256),
                         "/view/callback_id")

    def test_a_hundred_blocks_are_allowed_and_no_more(self) -> None:
        self.assert_edge(modal(*[{"type": "divider"}] * 100), modal(*[{"type": "divider"}] * 101),
                         "/view/blocks")

    def test_an_input_needs_a_submit_button(self) -> None:
        view = modal(input_block({"type": "plain_text_input", "action_id": "a"}))
        self.assertEqual(check_view(view), ("", []))
        del view["submit"]
        self.assertIn("submit", check_view(view)[1][0])

    def test_an_input_takes_no_button(self) -> None:
        _, messages = check_view(modal(input_block(button())))
        self.assertIn("unsupported type: button [json-pointer:/view/blocks/0/element/type]",
                      messages[0])

    def test_a_view_has_250_kilobytes(self) -> None:
        huge = modal(*[section(mrkdwn(3000))] * 90)
        self.assertEqual(check_view(huge)[0], "view_too_large")

    def test_a_home_tab_has_neither_title_nor_submit(self) -> None:
        home = {"type": "home", "blocks": [section(mrkdwn(5))]}
        self.assertEqual(check_view(home), ("", []))
        self.assertIn("invalid additional property: submit",
                      check_view(home | {"submit": plain(3)})[1][0])


if __name__ == "__main__":
    unittest.main()
