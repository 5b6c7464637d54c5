# SPDX-License-Identifier: Apache-2.0
"""What people of the simulated workspace can do and see: buttons, modals, home, response_url."""

from __future__ import annotations

import re
import threading
import unittest
from collections.abc import Callable
from typing import Any

import places  # noqa: F401
from peer import Peer, fresh_url
from processes import LabError
from story import Story
from web import call

Json = dict[str, Any]


def button(action: str, value: str, **more: Any) -> Json:
    return {"type": "button", "action_id": action, "value": value,
            "text": {"type": "plain_text", "text": action.title()}} | more


def row(*buttons: Json) -> list[Json]:
    return [{"type": "actions", "block_id": "row", "elements": list(buttons)}]


REASON = {"type": "input", "block_id": "reason", "label": {"type": "plain_text", "text": "Why"},
          "element": {"type": "plain_text_input", "action_id": "in", "min_length": 5}}
GATE = {"type": "input", "block_id": "gate", "label": {"type": "plain_text", "text": "Gate"},
        "element": {"type": "static_select", "action_id": "in", "options": [
            {"text": {"type": "plain_text", "text": word}, "value": word}
            for word in ("strict", "normal")]}}


def modal(**more: Any) -> Json:
    words: Json = {name: {"type": "plain_text", "text": name} for name in ("title", "submit")}
    return {"type": "modal", "callback_id": "start", "blocks": [REASON, GATE], **words} | more


class PeopleStory(Story):
    """`answered_with` sets what the bot acks to whatever comes next."""

    def setUp(self) -> None:
        super().setUp()
        self.peer = Peer(fresh_url(self.slack))
        self.addCleanup(self.peer.close)
        self.peer.next()

    def answered_with(self, payload: Json, act: Callable[[], Json]) -> tuple[Json, Json]:
        """(the fate of what a person did, its envelope)."""
        fates: list[Json] = []
        thread = threading.Thread(target=lambda: fates.append(act()))
        thread.start()
        envelope = self.peer.next()
        self.peer.ack(envelope, payload)
        thread.join(5)
        self.assertEqual(fates[0]["state"], "acked")
        return fates[0], envelope

    def trigger(self) -> str:
        return str(self.answered_with({}, lambda: self.slack.slash("ana", "x"))[1]["payload"]
                   ["trigger_id"])

    def open(self, view: Json) -> Json:
        answer = self.api("views.open", trigger_id=self.trigger(), view=view)
        self.assertTrue(answer["ok"], answer)
        return dict(answer["view"])


class Clicks(PeopleStory):
    def click(self, user: str, action: str, ts: str, **more: Any) -> Json:
        return dict(self.answered_with(
            {}, lambda: self.slack.click(user, action, ts, **more))[1]["payload"])

    def test_a_click_carries_the_button_its_message_and_who_it_was(self) -> None:
        parent = self.post()
        ts = self.post("x", blocks=row(button("pause", "r-1:7")), thread_ts=parent)
        payload = self.click("bob", "pause", ts)
        (action,) = payload["actions"]
        self.assertEqual((action["value"], action["block_id"]), ("r-1:7", "row"))
        self.assertEqual((payload["user"]["id"], payload["message"]["ts"]), ("U0BOB", ts))
        self.assertEqual(payload["container"], {"type": "message", "message_ts": ts, "channel_id":
                                                "C0OPS", "is_ephemeral": False,
                                                "thread_ts": parent})
        self.assertIs(payload["is_enterprise_install"], False)

    def test_only_what_is_there_can_be_clicked(self) -> None:
        ts = self.post("x", blocks=row(button("pause", "r-1:7")))
        self.api("chat.update", channel="C0OPS", ts=ts, text="y", blocks=row(button("go", "8")))
        with self.assertRaisesRegex(LabError, "nothing to click"):
            self.slack.click("bob", "pause", ts)
        payload = self.click("bob", "pause", ts, stale=True)
        self.assertEqual(payload["actions"][0]["value"], "r-1:7")

    def test_a_confirmed_button_asks_first(self) -> None:
        words = {"type": "plain_text", "text": "Sure?"}
        ts = self.post("x", blocks=row(button("abort", "1", confirm={
            "title": words, "text": words, "confirm": words, "deny": words})))
        with self.assertRaisesRegex(LabError, "said no"):
            self.slack.click("bob", "abort", ts, confirm=False)
        self.click("bob", "abort", ts)
        self.assertEqual([entry["accepted"] for entry in self.slack.journal("confirm")],
                         [False, True])

    def test_an_ephemeral_is_seen_by_one_person_and_has_no_message(self) -> None:
        ts = self.api("chat.postEphemeral", channel="C0OPS", user="U0ANA", text="x",
                      blocks=row(button("go", "1")))["message_ts"]
        with self.assertRaisesRegex(LabError, "sees no message"):
            self.slack.click("bob", "go", ts)
        payload = self.click("ana", "go", ts)
        self.assertTrue(payload["container"]["is_ephemeral"])
        self.assertNotIn("message", payload)

    def test_a_payload_in_the_ack_of_a_click_is_ignored(self) -> None:
        ts = self.post("x", blocks=row(button("go", "1")))
        fate, _ = self.answered_with({"text": "hi"}, lambda: self.slack.click("bob", "go", ts))
        self.assertIn("ignored", fate["complaints"][0])


