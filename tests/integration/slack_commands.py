# SPDX-License-Identifier: Apache-2.0
"""What people do reaches the bot once, whatever happens to either side."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

from slack_bot import SlackBot
from slack_workspace import SlackWorkspace

Json = dict[str, Any]
PAUSE = {"type": "actions", "elements": [
    {"type": "button", "action_id": "run.pause", "value": "r-1:3",
     "text": {"type": "plain_text", "text": "Pause"}}]}
MODAL = {"type": "modal", "callback_id": "upgrade.start",
         "title": {"type": "plain_text", "text": "Start upgrade"},
         "submit": {"type": "plain_text", "text": "Start"},
         "blocks": [{"type": "input", "block_id": "reason",
                     "label": {"type": "plain_text", "text": "Reason"},
                     "element": {"type": "plain_text_input", "action_id": "in"}}]}


def _deed(slack: SlackWorkspace, bot: SlackBot, number: int) -> Json:
    slack.wait_for(lambda: len(bot.deeds) > number, f"deed {number}")
    return bot.deeds[number]


def every_kind_of_deed(probe: str, folder: Path) -> None:
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        slack.await_connected()
        fate = slack.slash("ana", "plan &lt;now&gt; <@U0BOB|bob>")
        assert fate["acks"][0]["payload"]["response_type"] == "ephemeral", fate
        typed = _deed(slack, bot, 0)
        assert typed["text"] == "plan <now> <@U0BOB>" and typed["user"] == "U0ANA", typed
        bot.do("answer", url=typed["response_url"], text="planned")
        slack.await_message("ops-upgrades", "planned")

        bot.do("post", name="run:r-1", text="[k8s-upgrade] run", blocks=[PAUSE])
        message = slack.await_message("ops-upgrades", "[k8s-upgrade] run")
        assert slack.click("bob", "run.pause", message["ts"])["state"] == "acked"
        pressed = _deed(slack, bot, 1)
        assert (pressed["action"], pressed["value"]) == ("run.pause", "r-1:3"), pressed

        opened = bot.do("modal", trigger=pressed["trigger"], view=MODAL)
        assert opened["ok"], opened
        assert bot.do("modal", trigger=pressed["trigger"], view=MODAL)["error"] in (
            "exchanged_trigger_id", "expired_trigger_id"), "a trigger opens one modal"
        # Sent back with an error, corrected, and sent again with the same hash.
        slack.submit("bob", {"reason": "x"})
        assert slack.view("bob")["errors"] == {"reason": "too short"}, slack.view("bob")
        assert slack.submit("bob", {"reason": "CVE-2026-1111"})["state"] == "acked"
        sent = _deed(slack, bot, 3)
        assert sent["inputs"] == {"reason.in": "CVE-2026-1111"}, sent
        assert slack.view("bob") == {}, slack.view("bob")

        slack.open_home("ana")
        assert _deed(slack, bot, 4)["user"] == "U0ANA"
        assert bot.do("members", group="S0SRE")["error"] in ("", "no_such_subteam")


def copies_are_dropped_across_restarts(probe: str, folder: Path) -> None:
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        slack.await_connected()
        envelope = slack.slash("ana", "status")["envelope_id"]

        def acks() -> int:
            return next(len(one["acks"]) for one in slack.deliveries()
                        if one["envelope_id"] == envelope)
        for copy in range(2, 4):
            slack.tell("redeliver", envelope_id=envelope)
            slack.wait_for(lambda: acks() == copy, "the copy is acknowledged")
        slack.disconnect()
        slack.wait_for(lambda: bot.health()["dials"] == 2, "another socket")
        slack.tell("redeliver", envelope_id=envelope)
        slack.wait_for(lambda: acks() == 4, "the copy on another socket is acknowledged")
        bot.kill()
        bot.start()
        slack.wait_for(lambda: bot.health()["connected"], "the bot is back")
        time.sleep(0.2)
        slack.tell("redeliver", envelope_id=envelope)
        slack.wait_for(lambda: acks() == 5, "the copy after a restart is acknowledged")
        time.sleep(0.3)
        assert len(bot.deeds) == 1 and len(bot.effects()) == 1, bot.deeds


def killed_at_forty_points(probe: str, folder: Path) -> None:
    """kill -9 between the envelope, the inbox, the acknowledgement and the effect."""
    lots = random.Random(1)
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        slack.wait_for(lambda: bot.health()["connected"], "connected")
        acked = set()
        for number in range(40):
            if number % 2:
                bot.do("slow", ms=lots.choice((0, 5, 20)))
            envelope = slack.slash("ana", f"status {number}", wait=False)["envelope_id"]
            time.sleep(lots.random() * 0.02)
            bot.kill()
            bot.start()
            slack.wait_for(lambda: bot.health()["connected"], "connected again")
            fate = next(one for one in slack.deliveries() if one["envelope_id"] == envelope)
            if fate["state"] == "acked":
                acked.add(number)
            # Slack delivers what was not acknowledged again, and sometimes what was.
            slack.tell("redeliver", envelope_id=envelope)
        slack.wait_for(lambda: len(bot.effects()) >= 40, "forty effects")
        time.sleep(0.3)
        effects = bot.effects()
        assert len(effects) == len(set(effects)) == 40, effects
        print(f"{len(acked)} of 40 had been acknowledged when the bot died")


def not_for_this_bot(probe: str, folder: Path) -> None:
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        slack.await_connected()
        other = slack.slash("ana", "status", payload={"api_app_id": "A0OTHER"})
        assert "A0OTHER" in other["acks"][0]["payload"]["text"], other
        named = slack.slash("ana", "status", payload={"command": "/other"})
        assert named["acks"][0]["payload"]["text"] == "This bot answers to /upgrade.", named
        time.sleep(0.2)
        assert not bot.deeds and not bot.effects(), bot.deeds


CASES = (every_kind_of_deed, copies_are_dropped_across_restarts, killed_at_forty_points,
         not_for_this_bot)
