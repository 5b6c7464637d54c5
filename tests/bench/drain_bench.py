#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Drains the same full node with the bot's drain, with kubectl, and with the barest client.

Each drain has a fresh API server simulator of its own; the clients take turns within a round.

    drain_bench.py --bin-dir BUILD [--kubectl PROGRAM] [--rounds 3] [--only SCENE] [--tiny]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import queue
import shutil
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from measure import SKIPPED, run_measured, spread, table

import world
from lab_server import ADMIN, Json, LabServer, await_true

LANES = 10  # connections of the barest client, as many as the bot's drain opens
PEEK_S = 0.05
NODE = "full"
PODS = f"/api/v1/pods?fieldSelector=spec.nodeName%3D{NODE}"


@dataclass
class Scene:
    """A node full of pods, and the budget over them (none when `allowed` is 0)."""

    name: str
    pods: int
    allowed: int
    start_ms: int
    stop_ms: int
    lag_ms: int = 50

    def seed(self) -> Json:
        """The node is cordoned from the start; the pods are already running on it."""
        nodes = [world.node(name) for name in (NODE, "w1", "w2")]
        for node in nodes:
            node["status"]["allocatable"] = {"pods": "500"}
        labels = {"app": "web"}
        pods = world.deployment("web", self.pods)
        pods["spec"]["template"] = world.template(labels,
                                                  nodeSelector={"kubernetes.io/hostname": NODE})
        return {"version": "1.34.2", "objects": [*nodes, pods], "rbac": [],
                "options": {"pod_start_ms": self.start_ms, "pod_stop_ms": self.stop_ms,
                            "pdb_lag_ms": self.lag_ms, "node_grace_seconds": 60}}

    def floor_s(self) -> float:
        """What the cluster itself needs when nobody ever waits too long. A replacement starts as
        soon as its pod has begun to leave; once it is ready and the budget is counted anew, the
        next ones may go."""
        batches = math.ceil(self.pods / self.allowed) if self.allowed else 1
        return ((batches - 1) * (self.start_ms + self.lag_ms) + self.stop_ms) / 1000


SCENES = [
    Scene("no budget, gone in 0.1 s", 250, 0, 100, 100),
    Scene("no budget, gone in 1 s", 250, 0, 500, 1000),
    Scene("maxUnavailable 10 %", 250, 25, 500, 1000),
    Scene("maxUnavailable 1", 12, 1, 500, 1000),
]
TINY = [Scene("no budget", 8, 0, 50, 50), Scene("maxUnavailable 1", 3, 1, 50, 50)]


def ready_on_node(server: LabServer) -> int:
    pods = server.get(PODS).body["items"]
    return sum(any(c["type"] == "Ready" and c["status"] == "True"
                   for c in pod["status"].get("conditions", [])) for pod in pods)


def patched(server: LabServer, path: str, body: Json) -> None:
    answer = server.call("PATCH", path, body, content_type="application/merge-patch+json")
    assert answer.status == 200, answer.text


def prepare(server: LabServer, scene: Scene) -> None:
    """All pods run on the node, their replacements may start anywhere else."""
    await_true(lambda: ready_on_node(server) == scene.pods, "the pods run", 60)
    patched(server, f"/api/v1/nodes/{NODE}", {"spec": {"unschedulable": True}})
    if scene.allowed:
        budget = world.budget("web", {"app": "web"}, maxUnavailable=scene.allowed)
        path = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
        assert server.call("POST", path, budget).status == 201
        await_true(lambda: server.get(f"{path}/web").body["status"].get(
            "disruptionsAllowed", 0) == scene.allowed, "the budget is counted", 30)


# The template decides where replacements go, and changing a Deployment's would roll all of it, so
# it is the ReplicaSet behind it whose template is set free.
def release(server: LabServer) -> None:
    sets = server.get("/apis/apps/v1/namespaces/default/replicasets").body["items"]
    for each in sets:
        patched(server, f"/apis/apps/v1/namespaces/default/replicasets/{each['metadata']['name']}",
                {"spec": {"template": {"spec": {"nodeSelector": None}}}})


