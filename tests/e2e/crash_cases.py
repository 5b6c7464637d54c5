# SPDX-License-Identifier: Apache-2.0
"""The bot dies at the worst moments of one run, four times. The run goes on where it was, and no
node script runs twice.
"""

from __future__ import annotations

import time

from bench import NEW, E2eCase
from bot import until

_SCRIPT_SECONDS = 4  # of kubeadm, so that there is a moment to die in
_STOP_LIMIT_S = 5.0


class Crashes(E2eCase):
    seed_extra = {"options": {"pod_stop_ms": 2000}}  # so that a drain can be hit

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        for node in cls.lab.nodes.values():
            node.write("/etc/lab/kubeadm-seconds", f"{_SCRIPT_SECONDS}\n")
        cls.holds = cls.lab.held_packages()

    def await_kubeadm(self, node: str) -> None:
        """Until kubeadm is at its work on the node."""
        until(60, lambda: self.bot.alive() and bool(self.lab.kubeadm_starts(node)),
              f"kubeadm begins on {node}", lambda: self.bot.command("status")["text"])

    def evictions(self) -> int:
        return sum(entry["path"].endswith("/eviction") for entry in self.writes())

    def test_1_killed_during_the_script_of_the_master(self) -> None:
        self.bot.start()
        self.start_run(NEW)
        self.await_kubeadm("master1")
        self.bot.kill()
        time.sleep(2)
        self.bot.start()
        self.assert_said("upgrade master1, which may have begun", "upgrade master1: done")

    def test_2_told_to_leave_during_the_script_of_a_worker(self) -> None:
        self.await_kubeadm("node2")
        began = time.monotonic()
        self.assertEqual(0, self.bot.stop())
        self.assertLess(time.monotonic() - began, _STOP_LIMIT_S)
        self.assertIsNone(self.bot.ending())
        self.bot.start()
        self.assert_said("upgrade node2, which may have begun", "upgrade node2: done")

    def test_3_killed_in_the_middle_of_a_drain(self) -> None:
        self.bot.await_step("drain", "node1")
        before = self.evictions()
        until(20, lambda: self.evictions() > before, "a pod of node1 is evicted")
        self.bot.kill()
        self.assertEqual(["node1"], self.lab.api.cordoned())
        self.bot.start()
        self.assert_said("drain node1, which may have begun", "drain node1: done")

    def test_4_killed_during_the_script_of_a_worker(self) -> None:
        self.await_kubeadm("node1")
        self.bot.kill()
        time.sleep(_SCRIPT_SECONDS + 6)  # the script ends with nobody listening
        self.assertIn(" end ", self.lab.kubeadm_log("node1")[-1])
        self.bot.start()
        self.assert_ended("done")

    def test_5_it_was_one_run_and_each_script_ran_once(self) -> None:
        self.assertEqual(1, sum(kind == "opened" for _, _, kind, _ in self.bot.records()))
        self.assert_one_start_each()
        intents = [body["step"] for _, _, kind, body in self.bot.records() if kind == "intent"]
        self.assertEqual(sorted(set(intents)), sorted(intents))
        self.assert_all_on(NEW)
        self.assertEqual([], self.lab.api.cordoned())
        self.assertEqual(self.holds, self.lab.held_packages())
