# SPDX-License-Identifier: Apache-2.0
"""Lists in pages and watches: what a client that lives on them relies on."""

from __future__ import annotations

import http.client
import time
from typing import Any

import world
from lab_server import Watch, await_true
from suite import Json, Suite

OPTIONS: dict[str, Any] = {"bookmark_seconds": 0.5}
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"


def missing_client() -> str:
    return ""


class OnConfigMaps(Suite):
    def setUp(self) -> None:
        super().setUp()
        self.path = f"/api/v1/namespaces/{self.ns}/configmaps"

    def add(self, name: str, **labels: str) -> Json:
        return self.create(self.path, world.config_map(name, labels=labels))

    def version(self) -> str:
        return self.server.get(self.path).body["metadata"]["resourceVersion"]

    def relabel(self, name: str, value: str | None) -> None:
        self.server.call("PATCH", f"{self.path}/{name}", {"metadata": {"labels": {"team": value}}},
                         content_type="application/merge-patch+json")

    def page_after(self, page: Json) -> Json:
        token = page["metadata"]["continue"]
        return self.server.get(f"{self.path}?limit=2&continue={token}").body

    def names(self, body: Json) -> list[str]:
        return [item["metadata"]["name"] for item in body["items"]]


class Lists(OnConfigMaps):
    def test_pages_show_one_moment_whatever_happens_meanwhile(self) -> None:
        for i in range(5):
            self.add(f"c{i}")
        first = self.server.get(f"{self.path}?limit=2").body
        self.assertEqual((self.names(first), first["metadata"]["remainingItemCount"]),
                         (["c0", "c1"], 3))
        self.server.call("DELETE", f"{self.path}/c3")
        self.add("c2b")
        second = self.page_after(first)
        self.assertEqual(self.names(second), ["c2", "c3"])
        third = self.page_after(second)
        self.assertEqual(self.names(third), ["c4"])
        self.assertNotIn("continue", third["metadata"])
        versions = {page["metadata"]["resourceVersion"] for page in (first, second, third)}
        self.assertEqual(len(versions), 1)

    def test_an_old_page_is_a_410_that_offers_the_inconsistent_rest(self) -> None:
        for i in range(3):
            self.add(f"c{i}")
        first = self.server.get(f"{self.path}?limit=1").body
        self.add("c0b")
        self.server.control("POST", "compact")
        answer = self.server.get(f"{self.path}?limit=1&continue={first['metadata']['continue']}")
        self.assertEqual((answer.status, answer.body["reason"]), (410, "Expired"))
        self.assertIn("The provided continue parameter is too old", answer.body["message"])
        rest = self.server.get(f"{self.path}?continue={answer.body['metadata']['continue']}").body
        self.assertEqual(self.names(rest), ["c0b", "c1", "c2"])

    def test_a_token_that_nobody_gave_out_is_a_400(self) -> None:
        self.assertEqual(self.server.get(f"{self.path}?continue=abc").status, 400)

    def test_a_version_that_has_not_been_reached_is_a_504(self) -> None:
        answer = self.server.get(f"{self.path}?resourceVersion=99999999")
        self.assertEqual((answer.status, answer.body["reason"]), (504, "Timeout"))
        self.assertEqual(answer.body["details"]["causes"][0]["reason"], "ResourceVersionTooLarge")
        self.assertTrue(answer.body["message"].startswith("Too large resource version: 99999999"))

    def test_an_exact_version_shows_the_past(self) -> None:
        self.add("c0")
        past = self.version()
        self.add("c1")
        body = self.server.get(
            f"{self.path}?resourceVersion={past}&resourceVersionMatch=Exact").body
        self.assertEqual(self.names(body), ["c0"])

    def test_label_selectors_speak_the_whole_grammar(self) -> None:
        self.add("a", team="red", tier="1")
        self.add("b", team="blue")
        self.add("c")
        for selector, expected in (
                ("team=red", ["a"]), ("team!=red", ["b", "c"]), ("team", ["a", "b"]),
                ("!team", ["c"]), ("team in (red,blue),tier", ["a"]),
                ("team notin (red)", ["b", "c"]),
                ("tier>0", ["a"]), ("team==blue", ["b"])):
            with self.subTest(selector):
                encoded = selector.replace(" ", "%20").replace(">", "%3E")
                body = self.server.get(f"{self.path}?labelSelector={encoded}").body
                self.assertEqual(self.names(body), expected)
        self.assertEqual(self.server.get(f"{self.path}?labelSelector=a%20b").status, 400)

    def test_field_selectors_that_are_not_offered_are_a_400(self) -> None:
        self.add("a")
        self.add("b")
        body = self.server.get(f"{self.path}?fieldSelector=metadata.name!=a").body
        self.assertEqual(self.names(body), ["b"])
        answer = self.server.get(f"{self.path}?fieldSelector=spec.color=red")
        self.assertEqual((answer.status, answer.body["message"]),
                         (400, "field label not supported: spec.color"))

    def test_pods_are_listed_by_node(self) -> None:
        body = self.server.get("/api/v1/pods?fieldSelector=spec.nodeName=cp1&limit=500").body
        self.assertIn("etcd-cp1", self.names(body))
        self.assertEqual({p["spec"]["nodeName"] for p in body["items"]}, {"cp1"})

    def test_metadata_can_be_asked_for_alone(self) -> None:
        self.add("a")
        body = self.server.get(self.path, accept=METADATA_ONLY).body
        self.assertEqual((body["kind"], body["apiVersion"]),
                         ("PartialObjectMetadataList", "meta.k8s.io/v1"))
        self.assertEqual(list(body["items"][0]), ["metadata"])


