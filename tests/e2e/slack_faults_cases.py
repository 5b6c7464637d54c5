# SPDX-License-Identifier: Apache-2.0
"""A run from Slack in which everything comes too late, twice, or not at all."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from typing import Any

from bench import NEW
from bot import until
from slack_cases import HOSTILE, SlackCase
from slack_workspace import OPS

Json = dict[str, Any]
COMMAND = "/k8s"
_ALERT = "LabTrouble"  # no rule knows it: default_action pauses
# From the click to the answer, beside a question that takes eight seconds.
_ORDER_LIMIT_S = 5.0


class SlackFaults(SlackCase):
    """The workspace knows the bot's command by another name."""

    slack_values = {"slack.command": COMMAND}
    command = COMMAND

    def orders(self) -> list[tuple[str, str]]:
        return [(r[3]["verb"], r[3]["by"]) for r in self.bot.records() if r[2] == "ordered"]

    def press_card(self, user: str, card: Json, words: str) -> None:
        """The answer stands in the card's place."""
        self.slack.click(user, "card.confirm", card["ts"])
        self.slack.wait_for(lambda: any(m["ts"] == card["ts"] and words in m["text"]
                                        for m in self.slack.channel(OPS, user)),
                            f"{user} reads {words!r}", 30)

    def fail(self, *methods: str) -> None:
        self.slack.mend()
        self.slack.faults(*({"on": method, "do": "status", "status": 503, "times": 1000}
                            for method in methods))

    def files(self) -> list[str]:
        return [file["name"] for m in self.slack.channel(OPS) for file in m["files"]]

    def again(self) -> None:
        """Killed, and looked around for what nobody has been told."""
        self.bot.kill()
        self.bot.start()
        self.slack.await_connected()
        # It is set after the look.
        until(30, lambda: self.metric("lockkeeper_slack_connected") == 1, "it has looked")

    def test_1_answers_name_the_command_of_this_workspace(self) -> None:
        self.answer("ana", "help", f"{COMMAND} help VERB shows the options")
        self.answer("ana", "nonsense", f"{COMMAND} help lists them")
        self.assertNotIn("/upgrade", json.dumps(self.slack.channel(OPS, "ana")))

    def test_2_a_group_that_cannot_be_looked_up_is_denied_and_said(self) -> None:
        self.slack.faults({"on": "usergroups.users.list", "do": "error", "times": 2,
                           "error": "plan_upgrade_required"})
        self.answer("bob", "whoami", "without a role in [authority]; the members of user group")
        self.answer("bob", f"start {NEW}", "plan_upgrade_required")
        self.answer("bob", "whoami", "roles operator")
        self.assertEqual([], self.bot.records())

    def test_3_a_form_that_does_not_open(self) -> None:
        card = self.answer("ana", f"start {NEW}", "Review &")
        # The trigger is good for three seconds.
        self.slack.faults({"on": "views.open", "do": "error", "error": "expired_trigger_id"},
                          {"on": "views.open", "do": "reset"})
        for _ in range(2):
            since = self.newest("ana")
            self.slack.click("ana", "card.start", card["ts"])
            self.told("ana", "The form did not open", since)
            self.assertEqual({}, self.slack.view("ana"))
        self.slack.click("ana", "card.start", card["ts"])
        self.slack.wait_for(lambda: self.slack.view("ana"), "the form opens")
        self.assertEqual([], self.bot.records())

    def test_4_the_plan_is_another_one_when_the_form_is_sent(self) -> None:
        self.bot.stop()
        self.bot.configure({"upgrade.drain_timeout": "61s"})
        self.bot.start()
        self.slack.await_connected()
        since = self.newest("ana")
        self.slack.submit("ana", {"reason": HOSTILE})
        card = self.told("ana", "is not what would be done now", since)
        self.assertEqual([], self.bot.records())
        # The answer has the way on: the plan as it is now.
        self.slack.click("ana", "card.start", card["ts"])
        self.slack.wait_for(lambda: self.slack.view("ana"), "the form opens again")
        # Somebody's machine may send whatever it likes.
        tampered = json.loads(self.slack.view("ana")["private_metadata"]) | {"digest": "00000000"}
        since = self.newest("ana")
        self.slack.submit("ana", {"reason": HOSTILE},
                          change={"private_metadata": json.dumps(tampered)})
        card = self.told("ana", "plan 00000000 is not what would be done now", since)
        self.assertEqual([], self.bot.records())
        self.slack.click("ana", "card.start", card["ts"])
        self.slack.wait_for(lambda: self.slack.view("ana"), "the form opens once more")
        self.slack.submit("ana", {"reason": HOSTILE})
        self.await_run("running")

    def test_5_a_question_that_hangs_holds_up_no_order(self) -> None:
        self.bot.await_step("upgrade", "master1")
        self.click("bob", "run.pause", "pause is noted")
        # No script may be at work while the API server hangs.
        self.await_reply(self.await_run("paused")["ts"], "paused by a person before step")
        self.settle()
        self.lab.api.outage(8, "hang")
        self.slack.slash("ana", "nodes", payload={"command": COMMAND})
        since = self.newest("bob")
        began = time.monotonic()
        self.slack.click("bob", "run.resume", self.run_message()["ts"])
        self.told("bob", "resume is noted", since)
        took = time.monotonic() - began
        print(f"an order beside a question of 8 s: answered after {took * 1000:.0f} ms")
        self.assertLess(took, _ORDER_LIMIT_S)
        self.await_run("running")

    def test_6_resume_and_abort_by_their_cards(self) -> None:
        self.click("bob", "run.pause", "pause is noted")
        self.await_run("paused", 90)
        self.settle()
        card = self.answer("ana", "resume we are back", "Resume")
        self.press_card("ana", card, "resume is noted")
        self.assertEqual(["pause", "resume", "pause", "resume"],
                         [verb for verb, _ in self.orders()])

    def test_7_a_stranger_writes_the_alert(self) -> None:
        self.lab.monitoring.fire(_ALERT, team="storage", note=HOSTILE.replace("\u202e", ""))
        message = self.await_run("paused", 90)
        self.await_reply(message["ts"], "paused by the gate")

    def test_8_killed_between_the_end_of_the_run_and_its_last_message(self) -> None:
        card = self.answer("ana", "abort not today", "Abort")
        self.fail("chat.postMessage", "chat.update")
        self.press_card("ana", card, "abort is noted")
        self.assert_ended("aborted")
        self.bot.kill()
        self.assertNotEqual(set(), self.buttons())
        self.fail("files.getUploadURLExternal")
        self.again()
        message = self.await_run("aborted")
        self.assertEqual(set(), self.buttons())
        # With the way out, as if nothing had happened.
        self.await_reply(message["ts"], f"to carry on with what is left: {COMMAND} start")
        self.bot.kill()
        self.fail()
        self.again()
        self.slack.wait_for(lambda: len(self.files()) == 2, "a picture and a text", 60)
        self.again()
        until(60, lambda: self.metric("lockkeeper_slack_outbox_messages") == 0, "all is said")
        thread = [m for m in self.slack.channel(OPS) if m["thread_ts"] == message["ts"]]
        self.assertEqual(1, sum(m["broadcast"] and "ABORTED" in m["text"] for m in thread),
                         [m["text"] for m in thread])
        self.assertEqual(2, len(self.files()))

    def test_9_who_cannot_have_the_journal_holds_no_socket(self) -> None:
        dials = len(self.slack.journal("dial"))
        with self.lab.network.entered():
            second = subprocess.run([self.bot.binary, "serve", "-c", self.bot.config],
                                    capture_output=True, text=True, timeout=60, check=False)
        self.assertNotEqual(0, second.returncode)
        self.assertIn("journal", second.stderr)
        self.assertEqual(dials, len(self.slack.journal("dial")))
        self.slack.await_connected()

    def test_a_metrics_tell_of_it(self) -> None:
        self.assertEqual(1, self.metric("lockkeeper_slack_connected"))
        self.slack.disconnect("refresh_requested")
        until(30, lambda: self.metric("lockkeeper_slack_reconnects_total",
                                      reason="refresh_requested") == 1, "a reconnection counts")
        self.answer("ana", "status", "no run is open")
        self.assertGreaterEqual(
            self.metric("lockkeeper_slack_envelopes_total", type="slash_commands") or 0, 1)
        self.assertGreaterEqual(self.metric("lockkeeper_slack_ack_duration_seconds_count") or 0, 1)
        self.assertEqual(1, self.metric("lockkeeper_slack_api_calls_total",
                                        method="auth.test", result="ok"))
        until(30, lambda: self.metric("lockkeeper_slack_outbox_messages") == 0, "all is said")
        if shutil.which("promtool"):
            checked = subprocess.run(["promtool", "check", "metrics"], text=True, timeout=30,
                                     input=self.bot.get("/metrics"), capture_output=True,
                                     check=False)
            self.assertEqual((0, ""), (checked.returncode, checked.stdout + checked.stderr))

    def test_b_nobody_was_called(self) -> None:
        self.assertEqual([], [e for e in self.slack.journal(
            "message", "message_changed", "ephemeral") if e["mentions"]])
        self.assertNotIn("blocks that are not sent", self.bot.log_text())
        self.assertNotIn("/upgrade", json.dumps(self.slack.channel(OPS, "ana")))
