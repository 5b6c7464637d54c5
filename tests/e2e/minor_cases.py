# SPDX-License-Identifier: Apache-2.0
"""The next minor version, with a control plane whose containerd is behind, and an API server that
is away for a quarter of a minute while it is replaced.
"""

from __future__ import annotations

from bench import NEXT_MINOR, E2eCase
from node_files import NEW_CONTAINERD, OLD_CONTAINERD, Layout

_OUTAGE_SECONDS = 15


class MinorUpgrade(E2eCase):
    layout = Layout(nodes=3, containerd_skew=True)

    def test_1_three_nodes_to_the_next_minor(self) -> None:
        self.lab.nodes["master1"].write("/etc/lab/outage-seconds", f"{_OUTAGE_SECONDS}\n")
        before = self.lab.package_versions()
        self.assertIn(OLD_CONTAINERD, before["master1"]["containerd.io"])
        holds = self.lab.held_packages()
        self.bot.start()
        self.run_through(NEXT_MINOR)
        self.assert_all_on(NEXT_MINOR)
        self.assertEqual(holds, self.lab.held_packages())
        self.assert_one_start_each()
        self.assertEqual([], self.lab.api.cordoned())
        for node, packages in self.lab.package_versions().items():
            self.assertIn(NEW_CONTAINERD, packages["containerd.io"], node)
            self.assertIn(NEXT_MINOR, packages["kubelet"], node)

    def test_2_containerd_came_first_then_the_sources_then_the_nodes(self) -> None:
        steps = [body["plan"]["steps"] for _, _, kind, body in self.bot.records()
                 if kind == "opened"][-1]
        order = list(dict.fromkeys(step["stage"] for step in steps))
        self.assertEqual(["preflight", "snapshot", "containerd", "repo", "master", "workers",
                          "postflight"], order)
        self.assertEqual([("containerd", "master1")],
                         [(s["action"], s["node"]) for s in steps if s["action"] == "containerd"])
        for name, node in self.lab.nodes.items():
            sources = node.read("/etc/apt/sources.list.d/kubernetes.list")
            self.assertIn("v1.35", sources, name)
            self.assertNotIn("v1.34", sources, name)

    def test_3_the_absence_of_the_api_server_was_sat_out(self) -> None:
        finished = [m for m in self.bot.messages() if "upgrade master1: done" in m["text"]]
        self.assertEqual(1, len(finished))
        self.assertEqual([], [m["text"] for m in self.bot.messages() if m["tone"] == "trouble"])
