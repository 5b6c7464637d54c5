# SPDX-License-Identifier: Apache-2.0
"""The cluster as kubectl sees it, with the kubectl that is installed (1.20 or newer)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from typing import Any

import world
from lab_server import await_true
from suite import Suite

OPTIONS: dict[str, Any] = {}
COMMAND_LIMIT_S = 30
FIRST_WITH_BATCH_V1 = (1, 21)  # older ones know CronJobs of batch/v1beta1 only, which is gone


def missing_client() -> str:
    return "" if shutil.which("kubectl") else "kubectl is not installed"


class Kubectl(Suite):
    def run_kubectl(self, *words: str, user: str = "admin",
                    stdin: str = "") -> tuple[int, str, str]:
        """Exit code, output, errors."""
        done = subprocess.run(["kubectl", "--context", user, *words], env=self.environment(),
                              input=stdin, text=True, capture_output=True, timeout=COMMAND_LIMIT_S)
        return done.returncode, done.stdout, done.stderr

    def environment(self) -> dict[str, str]:
        """HOME is where kubectl keeps what it has discovered."""
        return {**os.environ, "HOME": str(self.server.work),
                "KUBECONFIG": str(self.server.work / "kubeconfig")}

    def kubectl(self, *words: str, stdin: str = "") -> str:
        code, output, errors = self.run_kubectl(*words, stdin=stdin)
        self.assertEqual(code, 0, f"kubectl {' '.join(words)}: {errors}{output}")
        return output

    def version(self) -> tuple[int, int]:
        text = json.loads(self.run_kubectl("version", "--client", "-o", "json")[1])
        major, minor = text["clientVersion"]["major"], text["clientVersion"]["minor"]
        return int(major), int(re.sub(r"\D", "", minor))

    def nodes_of(self, selector: str) -> list[str]:
        return self.kubectl("get", "pods", "-l", selector, "-o",
                            "jsonpath={.items[*].spec.nodeName}").split()

    def ready(self, deployment: str) -> bool:
        template = "jsonpath={.status.readyReplicas}/{.spec.replicas}"
        ready, wanted = self.kubectl("get", "deploy", deployment, "-o", template).split("/")
        return ready == wanted

    def test_get_shows_nodes_and_pods(self) -> None:
        await_true(lambda: self.ready("web"), "web is ready")
        nodes = self.kubectl("get", "nodes", "-o", "wide")
        self.assertRegex(nodes, r"cp1 +Ready +control-plane +\d+s +v1\.34\.2 +198\.51\.100\.\d+")
        pods = self.kubectl("get", "pods", "-o", "wide")
        self.assertRegex(pods, r"web-\w+-\w+ +1/1 +Running +0 +\d+s +10\.\S+ +w\d")
        self.assertRegex(pods, r"db-0 +1/1 +Running")

    def test_describe_shows_node_and_pod(self) -> None:
        node = self.kubectl("describe", "node", "w1")
        self.assertRegex(node, r"Kubelet Version: +v1\.34\.2")
        self.assertRegex(node, r"HolderIdentity: +w1")
        self.assertRegex(node, r"Ready +True .* KubeletReady")
        pod = self.kubectl("describe", "pod", "db-0")
        self.assertRegex(pod, r"Controlled By: +StatefulSet/db")

    def test_cordon_drain_uncordon(self) -> None:
        node = self.nodes_of("app=web")[0]
        self.assertIn("cordoned", self.kubectl("cordon", node))
        self.assertIn("Ready,SchedulingDisabled", self.kubectl("get", "node", node))
        refused = self.run_kubectl("drain", node)
        self.assertNotEqual(refused[0], 0)
        self.assertIn("DaemonSet-managed Pods", refused[2])
        drained = self.kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data",
                               "--timeout=20s")
        self.assertRegex(drained, rf"node/{node} (drained|evicted)")
        self.assertNotIn(node, self.nodes_of("app in (web,db)"))
        left = self.kubectl("get", "pods", "-A", "--field-selector", f"spec.nodeName={node}", "-o",
                            "jsonpath={.items[*].metadata.labels.app}")
        self.assertEqual(left, "net")
        await_true(lambda: self.ready("web"), "web is complete elsewhere")
        self.assertIn("uncordoned", self.kubectl("uncordon", node))
        self.assertNotIn("SchedulingDisabled", self.kubectl("get", "node", node))

    def test_drain_waits_for_a_budget_until_its_timeout(self) -> None:
        self.server.put_object(world.deployment("lone", 1))
        self.server.put_object(world.budget("lone", {"app": "lone"}, minAvailable=1))
        await_true(lambda: self.ready("lone"), "lone is ready")
        node = self.nodes_of("app=lone")[0]
        before = time.monotonic()
        code, _, errors = self.run_kubectl("drain", node, "--ignore-daemonsets", "--timeout=2s",
                                           "--delete-emptydir-data", "--pod-selector=app=lone")
        self.assertNotEqual(code, 0)
        self.assertIn("Cannot evict pod as it would violate the pod's disruption budget.", errors)
        self.assertLess(time.monotonic() - before, 15)
        self.assertEqual(self.nodes_of("app=lone"), [node])
        self.kubectl("uncordon", node)

    def test_a_backup_from_its_cronjob_ends_and_leaves_its_log(self) -> None:
        if self.version() < FIRST_WITH_BATCH_V1:
            self.skipTest("this kubectl knows no CronJob of batch/v1")
        self.kubectl("create", "job", "backup-1", "--from=cronjob/backup-etcd")
        self.kubectl("wait", "--for=condition=complete", "job/backup-1", "--timeout=10s")
        log = self.kubectl("logs", "job/backup-1")
        self.assertRegex(log, r"Backup done: /backups/etcd-\d{4}-\d\d-\d\dT\S+Z\.db \(5242912 b")
        self.assertEqual(self.kubectl("logs", "job/backup-1", "--tail=1").count("\n"), 1)
        owner = self.kubectl("get", "job", "backup-1", "-o",
                             "jsonpath={.metadata.ownerReferences[0].kind}")
        self.assertEqual(owner, "CronJob")

    def test_annotate_label_and_taint(self) -> None:
        self.kubectl("annotate", "namespace", "default", "lab.test/run=7")
        self.kubectl("annotate", "--overwrite", "namespace", "default", "lab.test/run=8")
        mark = "jsonpath={.metadata.annotations.lab\\.test/run}"
        self.assertEqual(self.kubectl("get", "namespace", "default", "-o", mark), "8")
        self.kubectl("annotate", "namespace", "default", "lab.test/run-")
        self.assertEqual(self.kubectl("get", "namespace", "default", "-o", mark), "")
        self.kubectl("label", "node", "w3", "disk=fast")
        self.assertIn("w3", self.kubectl("get", "nodes", "-l", "disk=fast", "-o", "name"))
        self.kubectl("taint", "node", "w3", "lab=yes:NoSchedule")
        self.kubectl("taint", "node", "w3", "lab-")
        self.assertEqual(self.kubectl("get", "node", "w3", "-o", "jsonpath={.spec.taints}"), "")

    def test_apply_rollout_patch_scale_delete(self) -> None:
        body = world.deployment("app", 2)
        self.assertIn("created", self.kubectl("apply", "-f", "-", stdin=json.dumps(body)))
        self.kubectl("rollout", "status", "deployment/app", "--timeout=10s")
        body["spec"]["template"]["spec"]["containers"][0]["image"] = "lab/main:2"
        self.assertIn("configured", self.kubectl("apply", "-f", "-", stdin=json.dumps(body)))
        self.assertIn("unchanged", self.kubectl("apply", "-f", "-", stdin=json.dumps(body)))
        status = self.kubectl("rollout", "status", "deployment/app", "--timeout=10s")
        self.assertIn("successfully rolled out", status)
        images = self.kubectl("get", "pods", "-l", "app=app", "--field-selector",
                              "status.phase=Running", "-o",
                              "jsonpath={.items[*].spec.containers[0].image}")
        self.assertIn("lab/main:2", images)
        self.kubectl("patch", "deployment", "app", "-p", '{"spec":{"paused":true}}')
        self.kubectl("scale", "deployment", "app", "--replicas=3")
        replicas = self.kubectl("get", "deployment", "app", "-o", "jsonpath={.spec.replicas}")
        self.assertEqual(replicas, "3")
        self.kubectl("delete", "deployment", "app", "--timeout=10s")
        await_true(lambda: not self.nodes_of("app=app"), "its pods are gone")

    def test_server_side_apply(self) -> None:
        body = world.config_map("applied", {"a": "1"})
        words = ("apply", "--server-side", "-f", "-")
        self.kubectl(*words, stdin=json.dumps(body))
        body["data"] = {"b": "2"}
        self.kubectl(*words, stdin=json.dumps(body))
        data = self.kubectl("get", "configmap", "applied", "-o", "jsonpath={.data}")
        self.assertEqual(json.loads(data), {"b": "2"})
        body["data"] = {"b": "3"}
        code, _, errors = self.run_kubectl(*words, "--field-manager=other", stdin=json.dumps(body))
        self.assertNotEqual(code, 0)
        self.assertIn('conflict with "kubectl": .data.b', errors)

    def test_a_watch_shows_changes(self) -> None:
        process = subprocess.Popen(["kubectl", "get", "configmaps", "-n", self.ns, "--watch", "-o",
                                    "name"], env=self.environment(), stdout=subprocess.PIPE,
                                   text=True)
        try:
            await_true(lambda: self.server.control("GET", "state").body["watches"] > 0,
                       "kubectl watches")
            self.create("/api/v1/namespaces/{}/configmaps", world.config_map("seen"))
            assert process.stdout is not None
            self.assertEqual(process.stdout.readline(), "configmap/seen\n")
        finally:
            process.kill()
            process.wait(10)
            if process.stdout is not None:
                process.stdout.close()

    def test_auth_can_i_asks_the_server(self) -> None:
        self.assertEqual(self.run_kubectl("auth", "can-i", "delete", "nodes")[1], "yes\n")
        code, output, _ = self.run_kubectl("auth", "can-i", "delete", "nodes", user="viewer")
        self.assertEqual((code, output), (1, "no\n"))
        code, _, errors = self.run_kubectl("delete", "node", "w1", user="viewer")
        self.assertEqual(code, 1)
        self.assertIn('User "viewer" cannot delete resource "nodes"', errors)
