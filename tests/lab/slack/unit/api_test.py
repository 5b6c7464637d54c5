# SPDX-License-Identifier: Apache-2.0
"""The Web API of the simulated workspace: tokens, membership, messages, limits, files."""

from __future__ import annotations

import http.client
import itertools
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from typing import Any

import places  # noqa: F401
from processes import LabError
from slack_workspace import APP_TOKEN, BOT_TOKEN, SERVER, SlackWorkspace
from story import Story
from web_api import METHODS
from web import call

BUTTON = [{"type": "actions", "block_id": "row", "elements": [
    {"type": "button", "action_id": "go", "value": "r-1:7",
     "text": {"type": "plain_text", "text": "Go"}}]}]
NO_ANSWER = (LabError, http.client.HTTPException)


class Tokens(Story):
    def test_each_token_opens_its_own_door_only(self) -> None:
        self.assertTrue(self.send("auth.test", {}).json()["ok"])
        wrong = self.send("apps.connections.open", {}, BOT_TOKEN).json()
        self.assertEqual(wrong["error"], "not_allowed_token_type")
        wrong = self.send("chat.postMessage", {"channel": "C0OPS", "text": "x"}, APP_TOKEN).json()
        self.assertEqual(wrong["error"], "not_allowed_token_type")
        self.assertEqual(self.send("auth.test", {}, "xoxb-9").json()["error"], "invalid_auth")
        self.assertEqual(self.send("auth.test", {}, "").json()["error"], "not_authed")

    def test_an_app_level_token_counts_in_the_header_only(self) -> None:
        answer = self.send("apps.connections.open", {"token": APP_TOKEN}, "").json()
        self.assertEqual(answer["error"], "not_authed")
        self.assertTrue(self.send("auth.test", {"token": BOT_TOKEN}, "").json()["ok"])

    def test_an_empty_body_opens_a_connection_under_either_type(self) -> None:
        for as_json in (False, True):
            with self.subTest(as_json=as_json):
                url = self.slack.api_url + "apps.connections.open"
                kind = "application/json;charset=utf-8" if as_json else (
                    "application/x-www-form-urlencoded")
                answer = call("POST", url, "", {"Authorization": f"Bearer {APP_TOKEN}",
                                                "Content-Type": kind})
                self.assertTrue(answer.json()["ok"])
                self.assertIn("\\/link\\/?ticket=", answer.text)

    def test_a_missing_scope_is_named_with_what_there_is(self) -> None:
        self.slack.tell("token", kind="bot", scopes=["commands", "chat:write"])
        answer = self.api("usergroups.users.list", usergroup="S0SRE")
        self.assertEqual((answer["error"], answer["needed"], answer["provided"]),
                         ("missing_scope", "usergroups:read", "commands,chat:write"))

    def test_a_revoked_token_is_refused_everywhere(self) -> None:
        self.slack.tell("token", kind="bot", error="token_revoked")
        self.assertEqual(self.error("auth.test"), "token_revoked")
        self.assertEqual(self.error("chat.postMessage", channel="C0OPS", text="x"),
                         "token_revoked")

    def test_json_is_for_those_methods_that_take_it(self) -> None:
        good = self.send("chat.postMessage", {"channel": "C0OPS", "text": "x"}, as_json=True)
        self.assertTrue(good.json()["ok"])
        bad = self.send("users.info", {"user": "U0ANA"}, as_json=True).json()
        self.assertEqual(bad["error"], "invalid_arguments")
        self.assertTrue(self.api("users.info", user="U0ANA")["ok"])


class Membership(Story):
    def test_where_the_bot_is_not_it_cannot_post(self) -> None:
        for channel, error in (("C0LOBBY", "not_in_channel"), ("G0SECRET", "channel_not_found"),
                               ("C0NONE", "channel_not_found")):
            with self.subTest(channel):
                self.assertEqual(self.error("chat.postMessage", channel=channel, text="x"), error)

    def test_a_bot_that_was_removed_can_edit_nothing_there(self) -> None:
        ts = self.post()
        self.slack.tell("channel", id="C0OPS", members=["U0ANA"])
        self.assertEqual(self.error("chat.update", channel="C0OPS", ts=ts, text="x"),
                         "not_in_channel")
        self.slack.tell("token", kind="bot", scopes=["chat:write", "chat:write.public"])
        self.assertTrue(self.api("chat.update", channel="C0OPS", ts=ts, text="x")["ok"])

    def test_an_archived_channel_takes_no_posts_and_no_edits(self) -> None:
        ts = self.post()
        self.slack.tell("channel", id="C0OPS", archived=True)
        self.assertEqual(self.error("chat.postMessage", channel="C0OPS", text="x"), "is_archived")
        self.assertEqual(self.error("chat.update", channel="C0OPS", ts=ts, text="x"),
                         "is_inactive")

    def test_a_person_can_be_written_to_directly(self) -> None:
        answer = self.api("chat.postMessage", channel="U0ANA", text="x")
        self.assertEqual(answer["channel"], "D0ANA")

    def test_an_ephemeral_needs_somebody_who_is_there(self) -> None:
        self.slack.tell("channel", id="C0OPS", members=["U0BOT", "U0BOB"])
        self.assertEqual(self.error("chat.postEphemeral", channel="C0OPS", user="U0ANA",
                                    text="x"), "user_not_in_channel")

    def test_a_disabled_user_group_is_as_good_as_none(self) -> None:
        self.assertEqual(self.api("usergroups.users.list", usergroup="S0SRE")["users"], ["U0BOB"])
        self.slack.tell("group", id="S0SRE", disabled=True)
        self.assertEqual(self.error("usergroups.users.list", usergroup="S0SRE"),
                         "no_such_subteam")


