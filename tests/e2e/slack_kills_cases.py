# SPDX-License-Identifier: Apache-2.0
"""kill -9 at forty moments of a conversation: what people asked for happens once, and each run has
one message.
"""

from __future__ import annotations

import random
import time
from typing import Any

from bench import NEW
from bot import until
from slack_cases import SlackCase
from slack_workspace import OPS

Json = dict[str, Any]
_RUNS = 20  # with two kills each
_START = f"start {NEW} --dry-run"


class SlackKills(SlackCase):
    """Dry runs, because only what they say counts here. The gate opens as soon as it can see."""

    values = {"gate.poll_interval": "1s", "gate.resume_after": "1s"}

    def again(self) -> None:
        self.bot.kill()
        self.bot.start()
        self.slack.await_connected()

    def opened(self) -> list[str]:
        return [run for _, run, kind, _ in self.bot.records() if kind == "opened"]

    def acked(self, envelope: str) -> bool:
        return next(one["state"] for one in self.slack.deliveries()
                    if one["envelope_id"] == envelope) == "acked"

    def test_1_killed_at_forty_points_of_a_conversation(self) -> None:
        lots = random.Random(3)
        began, acked, written = time.monotonic(), 0, 0
        for number in range(1, _RUNS + 1):
            envelope = self.slack.slash("ana", _START, wait=False)["envelope_id"]
            time.sleep(lots.random() * 0.12)
            self.bot.kill()
            # Between the inbox, the acknowledgement and the effect: wherever it was.
            written += len(self.opened()) == number
            self.bot.start()
            self.slack.await_connected()
            acked += self.acked(envelope)
            # Slack delivers again what was not acknowledged, and sometimes what was.
            self.slack.tell("redeliver", envelope_id=envelope)
            until(20, lambda: len(self.opened()) >= number, f"run {number} is opened")
            time.sleep(lots.random() * 1.2)
            # While the run goes by and is told of.
            self.again()
            self.slack.tell("redeliver", envelope_id=envelope)
            until(30, lambda: self.bot.ending() is not None, f"run {number} ends")
            self.assertEqual(number, len(self.opened()))
        took = time.monotonic() - began
        print(f"{2 * _RUNS} kills in {took:.0f} s; of {_RUNS} commands {acked} had been "
              f"acknowledged and {written} obeyed when the bot died")

    def test_2_each_run_has_one_message_and_one_end(self) -> None:
        runs = self.opened()
        self.assertEqual(len(runs), len(set(runs)))

        def told() -> bool:
            return sum(bool(m["files"]) for m in self.slack.channel(OPS)) >= len(runs)
        until(120, told, "all is told", lambda: str(len(self.run_messages())))
        time.sleep(2)
        for run in runs:
            mine = [m for m in self.run_messages() if f" {run}: " in m["text"]]
            self.assertEqual(1, len(mine), [m["text"] for m in mine])
            self.assertIn("done", mine[0]["text"])
            self.assertNotIn("actions", [block["type"] for block in mine[0]["blocks"]])
            thread = [m for m in self.slack.channel(OPS) if m["thread_ts"] == mine[0]["ts"]]
            self.assertEqual(1, sum(bool(m["files"]) for m in thread), run)
        self.assertEqual([], [e for e in self.slack.journal("api") if e.get("error")])
