# SPDX-License-Identifier: Apache-2.0
"""Draining: the filters, every answer that an eviction can get, and what may happen meanwhile."""

from __future__ import annotations

from typing import Any

import cluster_suite
import world
from lab_server import Json, await_true
from probe import NeighbourSuite

SEED = cluster_suite.seed(pod_stop_ms=100, pod_start_ms=100)
BUDGETS = "/apis/policy/v1/namespaces/{}/poddisruptionbudgets"


class DrainSuite(NeighbourSuite):
    def setUp(self) -> None:
        super().setUp()
        self.add_node()

    def drain(self, **words: Any) -> Json:
        return self.probe("drain", context="viewer", **words).answer

    def assert_drained(self, outcome: Json) -> None:
        self.assertEqual(outcome["result"], "done", outcome)
        self.assertEqual(self.pods_on_node(), [])

    def assert_failed(self, outcome: Json, *words: str) -> None:
        self.assertEqual(outcome["result"], "failed", outcome)
        for word in words:
            self.assertIn(word, outcome["detail"])

    def budget(self, name: str = "web", **spec: Any) -> None:
        labels = spec.pop("labels", {"app": "web"})
        self.create(BUDGETS.format(self.ns), world.budget(name, labels, self.ns, **spec))
        await_true(lambda: self.get(f"{BUDGETS.format(self.ns)}/{name}")["status"]
                   .get("expectedPods", 0) > 0, "the budget is counted")

    def pod(self, name: str, **spec: Any) -> None:
        body = world.bare_pod(name, {"app": name}, self.node)
        body["spec"].update(spec)
        self.create(f"/api/v1/namespaces/{self.ns}/pods", body)
        await_true(lambda: name in self.running_on_node(), "the pod runs")


class Filters(DrainSuite):
    def test_a_full_node_is_emptied_with_about_one_request_a_pod(self) -> None:
        self.add_pods(250)
        self.forget_requests()
        seen = self.probe("drain", context="viewer")
        self.assert_drained(seen.answer)
        asked = sum(self.requests().values())
        print(f"drain of 250 pods: {seen.ms} ms, {asked} requests, {seen.rss_kib} KiB")
        self.assertEqual(self.evictions(), 250)
        self.assertLessEqual(asked, 275, self.requests())

    def test_daemon_and_mirror_pods_stay(self) -> None:
        await_true(lambda: any(p["spec"].get("nodeName") == self.node for p in self.get(
            "/api/v1/namespaces/kube-system/pods")["items"]), "the DaemonSet's pod is there")
        self.add_pods(1)
        outcome = self.drain()
        self.assert_drained(outcome)
        self.assertIn("1 pods evicted, 1 stay", outcome["detail"])

    def test_a_pod_without_controller_refuses_the_drain_unless_allowed(self) -> None:
        self.add_pods(1)
        self.pod("tool")
        self.forget_requests()
        self.assert_failed(self.drain(), f"{self.ns}/tool: no controller re-creates them")
        self.assertEqual(self.evictions(), 0)
        self.assert_drained(self.drain(ok=f"{self.ns}/tool"))

    def test_an_empty_dir_is_given_up_with_a_word(self) -> None:
        names = self.add_pods(1, volumes=[{"name": "x", "emptyDir": {"medium": "Memory"}}])
        seen = self.probe("drain")
        self.assert_drained(seen.answer)
        self.assertIn(f"{self.node}: {self.ns}/{names[0]}: deletes emptyDir data", seen.progress)

    def test_protected_pods_and_our_own_refuse_it(self) -> None:
        names = self.add_pods(1, annotations={"lockkeeper.io/protected": "true"})
        self.assert_failed(self.drain(), "annotated lockkeeper.io/protected")
        self.assert_failed(self.drain(own_pod=f"{self.ns}/{names[0]}"), "this bot's own pod")

    def test_a_node_that_is_not_cordoned_is_not_drained(self) -> None:
        self.add_pods(1)
        self.cordon(False)
        self.assert_failed(self.drain(), "it is not cordoned")

    def test_what_would_be_done_is_what_is_done(self) -> None:
        names = self.add_pods(2)
        lines = self.probe("would-drain").answer
        self.assertEqual(lines, [f"POST /api/v1/namespaces/{self.ns}/pods/{name}/eviction"
                                 for name in names])
        self.assertEqual(self.probe("observe-drain").answer["state"], "not_started")
        self.assert_drained(self.drain())
        self.assertEqual(self.probe("observe-drain").answer["state"], "done")


