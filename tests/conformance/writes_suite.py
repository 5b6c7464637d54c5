# SPDX-License-Identifier: Apache-2.0
"""Creates, updates, patches and deletions: preconditions, conflicts and their exact words."""

from __future__ import annotations

from typing import Any

import world
from lab_server import Answer, await_true
from suite import PODS, Json, Suite

OPTIONS: dict[str, Any] = {}


def missing_client() -> str:
    return ""


class Writes(Suite):
    def setUp(self) -> None:
        super().setUp()
        self.path = f"/api/v1/namespaces/{self.ns}/configmaps"
        self.create(self.path, world.config_map("c", {"a": "1"}))

    def patch(self, body: Any, kind: str, name: str = "c") -> Answer:
        return self.server.call("PATCH", f"{self.path}/{name}", body,
                                content_type=f"application/{kind}")

    def test_a_name_that_is_taken_is_a_409(self) -> None:
        answer = self.server.call("POST", self.path, world.config_map("c"))
        self.assert_refused(answer, 409, "AlreadyExists", 'configmaps "c" already exists')

    def test_a_bad_name_is_a_422_with_its_field(self) -> None:
        answer = self.server.call("POST", self.path, world.config_map("Not_A_Name"))
        self.assertEqual((answer.status, answer.body["reason"]), (422, "Invalid"))
        self.assertEqual(answer.body["details"]["causes"][0]["field"], "metadata.name")

    def test_a_stale_version_is_a_409(self) -> None:
        body = self.server.get(f"{self.path}/c").body
        body["metadata"]["resourceVersion"] = "1"
        answer = self.server.call("PUT", f"{self.path}/c", body)
        message = ('Operation cannot be fulfilled on configmaps "c": the object has been modified; '
                   "please apply your changes to the latest version and try again")
        self.assert_refused(answer, 409, "Conflict", message)
        stale = {"metadata": {"resourceVersion": "1"}, "data": {"a": "2"}}
        self.assert_refused(self.patch(stale, "merge-patch+json"), 409, "Conflict", message)

    def test_a_json_patch_whose_test_fails_is_a_422(self) -> None:
        answer = self.patch([{"op": "test", "path": "/data/a", "value": "9"},
                             {"op": "remove", "path": "/data/a"}], "json-patch+json")
        self.assertEqual((answer.status, answer.body["reason"]), (422, "Invalid"))
        self.assertEqual(self.server.get(f"{self.path}/c").body["data"], {"a": "1"})
        good = self.patch([{"op": "test", "path": "/data/a", "value": "1"},
                           {"op": "add", "path": "/metadata/annotations", "value": {"x/y": "z"}},
                           {"op": "remove", "path": "/metadata/annotations/x~1y"}],
                          "json-patch+json")
        self.assertEqual(good.status, 200)

    def test_unknown_patch_types_are_a_415(self) -> None:
        self.assertEqual(self.patch({}, "json").status, 415)

    def test_a_write_that_changes_nothing_keeps_the_version(self) -> None:
        before = self.server.get(f"{self.path}/c").body["metadata"]["resourceVersion"]
        answer = self.patch({"data": {"a": "1"}}, "merge-patch+json")
        self.assertEqual(answer.body["metadata"]["resourceVersion"], before)

    def test_a_dry_run_leaves_no_trace(self) -> None:
        self.assertEqual(self.server.call("POST", f"{self.path}?dryRun=All",
                                          world.config_map("d")).status, 201)
        self.assertEqual(self.server.get(f"{self.path}/d").status, 404)
        self.assertEqual(self.server.call("DELETE", f"{self.path}/c?dryRun=yes").status, 422)
        self.server.call("DELETE", f"{self.path}/c?dryRun=All")
        self.assertEqual(self.server.get(f"{self.path}/c").status, 200)

    def test_strategic_merge_knows_the_keys_of_lists(self) -> None:
        path = f"/apis/apps/v1/namespaces/{self.ns}/deployments"
        self.create(path, world.deployment("d", 0, self.ns))
        main = {"name": "main", "env": [{"name": "A", "value": "1"}]}
        containers = [main, {"name": "side", "image": "s"}]
        patch = {"spec": {"template": {"spec": {"containers": containers}}}}
        answer = self.server.call("PATCH", f"{path}/d", patch,
                                  content_type="application/strategic-merge-patch+json")
        containers = answer.body["spec"]["template"]["spec"]["containers"]
        self.assertEqual([(c["name"], c["image"]) for c in containers],
                         [("main", "lab/main:1"), ("side", "s")])
        self.assertEqual(answer.body["metadata"]["generation"], 2)

    def test_server_side_apply_owns_fields_and_reports_conflicts(self) -> None:
        def apply(data: Json, manager: str, more: str = "") -> Answer:
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "s"},
                    "data": data}
            return self.server.call("PATCH", f"{self.path}/s?fieldManager={manager}{more}", body,
                                    content_type="application/apply-patch+yaml")

        self.assertEqual(apply({"a": "1", "b": "2"}, "one").status, 201)
        self.assertEqual(apply({"a": "1"}, "one").body["data"], {"a": "1"})
        refused = apply({"a": "2"}, "two")
        self.assertEqual((refused.status, refused.body["reason"]), (409, "Conflict"))
        self.assertEqual(refused.body["details"]["causes"][0]["field"], ".data.a")
        self.assertEqual(apply({"a": "2"}, "two", "&force=true").body["data"], {"a": "2"})

    def test_a_stale_lease_is_a_409_and_a_put_creates_it(self) -> None:
        path = f"/apis/coordination.k8s.io/v1/namespaces/{self.ns}/leases/l"
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                 "metadata": {"name": "l"}, "spec": {"holderIdentity": "a"}}
        first = self.server.call("PUT", path, lease)
        self.assertEqual(first.status, 201)
        held = {**first.body, "spec": {"holderIdentity": "b"}}
        self.assertEqual(self.server.call("PUT", path, held).status, 200)
        self.assertEqual(self.server.call("PUT", path, held).body["reason"], "Conflict")

    def test_dependents_go_with_their_owner(self) -> None:
        owner = self.server.get(f"{self.path}/c").body["metadata"]
        child = world.config_map("child")
        child["metadata"]["ownerReferences"] = [{"apiVersion": "v1", "kind": "ConfigMap",
                                                 "name": "c", "uid": owner["uid"]}]
        self.create(self.path, child)
        answer = self.server.call("DELETE", f"{self.path}/c")
        self.assertEqual((answer.body["status"], answer.body["details"]["uid"]),
                         ("Success", owner["uid"]))
        await_true(lambda: self.server.get(f"{self.path}/child").status == 404, "the child goes")

    def test_a_namespace_that_is_going_takes_nothing_new(self) -> None:
        self.create(PODS, world.bare_pod("p", {"app": "p"}, lab_finalizer_stuck="true"))
        self.server.call("DELETE", f"/api/v1/namespaces/{self.ns}")
        answer = self.server.call("POST", self.path, world.config_map("d"))
        self.assertEqual((answer.status, answer.body["reason"]), (403, "Forbidden"))
        self.assertEqual(answer.body["details"]["causes"][0]["reason"], "NamespaceTerminating")

    def test_both_kinds_of_event_are_the_same_objects(self) -> None:
        event = {"apiVersion": "events.k8s.io/v1", "kind": "Event",
                 "metadata": {"name": "e.1"}, "note": "hello", "reason": "Told", "type": "Normal",
                 "regarding": {"kind": "ConfigMap", "name": "c"}, "action": "Tell",
                 "reportingController": "test", "reportingInstance": "t",
                 "eventTime": "2026-01-01T00:00:00.000000Z"}
        self.create("/apis/events.k8s.io/v1/namespaces/{}/events", event)
        items = self.server.get(f"/api/v1/namespaces/{self.ns}/events"
                                "?fieldSelector=involvedObject.name=c").body["items"]
        self.assertEqual([item["message"] for item in items], ["hello"])
