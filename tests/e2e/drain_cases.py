# SPDX-License-Identifier: Apache-2.0
"""A budget that can never allow an eviction, on the node that comes first among the workers."""

from __future__ import annotations

from bench import NEW, OLD, E2eCase

_STUCK = {"app": "stuck"}
_OBJECTS = [
    {"apiVersion": "apps/v1", "kind": "Deployment",
     "metadata": {"name": "stuck", "namespace": "shop"},
     "spec": {"replicas": 1, "selector": {"matchLabels": _STUCK},
              "template": {"metadata": {"labels": _STUCK},
                           "spec": {"containers": [{"name": "stuck", "image": "example/x:1"}],
                                    "nodeSelector": {"kubernetes.io/hostname": "node2"}}}}},
    {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
     "metadata": {"name": "stuck", "namespace": "shop"},
     "spec": {"minAvailable": 1, "selector": {"matchLabels": _STUCK}}},
]


class BlockedDrain(E2eCase):
    seed_extra = {"objects": _OBJECTS}

    def test_1_preflight_refuses_it_as_shipped(self) -> None:
        self.bot.start()
        mark = self.mark()
        self.start_run(NEW)
        self.assert_ended("refused")
        self.assert_said("BLOCKS: PodDisruptionBudget shop/stuck can never allow an eviction: ")
        self.assertEqual([], self.writes(mark))
        self.assert_nothing_ran()

    def test_2_where_it_only_warns_the_drain_runs_into_its_limit(self) -> None:
        self.bot.stop()
        self.bot.configure({"preflight.on_blocking_budget": "warn",
                            "upgrade.drain_timeout": "8s"})
        self.bot.start()
        self.start_run(NEW)
        self.assert_ended("failed")
        self.assert_said("warns: PodDisruptionBudget shop/stuck", "drain node2: failed, ")

    def test_3_the_node_takes_pods_again_and_the_rest_is_untouched(self) -> None:
        self.assertEqual([], self.lab.api.cordoned())
        self.assertEqual({"master1": NEW, "node1": OLD, "node2": OLD},
                         self.lab.api.kubelet_versions())
        self.assertEqual([], self.lab.kubeadm_starts("node2"))
        self.assertNotIn("run", self.namespace_notes())
        ending = [m["text"] for m in self.bot.messages() if m["ending"] == "failed"]
        self.assertEqual(1, len(ending))
        self.assertIn("budget shop/stuck", ending[0])
        self.assertIn(f"to carry on with what is left: /upgrade start {NEW}", ending[0])
