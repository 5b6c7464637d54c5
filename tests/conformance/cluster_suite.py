# SPDX-License-Identifier: Apache-2.0
"""Who may do what, faults on demand, and the life of nodes and jobs."""

from __future__ import annotations

import time
from typing import Any

import world
from lab_server import VIEWER, answer_of, await_true
from suite import PODS, Suite

OPTIONS: dict[str, Any] = {"warnings": [
    {"path_regex": "endpoints$", "text": "v1 Endpoints is deprecated"}]}


def missing_client() -> str:
    return ""


class Access(Suite):
    def test_missing_and_wrong_tokens_are_a_401(self) -> None:
        for token in ("", "wrong"):
            self.assert_refused(self.server.get("/api/v1/nodes", token=token), 401, "Unauthorized",
                                "Unauthorized")

    def test_health_and_version_need_no_token(self) -> None:
        for path, text in (("/readyz", "ok"), ("/livez", "ok"), ("/healthz", "ok")):
            answer = self.server.get(path, token="")
            self.assertEqual((answer.status, answer.text), (200, text))
        self.assertIn("[+]etcd ok\n", self.server.get("/readyz?verbose", token="").text)
        self.assertEqual(self.server.get("/version", token="").body["gitVersion"][:2], "v1")

    def test_denials_name_user_verb_resource_and_place(self) -> None:
        self.assert_refused(
            self.server.get("/api/v1/namespaces/kube-system/secrets", token=VIEWER), 403,
            "Forbidden", 'secrets is forbidden: User "viewer" cannot list resource "secrets" in '
            'API group "" in the namespace "kube-system"')
        answer = self.server.call("PATCH", "/api/v1/nodes/w1", {}, token=VIEWER,
                                  content_type="application/merge-patch+json")
        self.assert_refused(answer, 403, "Forbidden",
                            'nodes "w1" is forbidden: User "viewer" cannot patch resource "nodes" '
                            'in API group "" at the cluster scope')
        self.assert_refused(self.server.get("/metrics", token=VIEWER), 403, "Forbidden",
                            'forbidden: User "viewer" cannot get path "/metrics"')

    def test_a_client_certificate_names_user_and_groups(self) -> None:
        connection = self.server.connection(client="client.pem")
        self.addCleanup(connection.close)
        connection.request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}")
        info = answer_of(connection.getresponse()).body["status"]["userInfo"]
        self.assertEqual(info, {"username": "carol", "groups": ["system:masters", "crew"]})

    def test_bodies_that_make_no_sense_are_a_400(self) -> None:
        path = f"/api/v1/namespaces/{self.ns}/configmaps"
        deep = '{"metadata":{"name":"c"},"data":' + "[" * 100_000 + "]" * 100_000 + "}"
        for body in ("", "{", "[]", '"text"', deep, '{"metadata":{"name":"a\\ud800"}}'):
            answer = self.server.call("POST", path, body)
            self.assertEqual((answer.status, answer.body["reason"]), (400, "BadRequest"), body[:40])
        wrong = self.server.call("POST", path, {"kind": "Secret", "metadata": {"name": "c"}})
        self.assertEqual(wrong.status, 400)

    def test_unknown_paths_are_a_plain_404(self) -> None:
        answer = self.server.get("/apis/nothing.example/v1/things")
        self.assertEqual((answer.status, answer.text), (404, "404 page not found\n"))

    def test_discovery_tells_the_version_of_eviction(self) -> None:
        resources = self.server.get("/api/v1").body["resources"]
        entry = next(r for r in resources if r["name"] == "pods/eviction")
        self.assertEqual((entry["kind"], entry["group"], entry["version"]),
                         ("Eviction", "policy", "v1"))

    def test_warnings_are_sent_as_the_seed_says(self) -> None:
        answer = self.server.get(f"/api/v1/namespaces/{self.ns}/endpoints")
        self.assertEqual(answer.headers["Warning"], '299 - "v1 Endpoints is deprecated"')

    def test_metrics_carry_the_deprecated_apis_that_were_set(self) -> None:
        self.server.control("POST", "metrics", {"deprecated": [
            {"group": "policy", "version": "v1beta1", "resource": "poddisruptionbudgets",
             "removed_release": "1.25"}]})
        self.assertIn('apiserver_requested_deprecated_apis{group="policy",removed_release="1.25",'
                      'resource="poddisruptionbudgets",subresource="",version="v1beta1"} 1\n',
                      self.server.get("/metrics").text)