class Answers(DrainSuite):
    def test_a_budget_is_followed_to_the_end(self) -> None:
        self.add_pods(12)
        self.budget(maxUnavailable=2)
        self.forget_requests()
        seen = self.probe("drain", context="viewer")
        self.assert_drained(seen.answer)
        self.assertLess(self.evictions(), 12 + 14)
        print(f"drain of 12 pods, two at a time: {seen.ms} ms, {self.evictions()} evictions")

    def test_a_budget_that_blocks_is_named_with_its_numbers(self) -> None:
        names = self.add_pods(1)
        self.budget(minAvailable=1)
        outcome = self.drain(limit="7s")
        self.assert_failed(outcome, "not drained within 7s",
                           f"{self.ns}/{names[0]} (held by budget {self.ns}/web: "
                           "0 disruptions allowed, 1 healthy of 1 needed")
        self.assertEqual(self.pods_on_node(), names)

    def test_a_budget_that_is_edited_meanwhile_lets_the_pod_go(self) -> None:
        self.add_pods(1)
        self.budget(minAvailable=1)
        call = self.start("drain")
        await_true(lambda: self.evictions() > 0, "the pod was asked")
        self.patch(f"{BUDGETS.format(self.ns)}/web", {"spec": {"minAvailable": 0}})
        self.assert_drained(call.end().answer)

    def test_two_budgets_fail_fast_and_are_both_named(self) -> None:
        self.add_pods(1)
        self.budget("one", minAvailable=0)
        self.budget("two", minAvailable=0)
        seen = self.probe("drain")
        self.assert_failed(seen.answer, "more than one PodDisruptionBudget", f"{self.ns}/one",
                           f"{self.ns}/two")
        self.assertLess(seen.ms, 5_000)

    def test_a_lost_answer_is_looked_into_and_not_repeated(self) -> None:
        names = self.add_pods(3)
        self.forget_requests()
        self.fault("POST", f"{names[1]}/eviction", "drop_after")
        self.assert_drained(self.drain())
        self.assertLessEqual(self.evictions(), 4)

    def test_an_eviction_that_never_arrived_is_repeated(self) -> None:
        names = self.add_pods(3)
        self.fault("POST", f"{names[1]}/eviction", "drop_before", times=3)
        self.assert_drained(self.drain())

    def test_a_slow_answer_is_waited_for_elsewhere(self) -> None:
        names = self.add_pods(3)
        self.fault("POST", f"{names[1]}/eviction", "delay_ms", delay_ms=6_000)
        self.assert_drained(self.drain())

    def test_throttling_is_obeyed(self) -> None:
        self.add_pods(2)
        self.fault("POST", f"{self.ns}/.*/eviction", "status", status=429, times=4,
                   body="Too many requests, please try again later.", headers={"Retry-After": "1"})
        self.assert_drained(self.drain())

    def test_a_webhook_that_says_no_is_the_end_for_its_pod(self) -> None:
        self.add_pods(1)
        body = world_status(403, 'admission webhook "guard.example" denied the request: not now')
        self.fault("POST", f"{self.ns}/.*/eviction", "status", status=403, times=50, body=body)
        self.assert_failed(self.drain(), "guard.example")

    def test_a_right_that_is_missing_is_named(self) -> None:
        self.add_pods(1)
        body = world_status(403, 'pods "web" is forbidden: User "bot" cannot create resource')
        self.fault("POST", f"{self.ns}/.*/eviction", "status", status=403, times=50, body=body)
        self.assert_failed(self.drain(), 'User "bot" cannot create resource')