class Modals(PeopleStory):
    def submit(self, payload: Json, **more: Any) -> tuple[Json, Json]:
        values = {"reason": "CVE-2026-1", "gate": "strict"}
        return self.answered_with(payload, lambda: self.slack.submit("ana", values, **more))

    def test_a_trigger_lives_three_seconds_and_is_good_once(self) -> None:
        late, once = self.trigger(), self.trigger()
        view = modal()
        self.assertTrue(self.api("views.open", trigger_id=once, view=view)["ok"])
        self.assertEqual(self.error("views.open", trigger_id=once, view=view),
                         "exchanged_trigger_id")
        self.slack.advance(3.1)
        self.assertEqual(self.error("views.open", trigger_id=late, view=view),
                         "expired_trigger_id")
        self.assertEqual(self.error("views.open", trigger_id="1.2.3", view=view),
                         "invalid_trigger_id")

    def test_what_is_typed_comes_as_state_and_an_empty_ack_closes(self) -> None:
        view = self.open(modal(private_metadata="p-91"))
        _, envelope = self.submit({})
        sent = envelope["payload"]["view"]
        self.assertEqual((sent["id"], sent["private_metadata"]), (view["id"], "p-91"))
        self.assertEqual(sent["state"]["values"]["reason"]["in"],
                         {"type": "plain_text_input", "value": "CVE-2026-1"})
        self.assertEqual(sent["state"]["values"]["gate"]["in"]["selected_option"]["value"],
                         "strict")
        self.assertEqual(self.slack.view("ana"), {})

    def test_metadata_can_be_tampered_with(self) -> None:
        self.open(modal(private_metadata="p-91"))
        _, envelope = self.submit({}, change={"private_metadata": "p-1"})
        self.assertEqual(envelope["payload"]["view"]["private_metadata"], "p-1")

    def test_the_form_itself_refuses_what_is_missing_or_too_short(self) -> None:
        self.open(modal())
        for values, words in (({"gate": "strict"}, "reason: please complete"),
                              ({"reason": "abc", "gate": "strict"}, "3 characters"),
                              ({"reason": "abcde", "gate": "off"}, "no option off"),
                              ({"other": "x"}, "no input")):
            with self.subTest(words), self.assertRaisesRegex(LabError, words):
                self.slack.submit("ana", values)

    def test_errors_keep_it_open_and_must_name_inputs(self) -> None:
        self.open(modal())
        self.submit({"response_action": "errors", "errors": {"reason": "too vague"}})
        self.assertEqual(self.slack.view("ana")["errors"], {"reason": "too vague"})
        fate, _ = self.submit({"response_action": "errors", "errors": {"nowhere": "x"}})
        self.assertIn("errors must name input blocks", fate["complaints"][0])

    def test_views_can_be_updated_pushed_and_cleared(self) -> None:
        self.open(modal())
        second = modal(callback_id="second")
        self.submit({"response_action": "update", "view": second})
        self.assertEqual(self.slack.view("ana")["callback_id"], "second")
        self.submit({"response_action": "push", "view": modal(callback_id="third")})
        pushed = self.slack.view("ana")
        self.assertEqual(pushed["callback_id"], "third")
        self.assertEqual(pushed["previous_view_id"], pushed["root_view_id"])
        self.submit({"response_action": "clear"})
        self.assertEqual(self.slack.view("ana"), {})

    def test_an_old_hash_is_a_conflict(self) -> None:
        view = self.open(modal())
        again = {"view_id": view["id"], "hash": view["hash"], "view": modal()}
        self.assertTrue(self.api("views.update", **again)["ok"])
        self.assertEqual(self.error("views.update", **again), "hash_conflict")

    def test_closing_is_told_when_the_view_asks_for_it(self) -> None:
        self.open(modal())
        self.assertEqual(self.slack.close_view("ana")["state"], "not sent")
        self.open(modal(notify_on_close=True))
        _, envelope = self.answered_with({}, lambda: self.slack.close_view("ana"))
        self.assertEqual(envelope["payload"]["type"], "view_closed")

    def test_a_bad_view_costs_no_trigger(self) -> None:
        trigger = self.trigger()
        answer = self.api("views.open", trigger_id=trigger, view=modal(title={
            "type": "plain_text", "text": "x" * 25}))
        self.assertIn("[json-pointer:/view/title/text]",
                      answer["response_metadata"]["messages"][0])
        self.assertTrue(self.api("views.open", trigger_id=trigger, view=modal())["ok"])


