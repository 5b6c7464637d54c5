# SPDX-License-Identifier: Apache-2.0
"""Evictions, word for word as a real API server (1.34, 1.35) answered them."""

from __future__ import annotations

import time
from typing import Any

import world
from lab_server import Answer, await_true
from suite import PODS, Suite

OPTIONS: dict[str, Any] = {"pdb_lag_ms": 150}
BUDGETS = "/apis/policy/v1/namespaces/{}/poddisruptionbudgets"
VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."


def missing_client() -> str:
    return ""


class Evictions(Suite):
    def pods(self, count: int, **marks: str) -> None:
        for i in range(count):
            self.create(PODS, world.bare_pod(f"p{i}", {"app": "p"}, **marks))
        wanted = "Running" if marks else "True"
        await_true(lambda: all(self.state(f"p{i}") == wanted for i in range(count)), "pods run")

    def state(self, pod: str) -> str:
        """Ready's status; for pods that never get ready their phase."""
        body = self.server.get(f"{PODS.format(self.ns)}/{pod}").body
        ready = [c["status"] for c in body["status"].get("conditions", []) if c["type"] == "Ready"]
        return "True" if ready == ["True"] else body["status"]["phase"]

    def budget(self, allowed: int, **spec: Any) -> None:
        self.create(BUDGETS, world.budget("b", {"app": "p"}, self.ns, **spec))
        await_true(lambda: self.allowed() == allowed, f"{allowed} disruptions are allowed")

    def allowed(self) -> int:
        status = self.server.get(f"{BUDGETS.format(self.ns)}/b").body["status"]
        return status["disruptionsAllowed"] if "observedGeneration" in status else -1

    def evict(self, pod: str, **options: Any) -> Answer:
        return self.server.call("POST", f"{PODS.format(self.ns)}/{pod}/eviction",
                                world.eviction(pod, **options))

    def assert_exhausted(self, answer: Answer, why: str) -> None:
        self.assert_refused(answer, 429, "TooManyRequests", VIOLATES)
        self.assertEqual(answer.body["details"]["causes"],
                         [{"reason": "DisruptionBudget", "message": why}])

    def test_allowed_eviction_is_a_201_and_the_pod_stays_for_its_grace(self) -> None:
        self.pods(1)
        answer = self.evict("p0")
        self.assertEqual(answer.status, 201)
        self.assertEqual(answer.body, {"kind": "Status", "apiVersion": "v1", "metadata": {},
                                       "status": "Success", "code": 201})
        pod = self.server.get(f"{PODS.format(self.ns)}/p0")
        self.assertEqual(pod.body["metadata"]["deletionGracePeriodSeconds"], 30)
        self.assertIn("deletionTimestamp", pod.body["metadata"])
        await_true(lambda: self.server.get(f"{PODS.format(self.ns)}/p0").status == 404, "it goes")

    def test_exhausted_budget_is_a_429_without_retry_after(self) -> None:
        self.pods(3)
        self.budget(0, minAvailable=3)
        answer = self.evict("p1")
        self.assert_exhausted(answer,
                              "The disruption budget b needs 3 healthy pods and has 3 currently")
        self.assertIsNone(answer.headers["Retry-After"])

    def test_budget_is_spent_and_given_back_when_the_pod_is_replaced(self) -> None:
        self.create("/apis/apps/v1/namespaces/{}/deployments", world.deployment("p", 3, self.ns))
        self.budget(1, maxUnavailable=1)
        first, second = (pod["metadata"]["name"] for pod in self.server.get(
            PODS.format(self.ns)).body["items"][:2])
        self.assertEqual(self.evict(first).status, 201)
        self.assertEqual(self.evict(second).status, 429)
        status = self.server.get(f"{BUDGETS.format(self.ns)}/b").body["status"]
        self.assertEqual(status["disruptionsAllowed"], 0)
        await_true(lambda: self.allowed() == 1, "a replacement is ready")
        self.assertEqual(self.evict(second).status, 201)

    def test_budget_that_was_not_observed_yet_is_a_429_with_retry_after(self) -> None:
        self.pods(2)
        self.budget(1, minAvailable=1)
        body = self.server.get(f"{BUDGETS.format(self.ns)}/b").body
        body["spec"]["minAvailable"] = 0
        body.pop("status")
        self.server.call("PUT", f"{BUDGETS.format(self.ns)}/b", body)
        answer = self.evict("p0")
        self.assert_exhausted(answer,
                              "The disruption budget b is still being processed by the server.")
        self.assertEqual(answer.body["details"]["retryAfterSeconds"], 10)
        self.assertEqual(answer.headers["Retry-After"], "10")
        await_true(lambda: self.allowed() == 2, "the budget is observed")

    def test_two_budgets_on_one_pod_are_a_500_without_a_reason(self) -> None:
        self.pods(1)
        self.budget(1, minAvailable=0)
        self.create(BUDGETS, world.budget("c", {"app": "p"}, self.ns, minAvailable=0))
        answer = self.evict("p0")
        self.assert_refused(answer, 500, None,
                            "This pod has more than one PodDisruptionBudget, which the eviction "
                            "subresource does not support.")
        self.assertNotIn("reason", answer.body)

    def test_unknown_pod_and_bad_names(self) -> None:
        self.assert_refused(self.evict("ghost"), 404, "NotFound", 'pods "ghost" not found')
        path = f"{PODS.format(self.ns)}/p0/eviction"
        nameless = self.server.call("POST", path, world.eviction(""))
        self.assert_refused(nameless, 400, "BadRequest", "name must be provided")
        other = self.server.call("POST", path, world.eviction("p1"))
        self.assert_refused(other, 400, "BadRequest",
                            "name in URL does not match name in Eviction object")

    def test_the_budget_comes_before_the_uid(self) -> None:
        self.pods(1)
        self.budget(0, minAvailable=1)
        self.assertEqual(self.evict("p0", preconditions={"uid": "other"}).status, 429)

    def test_another_uid_is_a_409(self) -> None:
        self.pods(1)
        answer = self.evict("p0", preconditions={"uid": "other"})
        self.assertEqual((answer.status, answer.body["reason"]), (409, "Conflict"))
        self.assertIn("the UID in the precondition (other) does not match the UID in record",
                      answer.body["message"])
        self.assertEqual(self.state("p0"), "True")

    def test_unready_pods_follow_the_policy_of_their_budget(self) -> None:
        self.pods(2, lab_ready="never")
        self.budget(0, minAvailable=1)
        self.assertEqual(self.evict("p0").status, 429)
        self.server.call("PATCH", f"{BUDGETS.format(self.ns)}/b",
                         {"spec": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}},
                         content_type="application/merge-patch+json")
        self.assertEqual(self.evict("p0").status, 201)

    def test_pending_pods_cost_no_budget(self) -> None:
        self.budget(0, minAvailable=1)
        pod = world.bare_pod("p0", {"app": "p"}, node_name="")
        pod["spec"]["nodeSelector"] = {"no": "such-node"}
        self.create(PODS, pod)
        self.assertEqual(self.evict("p0").status, 201)
        self.assertEqual(self.server.get(f"{PODS.format(self.ns)}/p0").status, 404)

    def test_bare_pods_fail_the_sync_of_a_relative_budget(self) -> None:
        self.pods(1)
        self.budget(0, maxUnavailable=1)
        self.assert_exhausted(self.evict("p0"),
                              "The disruption budget b does not allow evicting pods currently "
                              'because it failed sync: found no controllers for pod "p0"')

    def test_a_dry_run_checks_and_spends_nothing(self) -> None:
        self.pods(2)
        self.budget(1, minAvailable=1)
        for _ in range(3):
            self.assertEqual(self.evict("p0", dryRun=["All"]).status, 201)
        self.assertEqual((self.allowed(), self.state("p0")), (1, "True"))

    def test_a_stuck_finalizer_keeps_the_pod(self) -> None:
        self.create(PODS, world.bare_pod("p0", {"app": "p"}, lab_finalizer_stuck="true"))
        await_true(lambda: self.state("p0") == "True", "it runs")
        self.assertEqual(self.evict("p0").status, 201)
        time.sleep(0.5)
        body = self.server.get(f"{PODS.format(self.ns)}/p0").body
        self.assertEqual(body["metadata"]["finalizers"], ["lab/stuck"])
        self.server.call("PATCH", f"{PODS.format(self.ns)}/p0",
                         {"metadata": {"finalizers": None}},
                         content_type="application/merge-patch+json")
        await_true(lambda: self.server.get(f"{PODS.format(self.ns)}/p0").status == 404, "it goes")