class Watches(OnConfigMaps):
    def watch(self, query: str) -> Watch:
        watch = self.server.watch(f"{self.path}?{query}")
        self.assertEqual((watch.status, watch.chunked), (200, True))
        self.addCleanup(watch.__exit__)
        return watch

    def seen(self, watch: Watch, count: int) -> list[tuple[str, str]]:
        return [(event["type"], event["object"]["metadata"].get("name", ""))
                for _, event in zip(range(count), watch)]

    def test_a_watch_ends_properly_at_its_timeout(self) -> None:
        watch = self.watch(f"timeoutSeconds=1&resourceVersion={self.version()}")
        self.add("a")
        before = time.monotonic()
        self.assertEqual(self.seen(watch, 9), [("ADDED", "a")])
        self.assertLess(time.monotonic() - before, 3)

    def test_a_watch_resumes_without_a_gap(self) -> None:
        since = self.version()
        self.add("a")
        self.relabel("a", "red")
        self.server.call("DELETE", f"{self.path}/a")
        watch = self.watch(f"timeoutSeconds=1&resourceVersion={since}")
        self.assertEqual(self.seen(watch, 9), [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")])

    def test_without_a_version_a_watch_begins_with_what_there_is(self) -> None:
        self.add("a")
        watch = self.watch("timeoutSeconds=1")
        self.add("b")
        self.assertEqual(self.seen(watch, 9), [("ADDED", "a"), ("ADDED", "b")])

    def test_an_old_version_is_an_error_event_inside_a_200(self) -> None:
        since = self.version()
        self.add("a")
        self.server.control("POST", "compact")
        events = list(self.watch(f"resourceVersion={since}"))
        self.assertEqual(len(events), 1)
        self.assertEqual(events[0]["type"], "ERROR")
        status = events[0]["object"]
        self.assertEqual((status["kind"], status["code"], status["reason"]),
                         ("Status", 410, "Expired"))
        self.assertTrue(status["message"].startswith(f"too old resource version: {since} ("))

    def test_a_watch_that_is_up_to_date_survives_a_compaction(self) -> None:
        watch = self.watch(f"timeoutSeconds=2&resourceVersion={self.version()}")
        self.add("a")
        self.assertEqual(self.seen(watch, 1), [("ADDED", "a")])
        self.server.control("POST", "compact")
        self.add("b")
        self.assertEqual(self.seen(watch, 1), [("ADDED", "b")])

    def test_entering_and_leaving_a_selection_is_coming_and_going(self) -> None:
        watch = self.watch("timeoutSeconds=1&labelSelector=team%3Dred"
                           f"&resourceVersion={self.version()}")
        self.add("a")
        self.relabel("a", "red")
        self.relabel("a", None)
        events = list(watch)
        self.assertEqual([event["type"] for event in events], ["ADDED", "DELETED"])
        # The client gets what it knew, at the version at which it went.
        self.assertEqual(events[1]["object"]["metadata"]["labels"], {"team": "red"})
        self.assertNotEqual(events[0]["object"]["metadata"]["resourceVersion"],
                            events[1]["object"]["metadata"]["resourceVersion"])

    def test_bookmarks_carry_nothing_but_a_version(self) -> None:
        watch = self.watch(f"allowWatchBookmarks=true&resourceVersion={self.version()}")
        event = watch.next()
        self.assertEqual((event["type"], event["object"]["kind"]), ("BOOKMARK", "ConfigMap"))
        self.assertIn("resourceVersion", event["object"]["metadata"])
        self.assertNotIn("name", event["object"]["metadata"])

    def test_initial_events_end_with_their_bookmark(self) -> None:
        self.add("a")
        watch = self.watch("sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
                           "&allowWatchBookmarks=true&timeoutSeconds=2")
        added, bookmark = watch.next(), watch.next()
        self.assertEqual((added["type"], bookmark["type"]), ("ADDED", "BOOKMARK"))
        self.assertEqual(bookmark["object"]["metadata"]["annotations"],
                         {"k8s.io/initial-events-end": "true"})
        answer = self.server.get(f"{self.path}?watch=1&sendInitialEvents=true")
        self.assertEqual(answer.status, 422)

    def test_a_frozen_watch_is_silent_and_catches_up(self) -> None:
        watch = self.watch(f"timeoutSeconds=5&resourceVersion={self.version()}")
        self.server.control("POST", "freeze-watches", {"seconds": 0.7})
        before = time.monotonic()
        self.add("a")
        self.assertEqual(self.seen(watch, 1), [("ADDED", "a")])
        self.assertGreater(time.monotonic() - before, 0.5)

    def test_an_aborted_watch_is_cut_in_the_middle(self) -> None:
        watch = self.watch(f"resourceVersion={self.version()}")
        self.add("a")
        watch.next()
        self.server.control("POST", "abort-watches")
        with self.assertRaises((OSError, http.client.IncompleteRead)):
            watch.read_rest()

    def test_the_deletion_of_a_pod_is_seen_step_by_step(self) -> None:
        pods = f"/api/v1/namespaces/{self.ns}/pods"
        self.create(pods, world.bare_pod("p", {"app": "p"}))
        await_true(lambda: self.server.get(f"{pods}/p").body["status"]["phase"] == "Running",
                   "p runs")
        since = self.server.get(pods).body["metadata"]["resourceVersion"]
        self.server.call("DELETE", f"{pods}/p")
        with self.server.watch(f"{pods}?timeoutSeconds=2&resourceVersion={since}") as watch:
            going, gone = watch.next(), watch.next()
        self.assertIn("deletionTimestamp", going["object"]["metadata"])
        self.assertEqual([going["type"], gone["type"]], ["MODIFIED", "DELETED"])
