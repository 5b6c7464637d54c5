# SPDX-License-Identifier: Apache-2.0
"""Alerts from the real Prometheus through the real Alertmanager: one that aborts, one that pauses,
and none at all because Prometheus is away.
"""

from __future__ import annotations

import signal

from bench import NEW, OLD, E2eCase
from bot import until
from node_files import Layout

_FATAL = "etcdNoLeader"  # the shipped rule `etcd` aborts
_UNKNOWN = "LabTrouble"  # no rule knows it: default_action pauses


class Gate(E2eCase):
    layout = Layout(nodes=4)

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.lab.nodes["master1"].write("/etc/lab/kubeadm-seconds", "5\n")
        for name in (_FATAL, _UNKNOWN):
            cls.lab.monitoring.declare(name)
        cls.bot.start()
        # Prometheus has just read its rules; one that it has not evaluated yet is not trusted.
        until(15, lambda: "nothing holds" in cls.bot.command("why")["text"], "the gate is open")

    def worked_on(self) -> list[str]:
        return [name for name in self.lab.nodes if self.lab.kubeadm_starts(name)]

    def test_1_a_dry_run_tells_everything_and_changes_nothing(self) -> None:
        mark, holds = self.mark(), self.lab.held_packages()
        answer = self.bot.command(f"start {NEW} --dry-run")
        self.assertRegex(answer["text"], r"^run r-\w+ is open: .* \(patch, dry run\), 4 nodes")
        self.assert_ended("dry")
        self.assertEqual([], self.writes(mark))
        self.assert_nothing_ran()
        self.assertEqual(holds, self.lab.held_packages())
        steps = [body["plan"]["steps"] for _, _, kind, body in self.bot.records()
                 if kind == "opened"][0]
        told = {(s["action"], s["node"]): self.told(s["number"]) for s in steps}
        self.assertIn(f"WOULD: on master1: kubeadm upgrade apply v{NEW}",
                      told["upgrade", "master1"])
        self.assertIn("WOULD: on node2: kubeadm upgrade node", told["upgrade", "node2"])
        # Only DaemonSets and static pods run on the control plane.
        self.assertIn("nothing to do", told.pop(("drain", "master1")))
        silent = [step for step, text in told.items()
                  if "WOULD: " not in text and step[0] != "check"]
        self.assertEqual([], silent)

    def told(self, step: int) -> str:
        """What the dry run said about this step."""
        return "".join(message["text"] for message in self.bot.messages()
                       if f": step {step}: " in message["text"])

    def test_2_an_alert_that_aborts_lets_the_node_in_hand_become_whole(self) -> None:
        self.start_run(NEW)
        self.bot.await_step("upgrade", "master1")
        self.lab.monitoring.fire(_FATAL, severity="critical")
        self.assert_said("aborting at the next safe point\n", f"{_FATAL}{{")
        self.bot.kill()
        self.bot.start()
        self.assert_ended("aborted")
        self.assertEqual(["master1"], self.worked_on())
        self.assertEqual(NEW, self.lab.api.kubelet_versions()["master1"])
        self.assertEqual([], self.lab.api.cordoned())
        self.assert_said(f"to carry on with what is left: /upgrade start {NEW}")

    def test_3_as_long_as_it_fires_a_new_run_ends_before_it_begins(self) -> None:
        mark = self.mark()
        self.start_run(NEW)
        self.assert_ended("aborted")
        self.assert_said("ABORTED (0 of 3 nodes")
        self.assertEqual([], self.writes(mark))
        self.lab.monitoring.resolve(_FATAL)
        self.lab.monitoring.await_resolved(_FATAL)
        until(15, lambda: "nothing holds" in self.bot.command("why")["text"], "the gate is open")

    def test_3_b_rules_are_read_again_without_a_restart(self) -> None:
        rules = self.bot.folder / "rules.ini"
        text = rules.read_text()
        rules.write_text(text + "\n[rule lab]\nmatch = team=\"lab\"\nacton = notify\n")
        self.assert_said("the configuration was not taken over, 1 error; rules ")
        self.assert_said("unknown key \"acton\" in [rule lab] (did you mean \"action\"?)")
        self.assertEqual(0, self.metric("lockkeeper_config_last_reload_successful"))
        self.assertNotIn(" lab (", self.bot.command("rules")["text"])
        rules.write_text(text + "\n[rule lab]\nmatch = team=\"lab\"\naction = notify\n")
        self.assert_said("are in force, 1 change:\n  rule lab added: notify")
        until(5, lambda: self.metric("lockkeeper_config_last_reload_successful") == 1, "it is told")
        self.assertIn(" lab (", self.bot.command("rules")["text"])
        self.assertEqual([("", "rules", ["rule lab added: notify"])],
                         [(run, kind, body["changes"]) for _, run, kind, body in
                          self.bot.records() if kind == "rules"])
        self.bot.process.send_signal(signal.SIGHUP)
        self.assert_said("read again, nothing has changed; rules ")

    def test_4_an_alert_between_nodes_pauses_until_it_ends(self) -> None:
        self.lab.api.cordon("node1")
        self.start_run(NEW)
        self.bot.await_step("upgrade", "node3")
        self.lab.monitoring.fire(_UNKNOWN, team="storage")
        self.assert_said("paused by the gate before step")
        self.assertEqual({"master1", "node3"}, set(self.worked_on()))
        self.assertIn(f"gate: {_UNKNOWN}{{", self.bot.command("why")["text"])
        until(5, lambda: self.metric("lockkeeper_run_in_progress") == 0, "the metrics say so")
        self.assertEqual(1, self.metric("lockkeeper_gate_state", state="paused"))
        self.assertEqual(1, self.metric("k8s_upgrade_in_flight"))
        self.assertNotIn("node2", self.lab.api.cordoned())
        self.lab.monitoring.resolve(_UNKNOWN)
        self.assert_said("goes on, was paused by the gate for")
        self.assertEqual(1, self.metric("lockkeeper_gate_decisions_total", action="pause",
                                        rule="default_action"))
        self.assertGreater(self.metric("lockkeeper_pause_seconds_total", rule="default_action"), 1)
        self.assertGreaterEqual(
            self.metric("lockkeeper_node_phase_duration_seconds_count", phase="upgrade"), 2)

    def test_5_without_prometheus_nothing_new_is_begun(self) -> None:
        self.bot.await_step("upgrade", "node2")
        self.lab.monitoring.stop_server("prometheus")
        self.assert_said("blind")
        self.assertIn("blind", self.bot.command("status")["text"])
        until(30, lambda: OLD not in self.lab.api.kubelet_versions()["node2"], "node2 is finished")
        self.assertNotIn("node1", self.worked_on())
        self.lab.monitoring.start_server("prometheus")
        self.assert_ended("done")
        self.assertEqual(2, sum("goes on, was paused by the gate" in message["text"]
                                for message in self.bot.messages()))

    def test_6_a_cordon_that_a_person_made_is_never_lifted(self) -> None:
        self.assertEqual(["node1"], self.lab.api.cordoned())
        self.assert_said("node1: cordoned by somebody else, and will stay so")
        self.assert_all_on(NEW)
        self.assert_one_start_each()
