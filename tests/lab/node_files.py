# SPDX-License-Identifier: Apache-2.0
"""What the lab puts on a node before its first boot, and how the nodes are laid out."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from pathlib import Path

from api_server import ApiServer
from certificates import Identity, node_kubeconfig
from nodes import KUBERNETES_HOLDS, FileText, NodeSpec
from package_server import PackageServer
from packages import containerd_source_line, kubernetes_source_line
from processes import LabError, run
from seed import SeedNode

NEW_CONTAINERD = "1.7.27"
OLD_CONTAINERD = "1.7.24"
_ETCD_BYTES = 2 << 20


@dataclass
class Layout:
    """The shape of the cluster. `versions` and `containerd_skew` make it uneven."""

    nodes: int = 5
    control_planes: int = 1
    version: str = "1.34.2"
    versions: dict[str, str] = field(default_factory=dict)  # by node, where it differs
    containerd_skew: bool = False  # the first control plane's containerd is older

    def names(self) -> list[str]:
        if not 1 <= self.control_planes <= self.nodes <= 100:
            raise LabError(f"{self.nodes} nodes with {self.control_planes} control planes: "
                           "wanted 1 <= control planes <= nodes <= 100")
        masters = [f"master{i}" for i in range(1, self.control_planes + 1)]
        return masters + [f"node{i}" for i in range(1, self.nodes - self.control_planes + 1)]

    def is_master(self, name: str) -> bool:
        return name.startswith("master")

    def version_of(self, name: str) -> str:
        return self.versions.get(name, self.version)

    def containerd_of(self, name: str) -> str:
        return OLD_CONTAINERD if self.containerd_skew and name == "master1" else NEW_CONTAINERD

    def held_on(self, name: str) -> frozenset[str]:
        """As fleets are: mostly alike. node2 leaves kubectl free, master1 holds containerd too."""
        if name == "node2":
            return KUBERNETES_HOLDS - {"kubectl"}
        return KUBERNETES_HOLDS | {"containerd.io"} if name == "master1" else KUBERNETES_HOLDS

    def seed_node(self, name: str, address: str) -> SeedNode:
        return SeedNode(name, address, self.version_of(name), self.containerd_of(name),
                        self.is_master(name),
                        self.is_master(name) and self.nodes > self.control_planes)


def make_key(path: Path, comment: str) -> None:
    path.unlink(missing_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])


def node_spec(directory: Path, layout: Layout, name: str, address: str, ssh_port: int,
              api: ApiServer, packages: PackageServer, kubelet: Identity) -> NodeSpec:
    folder = directory / "nodes" / name
    folder.mkdir(parents=True)
    make_key(folder / "host_key", f"root@{name}")
    spec = NodeSpec(name, address, ssh_port, folder, directory / "logs" / f"{name}.log",
                    layout.version_of(name), layout.containerd_of(name), layout.held_on(name))
    spec.files = {
        **_identity(name, address),
        **_access(folder, directory / "id_ed25519.pub"),
        **_apt(packages, layout.version_of(name)),
        "/etc/kubernetes/pki/ca.crt": FileText(api.pki.ca.read_text()),
        "/etc/kubernetes/kubelet.conf": FileText(node_kubeconfig(api.url, kubelet), 0o600),
        "/var/lib/kubelet/kubeadm-flags.env": FileText('KUBELET_KUBEADM_ARGS=""\n'),
        # The machine that carries the lab may have cgroup v1, with which a kubelet of 1.35 starts
        # only when it is told to.
        "/var/lib/kubelet/config.yaml": FileText(
            "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
            "failCgroupV1: false\n"),
        "/etc/lab/control": FileText(api.control_url + "\n"),
    }
    spec.setup = "mkdir -p /etc/kubernetes/manifests /etc/kubernetes/tmp"
    if layout.is_master(name):
        spec.files["/etc/kubernetes/admin.conf"] = FileText(
            node_kubeconfig(api.url, api.admin), 0o600)
        spec.setup += ("; kubeadm init phase control-plane all; mkdir -p /var/lib/etcd/member/snap"
                       f"; head -c {_ETCD_BYTES} /dev/zero >/var/lib/etcd/member/snap/db")
    return spec


def _identity(name: str, address: str) -> dict[str, FileText]:
    return {
        "/etc/hostname": FileText(f"{name}\n"),
        "/etc/hosts": FileText(f"127.0.0.1 localhost\n{address} {name}\n"),
        "/etc/machine-id": FileText(uuid.uuid4().hex + "\n", 0o444),
        "/etc/lab/address": FileText(f"{address}\n"),
    }


def _access(folder: Path, public_key: Path) -> dict[str, FileText]:
    host_key = folder / "host_key"
    return {
        "/home/ops/.ssh/authorized_keys": FileText(public_key.read_text(), 0o600, 1000),
        "/etc/ssh/ssh_host_ed25519_key": FileText(host_key.read_text(), 0o600),
        "/etc/ssh/ssh_host_ed25519_key.pub": FileText(
            host_key.with_suffix(".pub").read_text()),
    }


def _apt(packages: PackageServer, version: str) -> dict[str, FileText]:
    keyring = packages.repository.keyring.read_bytes()
    return {
        "/etc/apt/keyrings/kubernetes-apt-keyring.gpg": FileText(keyring),
        "/etc/apt/keyrings/docker.gpg": FileText(keyring),
        "/etc/apt/sources.list.d/kubernetes.list": FileText(
            kubernetes_source_line(packages.url, version)),
        "/etc/apt/sources.list.d/docker.list": FileText(containerd_source_line(packages.url)),
    }
