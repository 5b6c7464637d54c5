# SPDX-License-Identifier: Apache-2.0
"""Looking at the cluster, and every small change that the bot makes to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import world
from lab_server import Json, await_true
from probe import NeighbourSuite

# What a run may do and nothing else; the suites act as this user wherever they change anything.
BOT_RIGHTS: list[Json] = [
    {"user": "viewer", "verbs": ["get", "list", "watch", "patch"], "resources": ["nodes"]},
    {"user": "viewer", "verbs": ["get", "list", "watch"], "resources": ["pods"]},
    {"user": "viewer", "verbs": ["create"], "resources": ["pods/eviction"]},
    {"user": "viewer", "verbs": ["get"],
     "resources": ["daemonsets", "replicasets", "statefulsets", "jobs"]},
    {"user": "viewer", "verbs": ["list", "watch"], "resources": ["poddisruptionbudgets"]},
    {"user": "viewer", "verbs": ["list", "get"], "resources": ["leases"],
     "namespaces": ["kube-node-lease"]},
    {"user": "viewer", "verbs": ["get", "create", "list", "watch"], "resources": ["jobs"],
     "namespaces": ["default"]},
    {"user": "viewer", "verbs": ["get"], "resources": ["cronjobs", "pods/log"],
     "namespaces": ["default"]},
    {"user": "viewer", "verbs": ["get", "patch"], "resources": ["namespaces"]},
]
NAMESPACE = world.namespace("lockkeeper")
NODE = "/api/v1/nodes/{}"
SPACE = "/api/v1/namespaces/lockkeeper"


def seed(**options: Any) -> Json:
    made = world.seed(**options)
    made["objects"].append(NAMESPACE)
    made["rbac"] = BOT_RIGHTS
    return made


SEED = seed()


class Look(NeighbourSuite):
    def test_the_cluster_is_seen_as_it_is(self) -> None:
        facts = self.probe("look", context="viewer").answer
        self.assertEqual(facts["version"], "v1.34.2")
        self.assertTrue(facts["namespace"])
        self.assertLessEqual({"cp1", "w1", "w2", "w3", "w4"}, set(facts["nodes"]))
        control_plane = facts["nodes"]["cp1"]
        self.assertTrue(control_plane["control_plane"] and control_plane["ready"])
        self.assertEqual(control_plane["kubelet"], "v1.34.2")
        self.assertRegex(control_plane["address"], r"^198\.51\.100\.")
        self.assertRegex(control_plane["lease"], r"^20.*Z$")

    def test_a_node_is_examined(self) -> None:
        health = self.probe("examine", node="cp1", target="1.34.2", context="viewer").answer
        self.assertEqual((health["ready"], health["api_ready"]), (True, True))
        self.assertEqual(health["control_plane"], [])
        later = self.probe("examine", node="cp1", target="1.34.7").answer["outdated"]
        self.assertEqual(len(later), 3, later)
        self.assertIn("kube-system/kube-apiserver-cp1 (v1.34.2)", later)

    def test_workloads_and_their_laggards_are_counted(self) -> None:
        self.add_node(cordoned=False)

        def count() -> Json:
            return self.probe("workloads", context="viewer").answer

        def settled() -> bool:
            counted = count()
            return counted["ready"] == counted["wanted"]

        await_true(settled, "the DaemonSets' pods run on the new node", 60)
        before = count()
        self.create(f"/api/v1/namespaces/{self.ns}/pods",
                    world.bare_pod("stuck", {}, node_name="", lab_ready="never"))
        self.patch(f"/api/v1/namespaces/{self.ns}/pods/stuck", {"metadata": {"labels": {"a": "b"}}})
        after = count()
        self.assertEqual(after["wanted"], before["wanted"] + 1)
        self.assertEqual(after["ready"], before["ready"])

    def test_budgets_that_block_for_ever_are_named(self) -> None:
        self.add_node()
        self.add_pods(2, "web")
        budgets = f"/apis/policy/v1/namespaces/{self.ns}/poddisruptionbudgets"
        self.create(budgets, world.budget("rigid", {"app": "web"}, self.ns, maxUnavailable=0))
        self.create(budgets, world.budget("fine", {"app": "web"}, self.ns, minAvailable=1))
        await_true(lambda: self.get(f"{budgets}/fine")["status"].get("expectedPods") == 2,
                   "the budget is counted")
        found = self.probe("budgets", context="viewer").answer
        self.assertEqual(found[f"{self.ns}/rigid"], "maxUnavailable 0 never allows an eviction")
        self.assertIn("a pod with two budgets cannot be evicted", found[f"{self.ns}/fine"])


class BadInput(NeighbourSuite):
    def failure(self, **words: Any) -> str:
        return self.probe("look", **words).answer["failure"]

    def config(self, change: dict[str, Any], user: dict[str, Any] | None = None) -> Path:
        config = json.loads((self.server.work / "kubeconfig").read_text())
        config["clusters"][0]["cluster"].update(change)
        if user is not None:
            config["users"][0]["user"] = user
        file = self.server.work / f"config-{self.count}"
        file.write_text(json.dumps(config))
        return file

    def test_a_wrong_token_is_one_clear_line_without_the_token(self) -> None:
        config = self.config({}, {"token": "s3cret"})
        self.assertEqual(
            self.failure(kubeconfig=config),
            f"our credentials are not accepted (401 Unauthorized), at https://127.0.0.1:"
            f"{self.server.port} (kubeconfig {config}, context admin)")

    def test_a_role_that_lacks_a_right_is_quoted(self) -> None:
        outcome = self.probe("snapshot", context="viewer", cronjob=f"{self.ns}/x").answer
        self.assertEqual(outcome["result"], "failed")
        self.assertIn('not allowed (403): cronjobs.batch "x" is forbidden: User "viewer" '
                      'cannot get resource "cronjobs"', outcome["detail"])

    def test_an_address_where_nobody_listens(self) -> None:
        self.assertIn("connection refused",
                      self.failure(kubeconfig=self.config({"server": "https://127.0.0.1:1"})))

    def test_an_authority_that_did_not_sign(self) -> None:
        config = self.config({"certificate-authority-data": "", "certificate-authority": ""})
        self.assertRegex(self.failure(kubeconfig=config), "certificate.*kubeconfig")

    def test_a_server_name_that_the_certificate_does_not_have(self) -> None:
        config = self.config({"tls-server-name": "other.example"})
        self.assertRegex(self.failure(kubeconfig=config), "(?i)certificate|subject name")

    def test_a_port_that_speaks_no_kubernetes(self) -> None:
        config = self.config({"server": f"http://127.0.0.1:{self.server.control_port}"})
        self.assertIn("GET /version", self.failure(kubeconfig=config))

    def test_a_token_file_is_read_and_may_change(self) -> None:
        token = self.server.work / f"token-{self.count}"
        token.unlink(missing_ok=True)
        config = self.config({}, {"tokenFile": token.name})
        self.assertIn("no such file", self.failure(kubeconfig=config))
        token.write_text("admin-token\n")
        self.assertEqual(self.probe("look", kubeconfig=config).answer["version"], "v1.34.2")

    def test_a_plugin_gives_the_token(self) -> None:
        plugin = self.server.work / f"plugin-{self.count}"
        version = "client.authentication.k8s.io/v1"
        credential = {"kind": "ExecCredential", "apiVersion": version,
                      "status": {"token": "admin-token"}}
        plugin.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(credential)}\nEND\n")
        plugin.chmod(0o700)
        user = {"exec": {"apiVersion": version, "command": f"./{plugin.name}",
                         "interactiveMode": "Never"}}
        self.assertEqual(self.probe("look", kubeconfig=self.config({}, user)).answer["version"],
                         "v1.34.2")


class Changes(NeighbourSuite):
    def node_now(self, name: str) -> Json:
        return self.get(NODE.format(name))

    def test_a_cordon_carries_the_run_and_is_lifted_with_it(self) -> None:
        self.add_node(cordoned=False)
        self.assertEqual(self.probe("cordon", context="viewer").answer["result"], "done")
        node = self.node_now(self.node)
        self.assertTrue(node["spec"]["unschedulable"])
        self.assertEqual(node["metadata"]["annotations"]["lockkeeper.io/cordoned-by"], "r-1")
        self.assertEqual(self.probe("uncordon", context="viewer").answer["result"], "done")
        node = self.node_now(self.node)
        self.assertFalse(node["spec"].get("unschedulable", False))
        self.assertNotIn("lockkeeper.io/cordoned-by", node["metadata"]["annotations"])

    def test_a_persons_cordon_stays(self) -> None:
        self.add_node(cordoned=True)
        outcome = self.probe("cordon").answer
        self.assertEqual(outcome["notes"], {"cordoned_by_person": "true"})
        self.assertEqual(self.probe("uncordon").answer["result"], "skipped")
        self.assertTrue(self.node_now(self.node)["spec"]["unschedulable"])

    def test_a_node_that_was_re_created_is_another_node(self) -> None:
        self.add_node(cordoned=False)
        self.assertIn("re-created", self.probe("cordon", uid="planned").answer["detail"])

    def test_a_claim_excludes_others_until_it_is_released(self) -> None:
        first = self.probe("claim", context="viewer", run="r-1").answer
        self.assertEqual(first["result"], "done")
        self.assertEqual(self.probe("claim", run="r-1").answer["notes"], first["notes"])
        self.assertIn("run r-1 (to 1.34.7", self.probe("claim", run="r-2").answer["detail"])
        self.assertEqual(self.probe("look").answer["run"], "r-1")
        released = self.probe("release", context="viewer", run="r-1")
        self.assertEqual(released.answer["result"], "done")
        second = self.probe("claim", run="r-2").answer
        self.assertGreater(int(second["notes"]["fence"]), int(first["notes"]["fence"]))
        self.probe("release", run="r-2")

    def test_two_claims_at_the_same_moment_have_one_winner(self) -> None:
        calls = [self.start("claim", run=f"r-{i}") for i in range(4)]
        results = [call.end().answer["result"] for call in calls]
        self.assertEqual(sorted(results), ["done", "failed", "failed", "failed"])
        winner = self.get(SPACE)["metadata"]["annotations"]["lockkeeper.io/run"]
        self.assertEqual(self.probe("release", run=winner).answer["result"], "done")

    def test_a_snapshot_is_a_job_that_proves_its_file(self) -> None:
        run = f"r-{self.count}"
        outcome = self.probe("snapshot", context="viewer", run=run).answer
        self.assertEqual(outcome["result"], "done", outcome)
        self.assertRegex(outcome["notes"]["snapshot"], r"^/backups/etcd-20.*\.db$")
        self.assertEqual(outcome["notes"]["snapshot_bytes"], "5242912")
        job = self.get(f"/apis/batch/v1/namespaces/default/jobs/backup-etcd-{run}")
        self.assertEqual(job["metadata"]["annotations"]["lockkeeper.io/run"], run)
        self.assertEqual(job["metadata"]["ownerReferences"][0]["name"], "backup-etcd")
        self.assertEqual(self.get(SPACE)["metadata"]["annotations"]["lockkeeper.io/snapshot"],
                         outcome["notes"]["snapshot"])
        self.assertEqual(self.probe("observe-snapshot", run=run).answer["state"], "done")
        again = self.probe("snapshot", run=run).answer
        self.assertEqual(again["notes"], outcome["notes"])

    def test_a_snapshot_whose_creation_got_lost_is_found_again(self) -> None:
        self.fault("POST", "/jobs$", "drop_after")
        run = f"r-{self.count}"
        self.assertEqual(self.probe("snapshot", run=run).answer["result"], "done")
        jobs = self.get("/apis/batch/v1/namespaces/default/jobs")["items"]
        self.assertEqual(sum(job["metadata"]["name"].endswith(run) for job in jobs), 1)

    def test_a_backup_that_fails_or_says_nothing_fails_the_snapshot(self) -> None:
        for name, marks, words in (
                ("broken", {"lab/exit-code": "3"}, "failed (BackoffLimitExceeded"),
                ("silent", {"lab/log": "bye\n"}, 'does not say "Backup done"'),
                ("small", {"lab/log": "Backup done: /b/x (12 bytes)\n"}, "less than 1024")):
            with self.subTest(name):
                cronjob = world.backup_cronjob()
                cronjob["metadata"]["name"] = name
                spec = cronjob["spec"]["jobTemplate"]["spec"]
                spec["backoffLimit"] = 0
                spec["template"]["metadata"]["annotations"].update(marks)
                self.create("/apis/batch/v1/namespaces/default/cronjobs", cronjob)
                outcome = self.probe("snapshot", cronjob=f"default/{name}").answer
                self.assertEqual(outcome["result"], "failed")
                self.assertIn(words, outcome["detail"])

    def test_our_own_pod_moves(self) -> None:
        self.add_node()
        pod = self.add_pods(1, "bot")[0]
        own = f"{self.ns}/{pod}"
        self.assertEqual(self.probe("step-aside", own_pod=own).answer["result"], "done")
        await_true(lambda: self.pods_on_node() == [], "the pod has left")
        self.assertIn("is gone", self.probe("step-aside", own_pod=own).answer["detail"])

    def test_rights_are_asked_for(self) -> None:
        self.assertEqual(self.probe("rights", context="viewer").answer, [])
