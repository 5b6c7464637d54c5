# SPDX-License-Identifier: Apache-2.0
"""A patch upgrade of five nodes in which nothing goes wrong, and what is true afterwards."""

from __future__ import annotations

import re

from bench import NEW, OLD, E2eCase
from bot import until
from node_files import Layout

ORDER = ["master1", "node4", "node3", "node2", "node1"]


class PatchUpgrade(E2eCase):
    layout = Layout(nodes=5)

    def test_1_five_nodes_one_after_the_other(self) -> None:
        self.bot.start()
        holds = self.lab.held_packages()
        self.run_through(f"{NEW} --reason 'monthly patch'")
        self.assert_said("complete: 1.34.7 (5 of 5 nodes", "5 of 5 nodes report 1.34.7",
                         "started by http:lab: monthly patch")
        self.assert_all_on(NEW)
        self.assertEqual(NEW, self.lab.api.get("/version")["gitVersion"].removeprefix("v"))
        self.assertEqual(holds, self.lab.held_packages())
        self.assertEqual([], self.lab.api.cordoned())

    def test_2_kubeadm_was_started_once_on_each_in_the_order_of_the_plan(self) -> None:
        self.assert_one_start_each()
        starts = {name: self.lab.kubeadm_starts(name)[0] for name in self.lab.nodes}
        self.assertEqual(ORDER, sorted(starts, key=starts.__getitem__))
        wanted = dict.fromkeys(ORDER, "upgrade node") | {"master1": f"upgrade apply v{NEW}"}
        self.assertEqual(wanted,
                         {name: re.search(r"kubeadm (upgrade \w+( v[\d.]+)?)", line)[1]
                          for name, line in starts.items()})

    def test_3_each_node_was_cordoned_and_emptied_before_its_work(self) -> None:
        patches = [(entry["time"], entry["path"].rsplit("/", 1)[1]) for entry in self.writes()
                   if re.search(r"/nodes/\w+$", entry["path"].partition("?")[0])]
        for name in ORDER:
            start = self.lab.kubeadm_starts(name)[0].split()[0]
            end = self.lab.kubeadm_log(name)[-1].split()[0]
            before = [time for time, node in patches if node == name and time < start]
            after = [time for time, node in patches if node == name and time > end]
            self.assertEqual((1, 1), (len(before), len(after)), f"{name}: cordon and uncordon")
        evicted = [entry for entry in self.writes()
                   if entry["path"].endswith("/eviction") and entry["status"] == 201]
        self.assertGreaterEqual(len(evicted), len(ORDER))

    def test_4_the_cluster_remembers_the_snapshot_and_no_claim(self) -> None:
        notes = self.namespace_notes()
        self.assertIn("/backups/etcd-", notes["snapshot"])
        self.assertEqual({"fence", "snapshot"}, set(notes))

    def test_5_the_metrics_say_that_it_is_over(self) -> None:
        until(5, lambda: self.metric("k8s_upgrade_in_flight") == 0, "the metrics are set anew")
        self.assertEqual(0, self.metric("lockkeeper_run_in_progress"))
        self.assertEqual(0, self.metric("k8s_upgrade_started_timestamp"))
        self.assertEqual(1, self.metric("lockkeeper_gate_state", state="clear"))
        self.assertEqual(1, self.metric("lockkeeper_gate_source_up", source="prometheus"))

    def test_6_a_second_start_finds_nothing_to_do(self) -> None:
        mark = self.mark()
        answer = self.bot.command(f"start {NEW}")
        self.assertEqual((True, f"nothing to do: all 5 nodes run {NEW}", ""),
                         (answer["ok"], answer["text"], answer["confirm"]))
        self.assertEqual([], self.writes(mark))
        self.assertIn(f"{OLD} -> {NEW} done", self.bot.command("history")["text"])
