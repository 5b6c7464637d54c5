# SPDX-License-Identifier: Apache-2.0
"""What lab.json says: for people and scripts that look for an address, and for a later program that
takes a running lab over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import packages as repository
from certificates import Identity, Pki
from network import BridgeNetwork
from nodes import NodeSpec
from sweep import identity_of

if TYPE_CHECKING:
    from lab import Lab


def describe(lab: Lab) -> dict[str, object]:
    return {
        "directory": str(lab.directory), "kind": lab.kind, "kind_reason": lab.kind_reason,
        "layout": lab.layout.__dict__, "identity": identity_of(lab.directory),
        "command_prefix": lab.network.command_prefix,
        "server_address": lab.network.server_address,
        "api": {"url": lab.api.url, "port": lab.api.port, "ca_file": str(lab.api.pki.ca),
                "control_url": lab.api.control_url, "control_port": lab.api.control_port},
        "packages": {"url": lab.packages.url, "port": lab.packages.port},
        "monitoring": lab.monitoring.to_json(),
        "bot": {"address": lab.bot_address, "kubeconfig": str(lab.kubeconfig),
                "webhook_token_file": str(lab.webhook_token_file)},
        "admin": {"kubeconfig": str(lab.admin_kubeconfig), "token": lab.api.admin.token},
        "ssh": {"user": "ops", "key_file": str(lab.ssh_key), "port": lab.network.ssh_port},
        "nodes": [{"name": node.name, "address": node.spec.address,
                   "master": lab.layout.is_master(node.name),
                   "pid": node.loop.pid if node.loop else None}
                  for node in lab.nodes.values()],
        "pids": {path.stem: int(path.read_text().split("\t")[1])
                 for path in sorted((lab.directory / "logs").glob("*.pid"))},
    }


def restore(lab: Lab, data: dict) -> None:
    """Makes the parts of `lab` again around the processes that already run."""
    lab.kind, lab.kind_reason = data["kind"], data["kind_reason"]
    if lab.kind == "systemd":
        lab.network = BridgeNetwork(data["identity"])
    lab.network.ssh_port = data["ssh"]["port"]
    ports = {"api": data["api"]["port"], "control": data["api"]["control_port"],
             "packages": data["packages"]["port"],
             "bot": int(data["bot"]["address"].rpartition(":")[2])}
    admin = Identity("admin", data["admin"]["token"], ("system:masters",))
    lab.make_parts(Pki(lab.directory / "pki"), admin, ports, repository.build(lab.cache))
    lab.monitoring.restore(data["monitoring"])
    for node in data["nodes"]:
        name = node["name"]
        lab.nodes[name] = lab.make_node(NodeSpec(
            name, node["address"], data["ssh"]["port"], lab.directory / "nodes" / name,
            lab.directory / "logs" / f"{name}.log", lab.layout.version_of(name),
            lab.layout.containerd_of(name), lab.layout.held_on(name)))