class Faults(Suite):
    def test_a_lost_reply_leaves_its_effect(self) -> None:
        fault = {"method": "POST", "path_regex": f"{self.ns}/configmaps", "action": "drop_after"}
        self.server.control("POST", "fault", fault)
        path = f"/api/v1/namespaces/{self.ns}/configmaps"
        with self.assertRaises((ConnectionError, OSError)):
            self.server.call("POST", path, world.config_map("c"))
        self.assertEqual(self.server.get(f"{path}/c").status, 200)

    def test_answers_can_be_replaced_and_delayed(self) -> None:
        fault = {"method": "GET", "path_regex": f"{self.ns}/pods", "times": 1}
        self.server.control("POST", "fault", {**fault, "action": "status", "status": 418,
                                              "body": "teapot", "headers": {"Retry-After": "3"}})
        self.server.control("POST", "fault", {**fault, "action": "delay_ms", "delay_ms": 300})
        first = self.server.get(PODS.format(self.ns))
        self.assertEqual((first.status, first.text, first.headers["Retry-After"]),
                         (418, "teapot", "3"))
        before = time.monotonic()
        self.assertEqual(self.server.get(PODS.format(self.ns)).status, 200)
        self.assertGreater(time.monotonic() - before, 0.29)

    def test_requests_are_counted_by_pattern(self) -> None:
        self.server.control("POST", "requests/reset")
        for name in ("a", "b"):
            self.server.get(f"{PODS.format(self.ns)}/{name}")
        counted = self.server.control("GET", "requests").body["patterns"]
        self.assertEqual(counted["GET /api/v1/namespaces/{ns}/pods/{name}"],
                         {"count": 2, "statuses": {"404": 2}})
        last = self.server.control("GET", "journal").body["requests"][-1]
        self.assertEqual((last["user"], last["verb"], last["status"]), ("admin", "get", 404))

    def test_outages_come_in_every_form_and_end(self) -> None:
        for mode, seen in (("503", 503), ("429", 429), ("html", 502), ("403", 403),
                           ("refuse", None), ("reset", None), ("hang", None)):
            with self.subTest(mode):
                self.server.control("POST", "outage", {"mode": mode, "seconds": 0.4})
                self.assertEqual(self.look(), seen)
                await_true(lambda: self.look() == 200, f"{mode} ends")

    def look(self) -> int | None:
        try:
            return self.server.get("/api/v1/nodes").status
        except OSError:
            return None

    def test_a_control_plane_comes_back_as_another_version(self) -> None:
        path = "/api/v1/namespaces/kube-system/pods/kube-apiserver-cp1"
        hash_of = "kubernetes.io/config.hash"
        before = self.server.get(path).body["metadata"]["annotations"][hash_of]
        self.server.control("POST", "control-plane",
                            {"node": "cp1", "version": "1.34.7", "outage_seconds": 1})
        seen = set()
        end = time.monotonic() + 10
        while (status := self.look()) != 200 and time.monotonic() < end:
            seen.add(status)
        self.assertEqual(seen, {None, 503, 403})
        self.assertEqual(self.server.get("/version").body["gitVersion"], "v1.34.7")
        pod = self.server.get(path).body
        self.assertEqual(pod["spec"]["containers"][0]["image"],
                         "registry.k8s.io/kube-apiserver:v1.34.7")
        self.assertNotEqual(pod["metadata"]["annotations"][hash_of], before)


class Nodes(Suite):
    def ready(self, name: str) -> str:
        status = self.server.get(f"/api/v1/nodes/{name}").body["status"]
        return {c["type"]: c["status"] for c in status.get("conditions", [])}.get("Ready", "")

    def report(self, name: str) -> None:
        """What a kubelet does: its status, then its lease."""
        patch = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
        answer = self.server.call("PATCH", f"/api/v1/nodes/{name}/status", patch,
                                  content_type="application/strategic-merge-patch+json")
        self.assertEqual(answer.status, 200, answer.text)
        leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
        lease = {"metadata": {"name": name}, "spec": {"holderIdentity": name}}
        self.server.call("PUT", f"{leases}/{name}", lease)

    def test_a_kubelet_that_goes_quiet_makes_its_node_unknown(self) -> None:
        body = world.node("quiet")
        body["metadata"]["annotations"] = {}
        self.create("/api/v1/nodes", body)
        self.report("quiet")
        self.assertEqual(self.ready("quiet"), "True")
        self.create(PODS, world.bare_pod("p", {"app": "p"}, "quiet"))
        pod = f"{PODS.format(self.ns)}/p"
        await_true(lambda: self.server.get(pod).body["status"]["phase"] == "Running", "p runs")
        await_true(lambda: self.ready("quiet") == "Unknown", "the node is Unknown", 4)
        self.server.call("DELETE", pod)
        time.sleep(0.4)
        self.assertIn("deletionTimestamp", self.server.get(pod).body["metadata"])
        self.report("quiet")
        await_true(lambda: self.server.get(pod).status == 404, "its kubelet ends the pod")
        self.server.call("DELETE", "/api/v1/nodes/quiet")

    def test_a_cordon_taints_the_node_and_keeps_pods_away(self) -> None:
        patch = {"spec": {"unschedulable": True}}
        self.server.call("PATCH", "/api/v1/nodes/w4", patch,
                         content_type="application/strategic-merge-patch+json")
        key = "node.kubernetes.io/unschedulable"
        await_true(lambda: any(t["key"] == key for t in self.server.get(
            "/api/v1/nodes/w4").body["spec"].get("taints", [])), "the taint comes")
        pod = world.bare_pod("p", {"app": "p"}, node_name="")
        pod["spec"]["nodeSelector"] = {"kubernetes.io/hostname": "w4"}
        self.create(PODS, pod)
        time.sleep(0.3)
        self.assertNotIn("nodeName", self.server.get(f"{PODS.format(self.ns)}/p").body["spec"])
        self.server.call("PATCH", "/api/v1/nodes/w4", {"spec": {"unschedulable": None}},
                         content_type="application/merge-patch+json")
        await_true(lambda: self.server.get(f"{PODS.format(self.ns)}/p").body["spec"].get(
            "nodeName") == "w4", "it is placed")

    def test_jobs_end_by_their_exit_codes(self) -> None:
        path = f"/apis/batch/v1/namespaces/{self.ns}/jobs"
        for name, code in (("good", "0"), ("bad", "3")):
            pod = world.template({}, restartPolicy="Never")
            pod["metadata"]["annotations"] = {"lab/exit-code": code, "lab/run-seconds": "0.05"}
            self.create(path, {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
                               "spec": {"backoffLimit": 1, "template": pod}})

        def verdict(name: str) -> str:
            status = self.server.get(f"{path}/{name}").body.get("status", {})
            return ",".join(c["type"] for c in status.get("conditions", []))

        await_true(lambda: verdict("good") == "SuccessCriteriaMet,Complete", "good completes")
        await_true(lambda: verdict("bad") == "FailureTarget,Failed", "bad fails")
