# SPDX-License-Identifier: Apache-2.0
"""A run from Slack, from the plan to its last message, in the lab's workspace."""

from __future__ import annotations

import json
import re
from typing import Any

from bench import NEW, E2eCase
from bot import until
from slack_workspace import OPS, SlackWorkspace

Json = dict[str, Any]
# What a stranger might write as the reason: nobody may be called by it.
HOSTILE = "monthly <!channel> <@U0BOB> *patch* `x` <https://x.example|y> \u202e&amp;"


class SlackCase(E2eCase):
    """A bot that knows the workspace, and what people see there."""

    slack: SlackWorkspace
    slack_values: dict[str, str] = {}  # of the configuration
    command = "/upgrade"

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.slack = cls.enterClassContext(SlackWorkspace(cls.folder / "slack"))
        for name, token in (("app", cls.slack.app_token), ("bot", cls.slack.bot_token)):
            file = cls.folder / f"{name}.token"
            file.write_text(token + "\n")
            file.chmod(0o600)
        cls.bot.configure({
            "authority.admin": "console:*, http:lab, slack:U0ANA",
            "authority.operator": "slack-group:S0SRE",
            "slack.app_token_file": str(cls.folder / "app.token"),
            "slack.bot_token_file": str(cls.folder / "bot.token"),
            "slack.channel": OPS, "slack.api_url": cls.slack.api_url.rstrip("/"),
            "slack.ca_file": str(cls.slack.ca)} | cls.slack_values)
        cls.lab.nodes["master1"].write("/etc/lab/kubeadm-seconds", "5\n")
        cls.bot.start()
        cls.slack.await_connected()

    def answer(self, user: str, text: str, words: str) -> Json:
        """What only that person sees of the answer to a command."""
        since = self.newest(user)
        self.slack.slash(user, text, payload={"command": self.command})
        return self.told(user, words, since)

    def newest(self, user: str) -> str:
        return max((m["ts"] for m in self.slack.channel(OPS, user)), default="")

    def told(self, user: str, words: str, since: str) -> Json:
        def seen() -> Json | None:
            return next((m for m in self.slack.channel(OPS, user)
                         if m["ts"] > since and m.get("only_for")
                         and words in m["text"] + json.dumps(m["blocks"], ensure_ascii=False)),
                        None)
        return self.slack.wait_for(seen, f"{user} reads {words!r}", 30)

    def run_messages(self) -> list[Json]:
        """Those that stand in the channel by themselves."""
        return [m for m in self.slack.channel(OPS) if not m.get("only_for")
                and not m.get("thread_ts") and "[k8s-upgrade]" in m["text"]]

    def run_message(self) -> Json:
        messages = self.run_messages()
        self.assertEqual(1, len(messages), [m["text"] for m in messages])
        return messages[0]

    def buttons(self) -> set[str]:
        return {element["action_id"] for block in self.run_message()["blocks"]
                if block["type"] == "actions" for element in block["elements"]}

    def await_run(self, words: str, seconds: float = 40) -> Json:
        def shown() -> bool:
            self.bot.alive()
            return any(words in m["text"] for m in self.run_messages())
        until(seconds, shown, f"the run's message says {words!r}",
              lambda: str([m["text"] for m in self.run_messages()]))
        return self.run_message()

    def click(self, user: str, action: str, words: str, **more: Any) -> None:
        """On the run's message; what that person is told."""
        since = self.newest(user)
        self.slack.click(user, action, self.run_message()["ts"], **more)
        self.told(user, words, since)

    def settle(self) -> None:
        """Until the gate is clear again, and the message shows it."""
        def shown() -> bool:
            if "gate: clear" not in self.bot.command("status")["text"]:
                return False
            seq = [r[0] for r in self.bot.records() if r[2] not in ("intent", "outcome")][-1]
            return f'"run.{seq}"' in json.dumps(self.run_message()["blocks"])
        until(40, shown, "the run's message is up to date")

    def await_reply(self, ts: str, words: str) -> list[Json]:
        """The thread, when it has these words."""
        def told() -> list[Json]:
            thread = [m for m in self.slack.channel(OPS) if m["thread_ts"] == ts]
            return thread if any(words in m["text"] for m in thread) else []
        return self.slack.wait_for(told, f"the thread says {words!r}", 60)


