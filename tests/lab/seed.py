# SPDX-License-Identifier: Apache-2.0
"""What is in the cluster of the lab when it wakes: nodes with a quiet past, workloads with budgets,
a backup CronJob, and what each user may do.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

NAMESPACES = ["default", "kube-system", "kube-public", "kube-node-lease", "lockkeeper", "shop"]
BOT_USER = "lockkeeper"
NODE_GROUP = "system:nodes"
BACKUP_LOG = "Starting etcd backup\nBackup done: /backups/etcd-{{now}}.db (5242912 bytes)\n"
_QUIET_DAYS = 9  # since then no node has changed its Ready condition
_READ = ["get", "list", "watch"]


@dataclass(frozen=True)
class SeedNode:
    name: str
    address: str
    version: str
    containerd: str
    is_master: bool
    is_tainted: bool  # keeps workloads away; not where there is no other node for them


def build_seed(version: str, nodes: list[SeedNode], extra: dict | None = None) -> dict:
    """The seed file of the API server simulator. `extra` adds objects, rbac rules and options."""
    extra = extra or {}
    objects = [_object("v1", "Namespace", name, "") for name in NAMESPACES]
    for node in nodes:
        objects += [_node(node), _lease(node.name)]
    objects += _system_workloads(version) + _shop() + [_backup_cronjob()]
    return {
        "version": version,
        "objects": objects + extra.get("objects", []),
        "rbac": _rbac() + extra.get("rbac", []),
        "options": {"node_grace_seconds": 4, "pod_start_ms": 300, "pod_stop_ms": 500,
                    "pdb_lag_ms": 50, **extra.get("options", {})},
    }


def _object(version: str, kind: str, name: str, namespace: str, **fields: object) -> dict:
    metadata: dict[str, object] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    metadata.update(fields.pop("metadata", {}))
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}


def _node(node: SeedNode) -> dict:
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=_QUIET_DAYS)
    moment = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    labels = {"kubernetes.io/hostname": node.name, "kubernetes.io/os": "linux",
              "kubernetes.io/arch": "amd64"}
    annotations: dict[str, str] = {}
    spec: dict[str, object] = {}
    if node.is_master:
        labels["node-role.kubernetes.io/control-plane"] = ""
        # Its own, or its static pods would follow the upgrade of another control plane.
        annotations["lab/control-plane-version"] = node.version
    if node.is_tainted:
        spec["taints"] = [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]
    conditions = [{"type": kind, "status": "False", "reason": f"KubeletHas{reason}",
                   "lastHeartbeatTime": moment, "lastTransitionTime": moment}
                  for kind, reason in (("MemoryPressure", "SufficientMemory"),
                                       ("DiskPressure", "NoDiskPressure"),
                                       ("PIDPressure", "SufficientPID"))]
    conditions.append({"type": "Ready", "status": "True", "reason": "KubeletReady",
                       "message": "kubelet is posting ready status",
                       "lastHeartbeatTime": moment, "lastTransitionTime": moment})
    size = {"cpu": "4", "memory": "8Gi", "pods": "110"}
    status = {"conditions": conditions, "capacity": size, "allocatable": size,
              "addresses": [{"type": "InternalIP", "address": node.address},
                            {"type": "Hostname", "address": node.name}],
              "nodeInfo": {"kubeletVersion": f"v{node.version}",
                           "containerRuntimeVersion": f"containerd://{node.containerd}"}}
    return _object("v1", "Node", node.name, "", spec=spec, status=status,
                   metadata={"labels": labels, "annotations": annotations,
                             "creationTimestamp": moment})


def _lease(node: str) -> dict:
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return _object("coordination.k8s.io/v1", "Lease", node, "kube-node-lease",
                   spec={"holderIdentity": node, "leaseDurationSeconds": 40, "renewTime": now})


def _pod_template(app: str, image: str, **spec: object) -> dict:
    return {"metadata": {"labels": {"app": app}},
            "spec": {"containers": [{"name": app, "image": image}],
                     "terminationGracePeriodSeconds": 5, **spec}}


def _workload(kind: str, name: str, namespace: str, replicas: int | None, image: str,
              **spec: object) -> dict:
    body: dict[str, object] = {"selector": {"matchLabels": {"app": name}},
                               "template": _pod_template(name, image, **spec)}
    if replicas is not None:
        body["replicas"] = replicas
    if kind == "StatefulSet":
        body["serviceName"] = name
    return _object("apps/v1", kind, name, namespace, spec=body)


def _budget(app: str, namespace: str, **limit: int) -> dict:
    return _object("policy/v1", "PodDisruptionBudget", app, namespace,
                   spec={"selector": {"matchLabels": {"app": app}}, **limit})


def _system_workloads(version: str) -> list[dict]:
    everywhere = {"tolerations": [{"operator": "Exists"}], "hostNetwork": True}
    masters = {"tolerations": [{"key": "node-role.kubernetes.io/control-plane",
                                "effect": "NoSchedule"}]}
    configuration = (f"apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n"
                     f"kubernetesVersion: v{version}\n")
    return [
        _workload("DaemonSet", "kube-proxy", "kube-system", None,
                  f"registry.k8s.io/kube-proxy:v{version}", **everywhere),
        _workload("DaemonSet", "cni", "kube-system", None, "registry.example/cni:1.2.3",
                  **everywhere),
        _workload("Deployment", "coredns", "kube-system", 2,
                  "registry.k8s.io/coredns/coredns:v1.12.1", **masters),
        _object("v1", "ConfigMap", "kubeadm-config", "kube-system",
                data={"ClusterConfiguration": configuration}),
        _object("v1", "ConfigMap", "kubelet-config", "kube-system",
                data={"kubelet": "kind: KubeletConfiguration\n"}),
    ]


def _shop() -> list[dict]:
    """Something of each sort that a drain meets."""
    scratch = {"volumes": [{"name": "scratch", "emptyDir": {}}]}
    return [
        _workload("Deployment", "web", "shop", 3, "registry.example/web:5", **scratch),
        _budget("web", "shop", minAvailable=2),
        _workload("Deployment", "api", "shop", 2, "registry.example/api:7"),
        _budget("api", "shop", maxUnavailable=1),
        _workload("Deployment", "worker", "shop", 1, "registry.example/worker:3"),
        _workload("StatefulSet", "db", "shop", 2, "registry.example/db:16"),
        _budget("db", "shop", maxUnavailable=1),
    ]


def _backup_cronjob() -> dict:
    template = _pod_template("backup-etcd", "registry.example/etcd-backup:3",
                             restartPolicy="Never")
    template["metadata"]["annotations"] = {"lab/log": BACKUP_LOG, "lab/run-seconds": "1",
                                           "lab/exit-code": "0"}
    job = {"spec": {"backoffLimit": 0, "template": template}}
    return _object("batch/v1", "CronJob", "backup-etcd", "default",
                   spec={"schedule": "0 2 * * *", "concurrencyPolicy": "Forbid",
                         "jobTemplate": job})


def _rule(who: str, verbs: list[str], resources: list[str], **where: list[str]) -> dict:
    """`where`: namespaces or names; without them the rule holds everywhere."""
    subject = {"group": who} if who == NODE_GROUP else {"user": who}
    return {**subject, "verbs": verbs, "resources": resources, **where}


def _rbac() -> list[dict]:
    """The bot may do what config/deploy/rbac.yaml allows it, and read a Secret of its own."""
    health = ["/metrics", "/readyz", "/livez", "/version"]
    return [
        _rule(BOT_USER, [*_READ, "patch"], ["nodes"]),
        _rule(BOT_USER, _READ, ["pods"]),
        _rule(BOT_USER, ["create"], ["pods/eviction"]),
        _rule(BOT_USER, ["get"], ["daemonsets", "replicasets", "statefulsets", "jobs"]),
        _rule(BOT_USER, ["list", "watch"], ["poddisruptionbudgets"]),
        _rule(BOT_USER, ["get", "patch"], ["namespaces"], names=["lockkeeper"]),
        _rule(BOT_USER, ["get"], ["cronjobs", "pods/log"], namespaces=["default"]),
        _rule(BOT_USER, ["create", *_READ], ["jobs"], namespaces=["default"]),
        _rule(BOT_USER, ["get", "list"], ["leases"], namespaces=["kube-node-lease"]),
        _rule(BOT_USER, ["get"], ["secrets"], namespaces=["lockkeeper"]),
        _rule(BOT_USER, ["get"], health),
        _rule(NODE_GROUP, ["get", "list", "create", "patch"], ["nodes"]),
        _rule(NODE_GROUP, ["patch"], ["nodes/status"]),
        _rule(NODE_GROUP, ["get", "create", "patch"], ["leases"], namespaces=["kube-node-lease"]),
        _rule(NODE_GROUP, ["get"], health),
    ]


def node_user(node: str) -> str:
    return f"system:node:{node}"