class Messages(Story):
    def test_stamps_are_unique_and_rise_while_the_clock_stands_still(self) -> None:
        self.slack.tell("freeze")
        self.slack.tell("limits", enabled=False)
        stamps = [float(self.post()) for _ in range(20)]
        self.assertEqual(sorted(set(stamps)), stamps)

    def test_an_edit_keeps_what_it_leaves_out(self) -> None:
        ts = self.post("one", blocks=BUTTON)
        self.api("chat.update", channel="C0OPS", ts=ts, text="two")
        (message,) = self.slack.channel()
        self.assertEqual((message["text"], len(message["blocks"])), ("two", 1))
        self.api("chat.update", channel="C0OPS", ts=ts, text="three", blocks=[])
        self.assertEqual(self.slack.channel()[0]["blocks"], [])

    def test_only_our_own_lasting_messages_can_be_edited(self) -> None:
        theirs = self.slack.say("ana", "hello")
        hidden = self.api("chat.postEphemeral", channel="C0OPS", user="U0ANA",
                          text="x")["message_ts"]
        for ts, error in ((theirs, "cant_update_message"), (hidden, "message_not_found"),
                          ("1.000001", "message_not_found")):
            with self.subTest(ts):
                self.assertEqual(self.error("chat.update", channel="C0OPS", ts=ts, text="x"),
                                 error)

    def test_the_edit_window_closes(self) -> None:
        self.slack.tell("settings", edit_window_s=60)
        ts = self.post()
        self.slack.advance(61)
        self.assertEqual(self.error("chat.update", channel="C0OPS", ts=ts, text="x"),
                         "edit_window_closed")

    def test_text_has_limits(self) -> None:
        ts = self.post("x" * 41_000)
        self.assertEqual(len(self.slack.channel()[0]["text"]), 40_000)
        self.assertEqual(self.error("chat.update", channel="C0OPS", ts=ts, text="x" * 4001),
                         "msg_too_long")
        self.assertEqual(self.error("chat.postMessage", channel="C0OPS", text=" "), "no_text")

    def test_blocks_are_judged_with_pointers(self) -> None:
        answer = self.api("chat.postMessage", channel="C0OPS", text="x",
                          blocks=[{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}])
        self.assertEqual(answer["error"], "invalid_blocks")
        self.assertEqual(answer["response_metadata"]["messages"], [
            "[ERROR] unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"])
        self.assertEqual(self.error("chat.postMessage", channel="C0OPS", text="x",
                                    blocks="[not json"), "invalid_blocks_format")

    def test_metadata_comes_back_to_those_who_ask(self) -> None:
        metadata = {"event_type": "run", "event_payload": {"run": "r-1", "seq": 4}}
        ts = self.post(metadata=metadata)
        bare = self.api("conversations.history", channel="C0OPS")["messages"][0]
        full = self.api("conversations.history", channel="C0OPS",
                        include_all_metadata="true", oldest=ts, inclusive="true")["messages"][0]
        self.assertNotIn("metadata", bare)
        self.assertEqual(full["metadata"], metadata)
        self.assertEqual(self.error("chat.postMessage", channel="C0OPS", text="x", metadata={
            "event_type": "run", "event_payload": {"x": "y" * 20_000}}), "metadata_too_large")

    def test_threads_hang_on_messages(self) -> None:
        parent = self.post("parent")
        reply = self.post("reply", thread_ts=parent)
        self.post("loud", thread_ts=parent, reply_broadcast="true")
        replies = self.api("conversations.replies", channel="C0OPS", ts=parent)["messages"]
        self.assertEqual([m["text"] for m in replies], ["parent", "reply", "loud"])
        history = self.api("conversations.history", channel="C0OPS")["messages"]
        self.assertEqual([m["text"] for m in history], ["loud", "parent"])
        self.assertEqual(self.error("chat.postMessage", channel="C0OPS", text="x",
                                    thread_ts=reply), "cannot_reply_to_message")
        self.slack.tell("channel", id="C0OPS", thread_locked=True)
        self.assertEqual(self.error("chat.postMessage", channel="C0OPS", text="x",
                                    thread_ts=parent), "restricted_action_thread_locked")

    def test_a_reply_to_a_lost_thread_lands_in_the_channel_or_is_refused(self) -> None:
        parent = self.post("parent")
        self.api("chat.delete", channel="C0OPS", ts=parent)
        answer = self.api("chat.postMessage", channel="C0OPS", text="x", thread_ts=parent)
        self.assertTrue(answer["ok"])
        self.assertNotIn("thread_ts", answer["message"])
        self.slack.tell("settings", refuses_lost_threads=True)
        self.assertEqual(self.error("chat.postMessage", channel="C0OPS", text="x",
                                    thread_ts=parent), "thread_not_found")

    def test_mentions_are_journaled_unless_they_are_escaped(self) -> None:
        self.post("<!channel> <@U0BOB> look")
        self.post("&lt;!channel&gt; &lt;@U0BOB&gt;")
        self.post("x", blocks=[{"type": "header", "text": {"type": "plain_text",
                                                           "text": "<!here>"}}])
        self.post("x", blocks=[{"type": "section", "text": {"type": "mrkdwn",
                                                            "text": "<!subteam^S0SRE>"}}])
        self.assertEqual([entry["mentions"] for entry in self.slack.journal("message")],
                         [["!channel", "@U0BOB"], [], [], ["!subteam^S0SRE"]])