class Slack(SlackCase):
    """From the plan to the last message, with a kill -9 on the way."""

    def test_1_who_is_who(self) -> None:
        self.answer("ana", "whoami", "you are slack:U0ANA, roles admin")
        self.answer("bob", "whoami", "you are slack:U0BOB, roles operator")
        self.answer("eve", "whoami", "without a role in [authority]")
        self.answer("eve", f"plan {NEW}", "who may: slack-group:S0SRE, console:*, http:lab")
        self.answer("ana", "plam", 'did you mean')
        self.answer("ana", "status", "no run is open")

    def test_2_a_typed_command_starts_nothing(self) -> None:
        plan = self.answer("bob", f"plan {NEW}", "1.34.2 -&gt; 1.34.7")
        self.assertIn("card.plan", json.dumps(plan["blocks"]))
        card = self.answer("ana", f"start v{NEW}", "Review &")
        digest = re.search(r"plan ([0-9a-f]{8})", card["text"])
        self.assertIsNotNone(digest, card["text"])
        self.answer("ana", f"start {NEW} \u2014confirm {digest[1]}", "Review &")
        self.assertNotIn("--confirm", json.dumps(self.slack.channel(OPS)))
        self.assertEqual([], self.bot.records())

    def test_3_a_fresh_click_and_a_reason_do(self) -> None:
        card = self.answer("ana", f"start {NEW}", "Review &")
        since = self.newest("ana")
        self.slack.click("ana", "card.start", card["ts"], action_ts="1795000000.000000")
        self.told("ana", "to arrive, so nothing was done", since)
        self.slack.click("ana", "card.start", card["ts"])
        self.slack.wait_for(lambda: self.slack.view("ana"), "the form opens")
        self.slack.submit("ana", {"reason": "       "})
        self.slack.wait_for(lambda: self.slack.view("ana").get("errors"), "it asks for a reason")
        self.assertEqual([], self.bot.records())
        self.slack.submit("ana", {"reason": HOSTILE})
        opened = self.bot_opened()
        self.assertEqual(("slack:U0ANA", "monthly <!channel> <@U0BOB>"),
                         (opened["by"], opened["reason"][:27]))
        self.await_run("running")
        self.assertEqual({"run.pause", "run.abort", "run.why"}, self.buttons())

    def bot_opened(self) -> Json:
        until(30, lambda: bool(self.bot.records()), "a run is opened")
        return next(body for _, _, kind, body in self.bot.records() if kind == "opened")

    def test_4_who_may_not_does_not(self) -> None:
        before = [r for r in self.bot.records() if r[2] == "ordered"]
        self.click("eve", "run.abort", "slack:U0EVE may not do this")
        self.assertEqual(before, [r for r in self.bot.records() if r[2] == "ordered"])

    def test_5_paused_by_its_button_and_killed(self) -> None:
        self.bot.await_step("upgrade", "master1")
        self.click("bob", "run.pause", "pause is noted")
        message = self.await_run("paused")
        self.assertIn("run.resume", self.buttons())
        self.await_reply(message["ts"], "paused by a person before step")
        self.bot.kill()
        self.bot.start()
        self.slack.await_connected()
        self.click("ana", "run.why", "paused by slack:U0BOB")
        self.settle()
        self.click("bob", "run.pause", "has moved on", stale=True)
        self.click("bob", "run.resume", "resume is noted")
        self.await_run("running")
        self.assertEqual(message["ts"], self.run_message()["ts"])

    def test_6_the_message_at_its_end(self) -> None:
        self.assert_ended("done")
        message = self.await_run("done")
        self.assertEqual(set(), self.buttons())
        thread = self.await_reply(message["ts"], "complete: 1.34.7")
        story = ["started by slack:U0ANA", "paused by a person", "goes on", "complete: 1.34.7"]
        found = [next(i for i, m in enumerate(thread) if word in m["text"]) for word in story]
        self.assertEqual(sorted(found), found)
        self.assertEqual([False, True, False, True], [thread[i]["broadcast"] for i in found])

        def shared() -> list:
            return [m["files"] for m in self.slack.channel(OPS) if m["files"]]

        files = self.slack.wait_for(lambda: shared() if len(shared()) > 1 else None, "two files")
        # The timeline as a picture and as a text.
        self.assertEqual(2, len(files))
        self.assertIn("Timeline of r-", json.dumps(files))
        self.answer("ana", "report", "upgraded: ")
        self.answer("ana", "report --json", "comes into this channel as a file")
        self.slack.wait_for(lambda: "report.json" in json.dumps(shared()), "the report's file")

    def test_7_nobody_was_called_and_nothing_was_refused(self) -> None:
        self.assertEqual([], [e for e in self.slack.journal(
            "message", "message_changed", "ephemeral") if e["mentions"]])
        refused = [e for e in self.slack.journal("api") if e.get("error")]
        self.assertEqual([], refused)
        self.assertNotIn("blocks that are not sent", self.bot.log_text())
        self.run_message()