class Meanwhile(DrainSuite):
    def test_a_finalizer_that_stays_is_named(self) -> None:
        path = f"/api/v1/namespaces/{self.ns}/pods/{self.add_pods(1)[0]}"
        self.patch(path, {"metadata": {"finalizers": ["example.com/keep"]}})
        self.assert_failed(self.drain(limit="4s"), "finalizers example.com/keep")
        self.patch(path, {"metadata": {"finalizers": None}})

    def test_a_long_grace_is_said_first(self) -> None:
        names = self.add_pods(1, terminationGracePeriodSeconds=3600)
        seen = self.probe("drain", limit="10s")
        self.assertIn(f"{self.node}: {self.ns}/{names[0]} may take 1h to end, longer than "
                      "the limit of 10s", seen.progress)

    def test_somebody_who_uncordons_stops_it(self) -> None:
        self.add_pods(1)
        self.budget(minAvailable=1)
        call = self.start("drain")
        await_true(lambda: self.evictions() > 0, "the pod was asked")
        self.cordon(False)
        self.assert_failed(call.end().answer, "somebody uncordoned it during the drain")

    def test_a_node_that_is_deleted_stops_it(self) -> None:
        self.add_pods(1)
        self.budget(minAvailable=1)
        call = self.start("drain")
        await_true(lambda: self.evictions() > 0, "the pod was asked")
        self.server.call("DELETE", f"/api/v1/nodes/{self.node}")
        self.assertEqual(call.end().answer["result"], "failed")

    def test_an_order_to_stop_ends_it_between_two_evictions(self) -> None:
        self.add_pods(2)
        self.budget(minAvailable=2)
        call = self.start("drain")
        await_true(lambda: self.evictions() > 0, "a pod was asked")
        call.order_to_stop()
        seen = call.end()
        self.assertEqual(seen.answer["result"], "interrupted")
        self.assertEqual(self.probe("observe-drain").answer["state"], "not_started")

    def test_a_stateful_pod_that_returns_elsewhere_counts_as_gone(self) -> None:
        self.cordon(False)
        body = world.stateful_set("db", 1, self.ns)
        body["spec"]["template"]["spec"]["nodeSelector"] = {"kubernetes.io/hostname": self.node}
        self.create(f"/apis/apps/v1/namespaces/{self.ns}/statefulsets", body)
        await_true(lambda: self.running_on_node() == ["db-0"], "the pod runs")
        self.patch(f"/apis/apps/v1/namespaces/{self.ns}/statefulsets/db",
                   {"spec": {"template": {"spec": {"nodeSelector": None}}}})
        self.cordon(True)
        self.assert_drained(self.drain())
        await_true(lambda: [p["metadata"]["name"] for p in self.pods()] == ["db-0"], "it is back")

    def test_a_controller_that_returns_to_the_node_is_named(self) -> None:
        labels = {"app": "sticky"}
        self.cordon(False)
        body = world.deployment("sticky", 1, self.ns)
        body["spec"]["template"] = world.template(labels, nodeName=self.node)
        self.create(f"/apis/apps/v1/namespaces/{self.ns}/deployments", body)
        await_true(lambda: len(self.pods_on_node()) == 1, "the pod is on the node")
        self.cordon(True)
        self.assert_failed(self.drain(), "puts pods back onto the cordoned node")
        self.server.call("DELETE", f"/apis/apps/v1/namespaces/{self.ns}/deployments/sticky")

    def test_a_namespace_that_is_being_deleted_is_no_obstacle(self) -> None:
        self.add_pods(3)
        self.server.call("DELETE", f"/api/v1/namespaces/{self.ns}")
        outcome = self.drain()
        self.assertEqual(outcome["result"], "done", outcome)

    def test_a_killed_drain_is_taken_up_by_the_next(self) -> None:
        self.add_pods(30)
        self.budget(maxUnavailable=1)
        call = self.start("drain")
        await_true(lambda: self.evictions() > 3, "some pods were asked")
        call.kill()
        self.assertIn(self.probe("observe-drain").answer["state"], ("underway", "not_started"))
        self.assert_drained(self.drain())


def world_status(code: int, message: str) -> str:
    return ('{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden",'
            f'"message":"{message.replace(chr(34), chr(92) + chr(34))}","code":{code}}}')