class Home(PeopleStory):
    def test_it_is_published_opened_and_clicked(self) -> None:
        _, envelope = self.answered_with({}, lambda: self.slack.open_home("ana"))
        event = envelope["payload"]["event"]
        self.assertEqual((event["type"], event["user"], event["tab"]),
                         ("app_home_opened", "U0ANA", "home"))
        home = {"type": "home", "blocks": row(button("refresh", "1"))}
        self.assertTrue(self.api("views.publish", user_id="U0ANA", view=home)["ok"])
        self.assertEqual(self.slack.home("ana")["blocks"][0]["block_id"], "row")
        _, envelope = self.answered_with({}, lambda: self.slack.click_in_view("ana", "refresh"))
        payload = envelope["payload"]
        self.assertEqual(payload["container"]["type"], "view")
        self.assertNotIn("channel", payload)
        self.assertNotIn("message", payload)

    def test_it_can_be_switched_off(self) -> None:
        self.slack.tell("settings", home_enabled=False)
        home = {"type": "home", "blocks": row(button("refresh", "1"))}
        self.assertEqual(self.error("views.publish", user_id="U0ANA", view=home), "not_enabled")


class ResponseUrls(PeopleStory):
    def url(self, channel: str = "C0OPS") -> str:
        _, envelope = self.answered_with({}, lambda: self.slack.slash("ana", "x", channel))
        return str(envelope["payload"]["response_url"])

    def test_five_uses_and_not_one_more(self) -> None:
        url = self.url()
        answers = [call("POST", url, {"text": str(number)}) for number in range(6)]
        self.assertEqual([a.status for a in answers], [200] * 5 + [404])
        self.assertEqual((answers[0].text, answers[5].json()["error"]), ("ok", "used_url"))

    def test_half_an_hour_and_not_longer(self) -> None:
        url = self.url()
        self.slack.advance(1801)
        self.assertEqual(call("POST", url, {"text": "x"}).json()["error"], "expired_url")

    def test_it_works_where_the_bot_is_no_member(self) -> None:
        self.assertEqual(call("POST", self.url("lobby"), {"text": "only you"}).text, "ok")
        self.assertEqual(self.slack.channel("lobby")[0]["only_for"], "U0ANA")

    def test_it_can_replace_and_delete_what_was_clicked(self) -> None:
        hidden = self.api("chat.postEphemeral", channel="C0OPS", user="U0ANA", text="x",
                          blocks=row(button("go", "1")))["message_ts"]
        _, envelope = self.answered_with({}, lambda: self.slack.click("ana", "go", hidden))
        url = envelope["payload"]["response_url"]
        call("POST", url, {"text": "done", "replace_original": True})
        (message,) = self.slack.channel()
        self.assertEqual((message["text"], message["blocks"]), ("done", []))
        call("POST", url, {"delete_original": True})
        self.assertEqual(self.slack.channel(), [])

    def test_bad_messages_are_refused_here_too(self) -> None:
        answer = call("POST", self.url(), {"blocks": [{"type": "sparkle"}]})
        self.assertEqual((answer.status, answer.json()["error"]), (400, "invalid_blocks"))


class Sight(PeopleStory):
    def test_a_channel_as_lines(self) -> None:
        ts = self.post("fallback", blocks=[
            {"type": "header", "text": {"type": "plain_text", "text": "prod <!here>"}},
            {"type": "section", "text": {"type": "mrkdwn", "text":
                                         "by <@U0BOB> &lt;b&gt; <https://x.test|link>"}},
            *row(button("pause", "1"), button("abort", "1"))])
        self.post("a reply", thread_ts=ts)
        self.api("chat.postEphemeral", channel="C0OPS", user="U0ANA", text="secret")
        text = re.sub(r"\d\d:\d\d:\d\d", "NOW", self.slack.text("ops-upgrades", "ana"))
        self.assertEqual(text.splitlines(), [
            "#ops-upgrades", "NOW upgrader", "    prod <!here>",
            "    by @bob <b> link (https://x.test)", "    [ Pause ]  [ Abort ]",
            "    | NOW upgrader", "    |     a reply", "NOW upgrader (only ana sees this)",
            "    secret"])
        self.assertNotIn("secret", self.slack.text("ops-upgrades", "bob"))

    def test_a_channel_as_a_page(self) -> None:
        self.post("x", blocks=[{"type": "section", "text": {
            "type": "mrkdwn", "text": "*bold* <script> <@U0BOB> &lt;script&gt; `code`"}}])
        page = self.slack.ask("page/C0OPS").text
        for words in ("<b>bold</b>", '<span class="mention">@bob</span>', "&lt;script&gt;",
                      "<code>code</code>"):
            self.assertIn(words, page)
        self.assertNotIn("<script>", page)


if __name__ == "__main__":
    unittest.main()