class Limits(Story):
    def test_one_post_per_second_and_channel_after_a_burst(self) -> None:
        self.slack.tell("freeze")
        for _ in range(5):
            self.post()
        answer = self.send("chat.postMessage", {"channel": "C0OPS", "text": "x"})
        self.assertEqual((answer.status, answer.json()["error"]), (429, "ratelimited"))
        self.post(channel="C0ADMIN")
        self.slack.advance(1)
        self.post()

    def test_a_method_has_its_calls_per_minute(self) -> None:
        self.slack.tell("freeze")
        self.slack.tell("limits", per_minute={"users.info": 2})
        for _ in range(2):
            self.assertTrue(self.api("users.info", user="U0ANA")["ok"])
        self.assertEqual(self.send("users.info", {"user": "U0ANA"}).status, 429)
        self.slack.advance(60)
        self.assertTrue(self.api("users.info", user="U0ANA")["ok"])


class Faults(Story):
    def fault(self, do: str, **more: Any) -> None:
        self.slack.faults({"on": "chat.postMessage", "do": do, **more})

    def test_a_fault_happens_as_often_as_it_is_told(self) -> None:
        self.fault("error", error="fatal_error", skip=1, times=2)
        errors = [self.api("chat.postMessage", channel="C0OPS", text="x").get("error")
                  for _ in range(4)]
        self.assertEqual(errors, [None, "fatal_error", "fatal_error", None])
        self.assertEqual(len(self.slack.channel()), 2)

    def test_a_fault_can_be_for_certain_arguments(self) -> None:
        self.fault("error", where={"channel": "C0ADMIN"})
        self.post()
        self.assertEqual(self.error("chat.postMessage", channel="C0ADMIN", text="x"),
                         "internal_error")

    def test_an_answer_can_be_lost_after_the_post(self) -> None:
        self.fault("reset_after")
        with self.assertRaises(NO_ANSWER):
            self.post("stored")
        self.assertEqual(self.slack.channel()[0]["text"], "stored")

    def test_a_request_can_be_reset_before_it_does_anything(self) -> None:
        self.fault("reset")
        with self.assertRaises(NO_ANSWER):
            self.post()
        self.assertEqual(self.slack.channel(), [])

    def test_an_answer_can_be_garbage_or_half_an_answer(self) -> None:
        self.fault("garbage")
        answer = self.send("chat.postMessage", {"channel": "C0OPS", "text": "x"})
        self.assertTrue(answer.text.startswith("<html>"))
        self.fault("truncate")
        with self.assertRaises(NO_ANSWER):
            self.post()

    def test_a_rate_limit_can_come_without_a_time(self) -> None:
        self.fault("rate_limit", seconds=-1)
        answer = self.send("chat.postMessage", {"channel": "C0OPS", "text": "x"})
        self.assertEqual(answer.status, 429)

    def test_a_delay_keeps_to_the_simulated_clock(self) -> None:
        self.slack.tell("freeze")
        self.fault("delay", seconds=30)
        answers: list[str] = []
        call_thread = threading.Thread(target=lambda: answers.append(self.post("late")))
        call_thread.start()
        self.slack.wait_for(self.slack.channel, "the post is there")
        self.assertEqual(answers, [])
        self.slack.advance(30)
        call_thread.join(5)
        self.assertEqual(answers, [self.slack.channel()[0]["ts"]])

    def test_an_outage_is_a_status(self) -> None:
        self.fault("status", status=503)
        self.assertEqual(self.send("chat.postMessage", {"channel": "C0OPS"}).status, 503)

    def test_an_unknown_fault_is_refused(self) -> None:
        with self.assertRaisesRegex(LabError, "no fault explode"):
            self.fault("explode")


