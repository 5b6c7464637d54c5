#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How the bot reads a very large cluster, and what kubectl needs for the same nodes.

The nodes are as fat as real ones (fifty images each); the pods are thinner than real ones, so only
the nodes' figures are comparable with a cluster outside.

    scale_bench.py --bin-dir BUILD [--nodes 5000] [--pods-per-node 30] [--rounds 3] [--tiny]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measure import SKIPPED, run_with_memory, spread, table

import lab_server
import world
from lab_server import Json, LabServer

IMAGES = 50
START_LIMIT_S = 300.0


def fat_node(number: int) -> Json:
    """The name is the one that the simulator's crowd gives, so its pods land on this node."""
    node = world.node(f"crowd-{number:05}")
    node["metadata"]["annotations"] = {}
    node["status"]["images"] = [
        {"names": [f"registry.example/team/service-{i}@sha256:{number * IMAGES + i:064x}",
                   f"registry.example/team/service-{i}:1.{i}.0"], "sizeBytes": 10_000_000 + i}
        for i in range(IMAGES)]
    node["status"]["nodeInfo"] = {"kubeletVersion": "v1.34.2", "bootID": f"boot-{number}",
                                  "containerRuntimeVersion": "containerd://1.7.27"}
    node["status"]["conditions"] = [{"type": "Ready", "status": "True",
                                     "lastTransitionTime": "2026-11-13T12:00:00Z"}]
    return node


def seed(nodes: int, pods_per_node: int) -> Json:
    return {"version": "1.34.2",
            "objects": [world.namespace("lockkeeper"), *(fat_node(i) for i in range(nodes))],
            "rbac": [],
            "options": {"generate": {"nodes": nodes, "pods_per_node": pods_per_node},
                        "node_grace_seconds": 86400}}


def by_bot(probe: Path, server: LabServer, command: str) -> tuple[float, float, Any]:
    """Seconds, peak MiB and the answer of one call, the process included."""
    cost = run_with_memory([probe, command, server.work / "kubeconfig", "node=crowd-00000",
                            "timeout=60s"], server.work / "answer")
    answer = json.loads(cost.output.decode().splitlines()[-1])["answer"]
    if "failure" in answer:
        raise RuntimeError(f"{command}: {answer}")
    return cost.seconds, cost.peak_mib, answer


def by_kubectl(kubectl: str, server: LabServer) -> tuple[float, float]:
    environment = os.environ | {"KUBECONFIG": str(server.work / "kubeconfig"),
                                "HOME": str(server.work)}
    cost = run_with_memory([kubectl, "get", "nodes", "-o", "json"], server.work / "nodes.json",
                           environment)
    return cost.seconds, cost.peak_mib


def report(what: str, seen: list[tuple[float, float]]) -> list[str]:
    return [what, spread([seconds for seconds, _ in seen]),
            f"{max(peak for _, peak in seen):.0f}"]


def measure(server: LabServer, probe: Path, kubectl: str, rounds: int, nodes: int,
            pods: int) -> None:
    calls = {"look": f"Lockkeeper: look, {nodes} nodes",
             "examine": "Lockkeeper: examine one node",
             "would-drain": "Lockkeeper: would drain one node",
             "workloads": f"Lockkeeper: workloads, {pods} pods"}
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in [*calls, "kubectl"]}
    for _ in range(rounds):
        for name in calls:
            seconds, peak, answer = by_bot(probe, server, name)
            seen[name].append((seconds, peak))
            if name == "look" and answer["count"] != nodes:
                raise RuntimeError(f"look saw {answer['count']} nodes of {nodes}")
            if name == "workloads" and answer["wanted"] != pods:
                raise RuntimeError(f"workloads saw {answer['wanted']} pods of {pods}")
        if kubectl:
            seen["kubectl"].append(by_kubectl(kubectl, server))
    rows = [["what", "seconds (min / median / max)", "peak MiB"]]
    rows += [report(what, seen[name]) for name, what in calls.items()]
    if kubectl:
        rows.append(report("kubectl get nodes -o json", seen["kubectl"]))
    table(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin-dir", type=Path, required=True)
    parser.add_argument("--kubectl", default=shutil.which("kubectl") or "")
    parser.add_argument("--nodes", type=int, default=5_000)
    parser.add_argument("--pods-per-node", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tiny", action="store_true", help="see that it runs, measure nothing")
    arguments = parser.parse_args()
    if arguments.tiny:
        arguments.nodes, arguments.pods_per_node, arguments.rounds = 60, 2, 1
    build = arguments.bin_dir.resolve()
    program = build / "tests/lab/apiserver/lab_apiserver"
    probe = build / "tests/integration/kubernetes/kubernetes_probe"
    for needed in (program, probe):
        if not needed.is_file():
            print(f"{needed} is not built")
            return SKIPPED
    lab_server.START_LIMIT_S = START_LIMIT_S  # a large seed takes longer than a test may wait
    with tempfile.TemporaryDirectory(prefix="scale-bench-") as folder:
        server = LabServer(program, Path(folder), seed(arguments.nodes, arguments.pods_per_node))
        began = time.monotonic()
        server.start()
        try:
            pods = arguments.nodes * arguments.pods_per_node
            print(f"simulator: {arguments.nodes} nodes, {pods} pods, up in "
                  f"{time.monotonic() - began:.1f} s")
            measure(server, probe, arguments.kubectl, arguments.rounds, arguments.nodes, pods)
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
