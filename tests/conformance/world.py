# SPDX-License-Identifier: Apache-2.0
"""The small cluster that the suites work on, and objects made by a few words."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
BACKUP_LOG = "Starting\nBackup done: /backups/etcd-{{now}}.db (5242912 bytes)\n"


def seed(**options: Any) -> Json:
    nodes = [node("cp1", control_plane=True)] + [node(f"w{i}") for i in range(1, 5)]
    return {
        "version": "1.34.2",
        "objects": nodes + [
            deployment("web", 6), budget("web", {"app": "web"}, minAvailable=4),
            daemon_set("net"), stateful_set("db", 2), backup_cronjob()],
        "rbac": [{"user": "viewer", "verbs": ["get", "list", "watch"],
                  "resources": ["nodes", "pods"]}],
        "options": {"pod_start_ms": 100, "pod_stop_ms": 100, "pdb_lag_ms": 50,
                    "node_grace_seconds": 1, **options},
    }


def node(name: str, control_plane: bool = False) -> Json:
    labels = {"kubernetes.io/hostname": name}
    spec: Json = {}
    if control_plane:
        labels["node-role.kubernetes.io/control-plane"] = ""
        spec["taints"] = [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]
    address = "198.51.100." + str(10 + sum(name.encode()) % 100)
    return {"apiVersion": "v1", "kind": "Node", "spec": spec,
            "metadata": {"name": name, "labels": labels,
                         "annotations": {"lab/kubelet": "simulated"}},
            "status": {"addresses": [{"type": "InternalIP", "address": address}]}}


def template(labels: Json, **spec: Any) -> Json:
    return {"metadata": {"labels": labels},
            "spec": {"containers": [{"name": "main", "image": "lab/main:1"}], **spec}}


def workload(kind: str, name: str, namespace: str, spec: Json) -> Json:
    return {"apiVersion": "apps/v1", "kind": kind,
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"selector": {"matchLabels": {"app": name}}, **spec}}


def deployment(name: str, replicas: int, namespace: str = "default") -> Json:
    return workload("Deployment", name, namespace,
                    {"replicas": replicas, "template": template({"app": name})})


def stateful_set(name: str, replicas: int, namespace: str = "default") -> Json:
    volumes = [{"name": "scratch", "emptyDir": {}}]
    return workload("StatefulSet", name, namespace,
                    {"replicas": replicas, "serviceName": name,
                     "template": template({"app": name}, volumes=volumes)})


def daemon_set(name: str, namespace: str = "kube-system") -> Json:
    return workload("DaemonSet", name, namespace, {"template": template({"app": name})})


def budget(name: str, labels: Json, namespace: str = "default", **spec: Any) -> Json:
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"selector": {"matchLabels": labels}, **spec}}


def backup_cronjob() -> Json:
    pod = template({"app": "backup"}, restartPolicy="Never")
    pod["metadata"]["annotations"] = {"lab/log": BACKUP_LOG, "lab/run-seconds": "0.3"}
    return {"apiVersion": "batch/v1", "kind": "CronJob",
            "metadata": {"name": "backup-etcd", "namespace": "default"},
            "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": pod}}}}


def namespace(name: str) -> Json:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def config_map(name: str, data: Json | None = None, labels: Json | None = None) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "data": data or {},
            "metadata": {"name": name, "labels": labels or {}}}


def bare_pod(name: str, labels: Json, node_name: str = "w1", **annotations: str) -> Json:
    marks = {key.replace("_", "/", 1).replace("_", "-"): value
             for key, value in annotations.items()}
    spec = {"containers": [{"name": "main", "image": "lab/main:1"}]}
    if node_name:
        spec["nodeName"] = node_name
    return {"apiVersion": "v1", "kind": "Pod", "spec": spec,
            "metadata": {"name": name, "labels": labels, "annotations": marks}}


def eviction(name: str, **delete_options: Any) -> Json:
    return {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name},
            "deleteOptions": delete_options}