class Files(Story):
    def reserve(self, length: int) -> tuple[str, str]:
        answer = self.api("files.getUploadURLExternal", filename="r.md", length=str(length))
        return answer["upload_url"], answer["file_id"]

    def test_three_steps_bring_a_file_into_a_thread(self) -> None:
        parent = self.post()
        url, file = self.reserve(5)
        self.assertEqual(call("POST", url, "bytes", {"Content-Type": "text/plain"}).text,
                         "OK - 5")
        done = self.api("files.completeUploadExternal", files=[{"id": file, "title": "Report"}],
                        channel_id="C0OPS", thread_ts=parent, initial_comment="here")
        self.assertTrue(done["ok"], done)
        message = self.slack.channel()[1]
        self.assertEqual((message["thread_ts"], message["files"][0]["title"], message["text"]),
                         (parent, "Report", "here"))
        self.assertEqual(self.slack.ask(f"file/{file}").text, "bytes")

    def test_a_form_is_taken_too(self) -> None:
        url, file = self.reserve(5)
        form = ("--b\r\nContent-Disposition: form-data; name=\"filename\"\r\n\r\nr.md\r\n--b\r\n"
                "Content-Disposition: form-data; name=\"file\"; filename=\"r.md\"\r\n\r\n"
                "bytes\r\n--b--\r\n")
        answer = call("POST", url, form, {"Content-Type": "multipart/form-data; boundary=b"})
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.slack.ask(f"file/{file}").text, "bytes")

    def test_another_length_than_announced_is_refused(self) -> None:
        url, file = self.reserve(4)
        self.assertEqual(call("POST", url, "bytes", {"Content-Type": "text/plain"}).status, 400)
        self.assertEqual(self.error("files.completeUploadExternal", files=[{"id": file}]),
                         "file_not_found")


class Nonsense(Story):
    def test_no_argument_makes_the_simulator_fall(self) -> None:
        """Every method with arguments of every shape: an answer each time, and no crash."""
        self.slack.tell("limits", enabled=False)
        ts = self.post(blocks=BUTTON)
        shapes: list[Any] = [None, 7, -1.5, True, "", "x", "\u202e\0", [], [7], {}, {"type": []},
                             [{"type": "section", "text": 7}], {"type": "modal", "blocks": 7},
                             {"event_type": 1}, [{"id": []}], "\ud800", "1e999", ts]
        names = ("channel", "ts", "text", "blocks", "thread_ts", "metadata", "view", "view_id",
                 "trigger_id", "user", "users", "user_id", "usergroup", "files", "filename",
                 "length", "oldest", "limit", "cursor", "hash", "reply_broadcast")
        good = {"channel": "C0OPS", "ts": ts, "text": "x", "user": "U0ANA", "user_id": "U0ANA"}
        for turn, (method, name) in enumerate(itertools.product(METHODS, names)):
            for shape in shapes[turn % 5::5]:
                self.send(method, good | {name: shape}, as_json=True)
                if shape != "\ud800":
                    self.send(method, good | {name: shape})
        self.assertEqual(self.slack.journal("crash"), [])


class Processes(unittest.TestCase):
    def test_it_speaks_tls_and_comes_back_on_the_same_port(self) -> None:
        with tempfile.TemporaryDirectory(prefix="slack-") as folder:
            with SlackWorkspace(Path(folder)) as slack:
                url, port = slack.api_url + "api.test", slack.port
                self.assertTrue(call("POST", url, "", ca_file=slack.ca).json()["ok"])
                with self.assertRaisesRegex(LabError, "CERTIFICATE_VERIFY_FAILED"):
                    call("POST", url, "")
                slack.say("ana", "hello")
                slack.stop()
                with self.assertRaises(LabError):
                    slack.ask("status")
                slack.start()
                self.assertEqual((slack.port, slack.channel()), (port, []))

    def test_it_ends_when_whoever_started_it_is_gone(self) -> None:
        with tempfile.TemporaryDirectory(prefix="slack-") as folder:
            file = Path(folder) / "port"
            with subprocess.Popen([sys.executable, "-B", str(SERVER), "--port-file", str(file),
                                   "--until-eof"], stdin=subprocess.PIPE) as process:
                while not file.exists():
                    self.assertIsNone(process.poll())
                assert process.stdin is not None
                process.stdin.close()
                self.assertEqual(process.wait(10), 0)


if __name__ == "__main__":
    unittest.main()
