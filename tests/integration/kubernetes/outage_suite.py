# SPDX-License-Identifier: Apache-2.0
"""The API server away in every form, and watches that die or lie, while the bot is at work."""

from __future__ import annotations

from typing import Any

import cluster_suite
from lab_server import Json, await_true
from probe import Call, NeighbourSuite

# Pods that end slowly, so that every drain below is still under way when the fault begins.
SEED = cluster_suite.seed(pod_stop_ms=1500, pod_start_ms=100)


class OutageSuite(NeighbourSuite):
    def begin_drain(self, pods: int = 30, **words: Any) -> Call:
        self.add_node()
        self.add_pods(pods)
        self.forget_requests()
        call = self.start("drain", context="viewer", parallel=4, timeout="2s", **words)
        await_true(lambda: self.evictions() > 3, "the drain has begun")
        return call

    def assert_drained(self, outcome: Json) -> None:
        self.assertEqual(outcome["result"], "done", outcome)
        self.assertEqual(self.pods_on_node(), [])


class Outages(OutageSuite):
    def run_through(self, mode: str) -> None:
        call = self.begin_drain()
        self.outage(mode, 3)
        self.assert_drained(call.end().answer)

    def test_connections_refused(self) -> None:
        self.run_through("refuse")

    def test_answers_that_never_come(self) -> None:
        self.run_through("hang")

    def test_503(self) -> None:
        self.run_through("503")

    def test_429(self) -> None:
        self.run_through("429")

    def test_connections_reset(self) -> None:
        self.run_through("reset")

    def test_pages_instead_of_json(self) -> None:
        self.run_through("html")

    def test_a_control_plane_that_is_replaced(self) -> None:
        call = self.begin_drain()
        self.server.control("POST", "control-plane",
                            {"node": "cp1", "version": "1.34.2", "outage_seconds": 4})
        self.assert_drained(call.end().answer)

    def test_forbidden_right_after_an_outage(self) -> None:
        call = self.begin_drain()
        self.outage("refuse", 1.5)
        await_true(lambda: not self.is_there(), "the server is away")
        await_true(self.is_there, "the server is back")
        self.outage("403", 2)
        self.assert_drained(call.end().answer)

    def test_an_outage_that_outlasts_its_limit(self) -> None:
        call = self.begin_drain(outage="3s")
        self.outage("refuse", 8)
        outcome = call.end().answer
        self.assertEqual(outcome["result"], "failed")
        self.assertIn("the API server has been away for 3s", outcome["detail"])
        await_true(self.is_there, "the server is back", 20)
        self.assert_drained(self.probe("drain").answer)

    def is_there(self) -> bool:
        try:
            return self.server.get("/readyz").status == 200
        except OSError:
            return False

    def test_writes_wait_for_the_server_and_happen_once(self) -> None:
        self.add_node(cordoned=False)
        for mode in ("refuse", "503", "reset", "html"):
            with self.subTest(mode):
                self.outage(mode, 1.5)
                self.assertEqual(self.probe("cordon", timeout="2s").answer["result"], "done")
                self.outage(mode, 1.5)
                self.assertEqual(self.probe("uncordon", timeout="2s").answer["result"], "done")

    def test_a_snapshot_survives_it(self) -> None:
        run = f"r-{self.count}"
        call = self.start("snapshot", run=run, timeout="2s")
        await_true(lambda: any(job["metadata"]["name"].endswith(run) for job in self.get(
            "/apis/batch/v1/namespaces/default/jobs")["items"]), "the job is there")
        self.outage("refuse", 3)
        self.assertEqual(call.end().answer["result"], "done")


class Watches(OutageSuite):
    def test_a_watch_that_is_cut_is_opened_again(self) -> None:
        call = self.begin_drain()
        self.server.control("POST", "abort-watches")
        self.assert_drained(call.end().answer)

    def test_a_watch_that_dies_without_a_word_costs_seconds(self) -> None:
        call = self.begin_drain()
        self.server.control("POST", "freeze-watches", {"seconds": 60})
        seen = call.end()
        self.server.control("POST", "freeze-watches", {"seconds": 0})
        self.assert_drained(seen.answer)
        self.assertLess(seen.ms, 45_000)

    def test_a_compacted_history_makes_it_list_again(self) -> None:
        call = self.begin_drain()
        self.server.control("POST", "compact")
        self.server.control("POST", "abort-watches")
        self.assert_drained(call.end().answer)