class Clients:
    def __init__(self, probe: Path, kubectl: str) -> None:
        self.probe = probe
        self.kubectl = kubectl

    def all(self) -> dict[str, Callable[[LabServer], None]]:
        found = {"Lockkeeper": self.by_bot, "barest client": self.by_barest}
        return found | ({"kubectl drain": self.by_kubectl} if self.kubectl else {})

    def by_bot(self, server: LabServer) -> None:
        cost = run_measured([self.probe, "drain", server.work / "kubeconfig", f"node={NODE}",
                             "limit=600s", f"parallel={LANES}"])
        answer = json.loads(cost.output.decode().splitlines()[-1])["answer"]
        if answer["result"] != "done":
            raise RuntimeError(f"the bot's drain: {answer}")

    def by_kubectl(self, server: LabServer) -> None:
        environment = os.environ | {"KUBECONFIG": str(server.work / "kubeconfig"),
                                    "HOME": str(server.work)}
        run_measured([self.kubectl, "drain", NODE, "--ignore-daemonsets", "--force",
                      "--delete-emptydir-data"], environment)

    def by_barest(self, server: LabServer) -> None:
        """One list, an eviction a pod over kept connections (again after a moment when a budget is
        spent), and lists until the node is empty. It checks nothing that a person would want."""
        waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        connection = server.connection(30)
        for pod in self.listed(connection):
            waiting.put(pod)
        threads = [threading.Thread(target=self.evict, args=(server, waiting))
                   for _ in range(LANES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(600)
        while self.listed(connection):
            time.sleep(PEEK_S)
        connection.close()

    @staticmethod
    def listed(connection: Any) -> list[str]:
        connection.request("GET", PODS, headers={"Authorization": f"Bearer {ADMIN}"})
        return [pod["metadata"]["name"] for pod in json.load(connection.getresponse())["items"]]

    @staticmethod
    def evict(server: LabServer, waiting: queue.SimpleQueue[str]) -> None:
        connection = server.connection(30)
        headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/json"}
        while True:
            try:
                name = waiting.get_nowait()
            except queue.Empty:
                break
            status = 429
            while status == 429:
                connection.request("POST", f"/api/v1/namespaces/default/pods/{name}/eviction",
                                   json.dumps(world.eviction(name)), headers)
                response = connection.getresponse()
                response.read()
                status = response.status
                if status == 429:
                    time.sleep(PEEK_S)
            if status != 201:
                raise RuntimeError(f"eviction of {name}: {status}")
        connection.close()


def measure(scene: Scene, drain: Callable[[LabServer], None], program: Path) -> tuple[float, int]:
    """Seconds and requests of one drain, which must leave the node empty."""
    with tempfile.TemporaryDirectory(prefix="drain-bench-") as folder:
        server = LabServer(program, Path(folder), scene.seed())
        server.start()
        try:
            prepare(server, scene)
            release(server)
            server.control("POST", "requests/reset")
            began = time.monotonic()
            drain(server)
            seconds = time.monotonic() - began
            requests = server.control("GET", "requests").body["total"]
            left = len(server.get(PODS).body["items"])
            if left:
                raise RuntimeError(f"{left} pods are left on the node")
            return seconds, requests
        finally:
            server.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin-dir", type=Path, required=True)
    parser.add_argument("--kubectl", default=shutil.which("kubectl") or "")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="scenes whose name holds this")
    parser.add_argument("--tiny", action="store_true", help="see that it runs, measure nothing")
    arguments = parser.parse_args()
    if arguments.tiny:
        arguments.rounds = 1
    build = arguments.bin_dir.resolve()
    program = build / "tests/lab/apiserver/lab_apiserver"
    probe = build / "tests/integration/kubernetes/kubernetes_probe"
    for needed in (program, probe):
        if not needed.is_file():
            print(f"{needed} is not built")
            return SKIPPED
    clients = Clients(probe, arguments.kubectl).all()
    rows = [["scene", "client", "seconds (min / median / max)", "requests (min / median / max)",
             "floor s"]]
    for scene in TINY if arguments.tiny else SCENES:
        if arguments.only not in scene.name:
            continue
        seen: dict[str, list[tuple[float, int]]] = {name: [] for name in clients}
        for _ in range(arguments.rounds):
            for name, drain in clients.items():
                seen[name].append(measure(scene, drain, program))
        for name, all_of in seen.items():
            rows.append([f"{scene.pods} pods, {scene.name}", name,
                         spread([seconds for seconds, _ in all_of]),
                         spread([float(requests) for _, requests in all_of], 0),
                         f"{scene.floor_s():.2f}"])
    table(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
