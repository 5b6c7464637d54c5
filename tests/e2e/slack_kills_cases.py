# SPDX-License-Identifier: Apache-2.0
"""kill -9 at forty moments of a conversation: what people asked for happens once, and each run has
one message.
"""

from __future__ import annotations

import random
import threading
import time
from typing import Any

from bench import NEW
from bot import until
from slack_cases import SlackCase
from slack_workspace import OPS

Json = dict[str, Any]
_RUNS = 20  # with two kills each
_DEATH_WITHIN_S = 0.05  # of the command
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
            # Before the inbox, the acknowledgement or the effect: wherever it is.
            death = threading.Timer(lots.random() * _DEATH_WITHIN_S, self.bot.kill)
            death.start()
            envelope = self.slack.slash("ana", _START, wait=False)["envelope_id"]
            death.join(30)
            written += len(self.opened()) == number
            self.bot.start()
            self.slack.await_connected()
            acked += self.acked(envelope)
            # Slack delivers again what was not acknowledged, and sometimes what was.
            self.slack.tell("redeliver", envelope_id=envelope)
            until(60, lambda: len(self.opened()) >= number, f"run {number} is opened")
            time.sleep(lots.random() * 1.2)
            # While the run goes by and is told of.
            self.again()
            self.slack.tell("redeliver", envelope_id=envelope)
            until(60, lambda: self.bot.ending() is not None, f"run {number} ends")
            self.assertEqual(number, len(self.opened()))
        took = time.monotonic() - began
        print(f"{2 * _RUNS} kills in {took:.0f} s; of {_RUNS} commands {acked} had been "
              f"acknowledged and {written} obeyed when the bot died")

    def test_2_each_run_has_one_message_and_one_end(self) -> None:
        runs = self.opened()
        self.assertEqual(len(runs), len(set(runs)))
        until(120, lambda: all(self.ends(run) for run in runs), "every end is told",
              lambda: str([run for run in runs if not self.ends(run)]))
        until(60, lambda: self.metric("lockkeeper_slack_outbox_messages") == 0, "all is said")
        files = 0
        for run in runs:
            mine = [m for m in self.run_messages() if f" {run}: " in m["text"]]
            self.assertEqual(1, len(mine), [m["text"] for m in mine])
            self.assertIn(": dry, ", mine[0]["text"])
            self.assertNotIn("actions", [block["type"] for block in mine[0]["blocks"]])
            self.assertEqual(1, len(self.ends(run)), run)
            # Killed between Slack's share and its answer, it is not shared again.
            names = [file["name"] for m in self.thread(run) for file in m["files"]]
            self.assertEqual(sorted(set(names)), sorted(names))
            files += len(names)
        print(f"{files} of {2 * len(runs)} files")
        # A process does not know how much the one before it has said.
        self.assertEqual([], [e for e in self.slack.journal("api")
                              if e.get("error") and e["error"] != "ratelimited"])

    def thread(self, run: str) -> list[Json]:
        tops = {m["ts"] for m in self.run_messages() if f" {run}: " in m["text"]}
        return [m for m in self.slack.channel(OPS) if m["thread_ts"] in tops]

    def ends(self, run: str) -> list[Json]:
        return [m for m in self.thread(run) if m["broadcast"] and "dry run ended" in m["text"]]
