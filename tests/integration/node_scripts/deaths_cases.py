# SPDX-License-Identifier: Apache-2.0
"""Deaths at bad moments: of the connection, of the bot, of the job, of the node."""

from __future__ import annotations

import random
import signal
import time

from bench import NEW, UNKNOWN, NodeCase

_SEED = 20261120
_DEATHS = 6


class DeathCase(NodeCase):
    def test_a_cut_cable_and_a_killed_bot_do_not_disturb_the_job(self) -> None:
        node = self.fresh("node1")
        node.write("/etc/lab/kubeadm-hang", "8\n")
        with self.holds_kept(node):
            bot = self.start(node, action="upgrade")
            step = self._step
            self.await_log(node, "kubeadm upgrade node")
            bot.send_signal(signal.SIGKILL)
            bot.wait()
            second = self.start(node, action="upgrade", step=step)
            time.sleep(1)
            node.cut()
            time.sleep(6)
            node.heal()
            self.assertEqual("done", self.finish(second)["result"])
        self.assert_runs(node, NEW)
        self.assertEqual(1, len(self.lab.kubeadm_starts("node1")))

    def test_two_bots_at_once_start_one_job_and_an_older_run_is_refused(self) -> None:
        node = self.fresh("node1")
        first = self.start(node, action="upgrade", fence=7)
        second = self.start(node, action="upgrade", fence=7, step=self._step)
        other = self.act(node, action="upgrade", run="r-old", fence=6)
        self.assertEqual("failed", other["result"])
        self.assertIn("a newer run has been here", other["detail"])
        self.assertEqual(["done", "done"], [self.finish(bot)["result"] for bot in (first, second)])
        self.assertEqual(1, len(self.lab.kubeadm_starts("node1")))

    def test_a_killed_job_is_unknown_its_holds_are_back_and_the_next_run_finishes(self) -> None:
        node = self.fresh("node1")
        node.write("/etc/lab/kubeadm-hang", "60\n")
        with self.holds_kept(node):
            bot = self.start(node, action="upgrade")
            step = self._step
            self.await_log(node, "kubeadm upgrade node")
            self.on(node, f"sudo systemctl kill -s KILL lockkeeper-r-test-{step}")
            outcome = self.finish(bot)
            self.assertEqual("failed", outcome["result"])
            self.assertIn("it was killed: how far it got is unknown", outcome["detail"])
        self.assertEqual(UNKNOWN, self.ask(node, "observe", action="upgrade", step=step)["state"])
        node.remove("/etc/lab/kubeadm-hang")
        with self.holds_kept(node):
            self.done(node, action="upgrade", run="r-next", fence=2)
        self.assert_runs(node, NEW)

    def test_a_power_cut_is_told_apart_and_a_vouched_step_is_carried_out_again(self) -> None:
        node = self.fresh("node1")
        node.write("/etc/lab/kubeadm-hang", "60\n")
        before = self.holds(node)
        bot = self.start(node, action="upgrade")
        step = self._step
        self.await_log(node, "kubeadm upgrade node")
        node.kill()
        node.start()
        outcome = self.finish(bot)
        self.assertIn("the node was restarted while it ran", outcome["detail"])
        node.remove("/etc/lab/kubeadm-hang")
        self.assertEqual("failed", self.act(node, action="upgrade", step=step)["result"])
        self.done(node, action="upgrade", step=step, vouched="yes")
        self.assert_runs(node, NEW)
        self.assertEqual(before, self.holds(node))

    def test_a_job_killed_at_any_moment_leaves_a_node_that_the_next_run_finishes(self) -> None:
        moments = random.Random(_SEED)
        for number in range(_DEATHS):
            node = self.fresh("node2")
            with self.subTest(number), self.holds_kept(node):
                bot = self.start(node, action="upgrade", run="r-dead")
                time.sleep(moments.uniform(0.3, 12))
                unit = f"lockkeeper-r-dead-{self._step}"
                self.on(node, f"sudo systemctl kill -s KILL {unit} 2>/dev/null || true")
                self.finish(bot)
                self.done(node, action="upgrade", run="r-next", fence=2)
                self.assert_runs(node, NEW)

    def test_an_orderly_reboot_lets_the_step_finish_first(self) -> None:
        node = self.fresh("node1")
        node.write("/etc/lab/kubeadm-hang", "6\n")
        boot = node.boot_id
        with self.lab.network.entered():
            first_boot = boot()
        bot = self.start(node, action="upgrade")
        self.await_log(node, "kubeadm upgrade node")
        with self.lab.network.entered():
            node.reboot()
        self.finish(bot)
        with self.lab.network.entered():
            node.await_login()
            self.assertNotEqual(first_boot, boot())
        # Not killed half-way: kubeadm came to its end before the node went down.
        self.assertIn(" end ", "\n".join(self.lab.kubeadm_log("node1")))
        with self.holds_kept(node):
            self.done(node, action="upgrade", run="r-next", fence=2)
        self.assert_runs(node, NEW)