class SlackApproval(SlackCase):
    """A start that another person approves, in the channel and in the App Home."""

    slack_values = {"authority.approvals": "1", "authority.approval_lifetime": "1m",
                    "authority.approver": "slack-group:S0SRE"}
    forgotten = ""  # the message of a start about which nobody decides

    def run_messages(self) -> list[Json]:
        return [m for m in super().run_messages() if ": a start " not in m["text"]]

    def cards(self) -> list[Json]:
        return [m for m in super().run_messages() if ": a start " in m["text"]]

    def ask(self, words: str) -> Json:
        """Ana asks for a start, whose message is in the channel when this returns."""
        known = {card["ts"] for card in self.cards()}
        card = self.answer("ana", f"start {words}", "Review &")
        self.assertIn("another person has to approve it", card["text"] + json.dumps(card["blocks"]))
        since = self.newest("ana")
        self.slack.click("ana", "card.start", card["ts"])
        self.slack.wait_for(lambda: self.slack.view("ana"), "the form opens")
        self.slack.submit("ana", {"reason": HOSTILE})
        self.told("ana", "nothing has started; it waits for approval until", since)
        return self.slack.wait_for(
            lambda: next((c for c in self.cards() if c["ts"] not in known), None), "a card", 30)

    def press(self, user: str, action: str, ts: str, words: str, **more: Any) -> None:
        since = self.newest(user)
        self.slack.click(user, action, ts, **more)
        self.told(user, words, since)

    def await_card(self, ts: str, words: str, seconds: float = 30) -> Json:
        def shown() -> Json | None:
            self.bot.alive()
            return next((c for c in self.cards() if c["ts"] == ts and words in c["text"]), None)
        return self.slack.wait_for(shown, f"the card says {words!r}", seconds)

    def await_home(self, user: str, *words: str) -> str:
        def shown() -> str | None:
            home = json.dumps(self.slack.home(user).get("blocks", []), ensure_ascii=False)
            return home if all(word in home for word in words) else None
        return self.slack.wait_for(shown, f"{user}'s home says {words}", 60)

    def kinds(self) -> list[str]:
        return [kind + ":" + body.get("ruling", "") for _, _, kind, body in self.bot.records()
                if kind in ("requested", "decided", "opened")]

    def test_1_a_start_that_nobody_will_decide_about(self) -> None:
        type(self).forgotten = self.ask(f"{NEW} --stages preflight")["ts"]
        self.bot.kill()
        self.bot.configure({"authority.approval_lifetime": "4h"})
        self.bot.start()
        self.slack.await_connected()

    def test_2_who_asked_is_refused_and_so_is_a_stranger(self) -> None:
        card = self.ask(NEW)
        digest = re.search(r"plan ([0-9a-f]{8})", card["text"])
        self.assertIsNotNone(digest, card["text"])
        self.press("ana", "request.approve", card["ts"], "another person has to approve it")
        self.answer("ana", f"approve {digest[1]}", "another person has to approve it")
        self.press("eve", "request.approve", card["ts"], "slack:U0EVE may not do this")
        self.press("bob", "request.approve", card["ts"], "to arrive, so nothing was done",
                   action_ts="1795000000.000000")
        self.answer("bob", f"approve {digest[1]}", "request.approve")
        self.await_card(card["ts"], "waits for approval")
        self.assertNotIn("opened:", self.kinds())

    def test_3_the_app_home_has_what_its_reader_may_press(self) -> None:
        card = self.cards()[-1]
        for user in ("ana", "bob", "eve"):
            self.slack.open_home(user)
        self.assertNotIn(NEW, self.await_home("eve", "without a role in [authority]"))
        self.assertNotIn("request.withdraw", self.await_home(
            "bob", "request.approve", "approve what others ask for"))
        home = self.await_home("ana", "request.withdraw", "API server: answered",
                               "Slack: connected")
        self.assertNotIn("request.approve", home)
        self.slack.click_in_view("ana", "request.withdraw", value=self.value_of(card))
        self.await_home("ana", "was withdrawn by slack:U0ANA")
        self.await_card(card["ts"], "is withdrawn")
        self.press("bob", "request.approve", card["ts"], "was withdrawn by slack:U0ANA", stale=True)

    def value_of(self, card: Json) -> str:
        return next(e["value"] for b in card["blocks"] if b["type"] == "actions"
                    for e in b["elements"])

    def test_4_another_person_approves_and_it_is_one_run(self) -> None:
        card = self.ask(NEW)
        self.press("bob", "request.approve", card["ts"], "approved: run r-")
        self.await_card(card["ts"], "is approved")
        self.press("bob", "request.approve", card["ts"], "was approved by slack:U0BOB", stale=True)
        self.await_run("running")
        self.await_home("bob", "approved by `slack:U0BOB`")
        self.assert_ended("done")
        self.assertEqual(1, self.kinds().count("opened:"))
        opened = next(body for _, _, kind, body in self.bot.records() if kind == "opened")
        self.assertEqual(("slack:U0ANA", "slack:U0BOB"),
                         (opened["by"], opened["approval"]["by"]))
        self.await_run("done")

    def test_5_the_first_one_has_expired_meanwhile(self) -> None:
        self.await_card(self.forgotten, "has expired", 90)
        told = self.slack.wait_for(lambda: [m["text"] for m in self.slack.channel("D0ANA")],
                                   "ana is told")
        self.assertTrue(any("is approved: plan" in text for text in told), told)
        self.press("bob", "request.approve", self.forgotten, "expired at", stale=True)
        self.assertEqual(3, len(self.cards()))

    def test_6_nobody_was_called_and_nothing_was_refused(self) -> None:
        self.assertEqual([], [e for e in self.slack.journal(
            "message", "message_changed", "ephemeral") if e["mentions"]])
        self.assertEqual([], [e for e in self.slack.journal("api") if e.get("error")])
        self.assertNotIn("blocks that are not sent", self.bot.log_text())


class SlackLoss(SlackCase):
    """Slack goes away in the middle of a run, where the settings want a pause for that."""

    slack_values = {"slack.on_slack_loss": "pause", "slack.loss_after": "10s"}

    def test_1_a_run_that_nobody_can_see_is_paused_once(self) -> None:
        self.start_run(NEW)
        self.await_run("running")
        self.slack.away()
        self.assert_said("paused by a person before step", "\n  slack-loss: Slack is out of reach")
        orders = [r[3] for r in self.bot.records() if r[2] == "ordered"]
        self.assertEqual(["slack-loss"], [order["by"] for order in orders])
        # A person without Slack may go on; the same loss does not pause it again.
        self.bot.surely("resume we see it elsewhere")
        self.bot.await_step("drain", "node2")
        self.assertEqual("ready\n", self.bot.get("/readyz"))
        self.slack.back()
        self.assert_ended("done")
        self.assertEqual(2, len([r for r in self.bot.records() if r[2] == "ordered"]))
        self.await_run("done")
        self.assertEqual(set(), self.buttons())
