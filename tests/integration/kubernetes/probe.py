# SPDX-License-Identifier: Apache-2.0
"""Calls kubernetes_probe, and the small worlds that the suites call it in."""

from __future__ import annotations

import json
import signal
import subprocess
import unittest
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import world
from lab_server import Json, LabServer, await_true

CALL_LIMIT_S = 90.0


@dataclass
class Probed:
    """What one call gave."""

    answer: Any
    progress: list[str]
    ms: int
    rss_kib: int


class Call:
    """A call under way; `end` waits for its result, within a limit."""

    def __init__(self, program: Path, kubeconfig: Path, command: str,
                 words: dict[str, Any]) -> None:
        arguments = [f"{name}={value}" for name, value in words.items()]
        self.process = subprocess.Popen([program, command, kubeconfig, *arguments], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def order_to_stop(self) -> None:
        self.process.send_signal(signal.SIGUSR1)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)

    def end(self) -> Probed:
        try:
            out, progress = self.process.communicate(timeout=CALL_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        assert self.process.returncode == 0, (self.process.returncode, progress)
        seen = json.loads(out)
        return Probed(seen["answer"], progress.splitlines(), seen["ms"], seen["rss_kib"])


def is_ready(pod: Json) -> bool:
    return any(condition["type"] == "Ready" and condition["status"] == "True"
               for condition in pod["status"].get("conditions", []))


class NeighbourSuite(unittest.TestCase):
    """Every test gets cordoned nodes and a namespace of its own."""

    server: ClassVar[LabServer]
    program: ClassVar[Path]
    count: ClassVar[int] = 0
    longMessage = True

    def setUp(self) -> None:
        NeighbourSuite.count += 1
        self.ns = f"space-{self.count}"
        self.node = f"drained-{self.count}"
        self.create("/api/v1/namespaces", world.namespace(self.ns))
        self.forget_requests()
        self.addCleanup(self.clean_up)

    def clean_up(self) -> None:
        """What one test made does not end up on the next one's node."""
        self.server.control("DELETE", "faults")
        for path in (f"/api/v1/namespaces/{self.ns}", f"/api/v1/nodes/{self.node}"):
            self.server.call("DELETE", path)

    def start(self, command: str, kubeconfig: Path | None = None, **words: Any) -> Call:
        words = {"node": self.node, **words}
        return Call(self.program, kubeconfig or self.server.work / "kubeconfig", command, words)

    def probe(self, command: str, kubeconfig: Path | None = None, **words: Any) -> Probed:
        return self.start(command, kubeconfig, **words).end()

    def create(self, path: str, body: Json) -> Json:
        answer = self.server.call("POST", path, body)
        self.assertEqual(answer.status, 201, answer.text)
        return answer.body

    def get(self, path: str) -> Json:
        answer = self.server.get(path)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.body

    def patch(self, path: str, body: Json) -> Json:
        answer = self.server.call("PATCH", path, body, content_type="application/merge-patch+json")
        self.assertEqual(answer.status, 200, answer.text)
        return answer.body

    def add_node(self, cordoned: bool = True, name: str = "") -> str:
        body = world.node(name or self.node)
        body["spec"]["unschedulable"] = cordoned
        self.create("/api/v1/nodes", body)
        self.patch(f"/api/v1/nodes/{body['metadata']['name']}/status",
                   {"status": {"allocatable": {"pods": "500"}}})
        return body["metadata"]["name"]

    def add_pods(self, count: int, app: str = "web", annotations: Json | None = None,
                 **spec: Any) -> list[str]:
        """Pods on the node, of a ReplicaSet that is free to replace them elsewhere."""
        labels = {"app": app}
        path = f"/apis/apps/v1/namespaces/{self.ns}/replicasets"
        here = {"kubernetes.io/hostname": self.node}
        template = world.template(labels, nodeSelector=here, **spec)
        template["metadata"]["annotations"] = annotations or {}
        self.cordon(False)
        self.create(path, {
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": app},
            "spec": {"replicas": count, "selector": {"matchLabels": labels},
                     "template": template}})
        await_true(lambda: len(self.running_on_node()) == count, "the pods run", 30)
        self.patch(f"{path}/{app}", {"spec": {"template": {"spec": {"nodeSelector": None}}}})
        self.cordon(True)
        return self.running_on_node()

    def cordon(self, value: bool) -> None:
        self.patch(f"/api/v1/nodes/{self.node}", {"spec": {"unschedulable": value or None}})

    def running_on_node(self) -> list[str]:
        return sorted(pod["metadata"]["name"] for pod in self.pods()
                      if pod["spec"].get("nodeName") == self.node and is_ready(pod))

    def pods(self) -> list[Json]:
        return self.get(f"/api/v1/namespaces/{self.ns}/pods")["items"]

    def pods_on_node(self) -> list[str]:
        return sorted(p["metadata"]["name"] for p in self.pods()
                      if p["spec"].get("nodeName") == self.node)

    def fault(self, method: str, path_regex: str, action: str, **more: Any) -> None:
        answer = self.server.control("POST", "fault", {
            "method": method, "path_regex": path_regex, "action": action, **more})
        self.assertEqual(answer.status, 200, answer.text)

    def outage(self, mode: str, seconds: float) -> None:
        self.server.control("POST", "outage", {"mode": mode, "seconds": seconds})

    def requests(self) -> dict[str, int]:
        patterns = self.server.control("GET", "requests").body["patterns"]
        return {pattern: seen["count"] for pattern, seen in patterns.items()}

    def forget_requests(self) -> None:
        self.server.control("POST", "requests/reset")

    def evictions(self) -> int:
        return sum(n for pattern, n in self.requests().items() if pattern.endswith("/eviction"))
