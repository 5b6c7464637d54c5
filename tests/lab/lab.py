#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lab: a whole cluster on one machine, made in seconds and removed without a trace.

    with Lab(Path("/tmp/lab")) as lab:
        lab.monitoring.fire("KubeAPIDown")
        lab.nodes["node1"].ssh("kubelet --version")

Parts: `api` (the API server simulator), `packages` (the package repository), `monitoring` (the real
Prometheus and its friends), `nodes` by name. From the command line: `lab.py up|down|status|...`.
"""

from __future__ import annotations

import json
import re
import signal
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import packages as repository
from api_server import ApiServer, is_pod_settled
from certificates import Identity, Pki, kubeconfig, make_pki, new_token, write_secret
from detection import default_cache, detect
from lab_state import describe, restore
from monitoring import Monitoring
from network import BridgeNetwork, LoopbackNetwork, free_port
from node_files import Layout, make_key, node_spec
from nodes import Node, NodeSpec
from package_server import PackageServer
from process_node import ProcessNode
from processes import LabError, await_or_fail, run
from seed import BOT_USER, NODE_GROUP, build_seed, node_user
from sweep import identity_of, sweep
from systemd_node import SystemdNode, image_path, package_layer

SOURCE = Path(__file__).resolve().parents[2]
READY_LIMIT_S = 60.0
_FIRST_ADDRESS = 11


class Lab:
    """Owns everything below `directory` and every process, namespace and mount that it made."""

    def __init__(self, directory: Path, layout: Layout | None = None, kind: str = "auto",
                 bin_dir: Path | None = None, seed_extra: dict | None = None) -> None:
        self.directory = directory.resolve()
        self.layout = layout or Layout()
        self.wanted_kind = kind
        self.bin_dir = bin_dir or SOURCE / "build/release"
        self.seed_extra = seed_extra
        self.cache = default_cache()
        self.kind = ""
        self.kind_reason = ""
        self.nodes: dict[str, Node] = {}
        self.network: BridgeNetwork | LoopbackNetwork = LoopbackNetwork()
        self.api: ApiServer
        self.packages: PackageServer
        self.monitoring: Monitoring
        self.kubelets: dict[str, Identity] = {}
        self.bot_address = ""  # where the bot's web server is expected to listen

    def __enter__(self) -> Lab:
        exit_on_signals()
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    @property
    def kubeconfig(self) -> Path:
        """The bot's, with only the rights that it needs."""
        return self.directory / "kubeconfig"

    @property
    def admin_kubeconfig(self) -> Path:
        return self.directory / "admin.kubeconfig"

    @property
    def ssh_key(self) -> Path:
        return self.directory / "id_ed25519"

    @property
    def webhook_token_file(self) -> Path:
        return self.directory / "webhook-token"

    def up(self) -> None:
        """Returns when every node is Ready and every pod runs; undoes itself when that fails."""
        if not re.fullmatch(r"[\w./+@-]+", str(self.directory)):
            raise LabError(f"{self.directory}: mounts want a folder whose name is letters, digits "
                           "and ./_+@- only")
        sweep(self.directory)
        (self.directory / "logs").mkdir(parents=True, exist_ok=True)
        try:
            self._prepare()
            self._start()
            self._await()
            self.save()
        except BaseException:
            self.down()
            raise

    @classmethod
    def attach(cls, directory: Path) -> Lab:
        """The lab that another program has started in this folder."""
        try:
            data = json.loads((directory / "lab.json").read_text())
        except (OSError, ValueError) as error:
            raise LabError(f"no lab is up in {directory}") from error
        lab = cls(directory, Layout(**data["layout"]), data["kind"])
        restore(lab, data)
        return lab

    def down(self) -> None:
        """Ends and removes everything but the logs and keys in the folder."""
        sweep(self.directory)
        (self.directory / "lab.json").unlink(missing_ok=True)
        self.nodes = {}

    def kubeadm_log(self, node: str) -> list[str]:
        """One line per start and end of an action that changes something."""
        return self.nodes[node].read("/var/log/lab-kubeadm.log").splitlines()

    def kubeadm_starts(self, node: str) -> list[str]:
        return [line for line in self.kubeadm_log(node) if " start " in line]

    def package_versions(self) -> dict[str, dict[str, str]]:
        return self.on_all_nodes(Node.package_versions)

    def held_packages(self) -> dict[str, list[str]]:
        return self.on_all_nodes(Node.held_packages)

    def on_all_nodes(self, action: Callable[[Node], object]) -> dict:
        """The action's result per node; it runs on all of them at once, inside the network."""
        results = _in_parallel(lambda node: self._inside(action, node), self.nodes.values())
        return dict(zip(self.nodes, results, strict=True))

    def run(self, command: Iterable[object], **options: object):
        """Runs a program inside the lab's network, for example kubectl or the bot."""
        with self.network.entered():
            return run(command, **options)

    def await_settled(self, limit_s: float = READY_LIMIT_S) -> None:
        """Every node Ready by its own kubelet's word, every pod running."""
        def settled() -> bool:
            try:
                return self._is_settled()
            except LabError:
                return False  # the API server may be away for a moment

        if not settled():
            try:
                await_or_fail(settled, limit_s, "all nodes Ready and all pods running", 0.1)
            except LabError as error:
                raise LabError(f"{error}; {self._unsettled()}") from error

    def save(self) -> None:
        write_secret(self.directory / "lab.json", json.dumps(describe(self), indent=1) + "\n")

    def _prepare(self) -> None:
        """Everything that is only files and names."""
        found = detect(self.cache, self.wanted_kind)
        self.kind, self.kind_reason = found.kind, found.reason
        names = self.layout.names()
        if self.kind == "systemd":
            self.network = BridgeNetwork(identity_of(self.directory))
        addresses = {name: self.network.node_address(_FIRST_ADDRESS + number)
                     for number, name in enumerate(names)}
        self.network.make(list(addresses.values()))
        make_key(self.ssh_key, "lab")
        write_secret(self.webhook_token_file, new_token() + "\n")
        self.make_parts(make_pki(self.directory / "pki", [self.network.server_address]),
                         Identity("admin", new_token(), ("system:masters",)), self._ports(),
                         repository.build(self.cache))
        self.kubelets = {name: Identity(node_user(name), new_token(), (NODE_GROUP,))
                         for name in names}
        for name, address in addresses.items():
            spec = node_spec(self.directory, self.layout, name, address, self.network.ssh_port,
                             self.api, self.packages, self.kubelets[name])
            self.nodes[name] = self.make_node(spec)

    def _ports(self) -> dict[str, int]:
        """Well-known ones where the network is our own, free ones on loopback."""
        if self.kind == "systemd":
            return {"api": 6443, "control": 6444, "packages": 80, "bot": 8099}
        return {name: free_port("127.0.0.1") for name in ("api", "control", "packages", "bot")}

    def make_parts(self, pki: Pki, admin: Identity, ports: dict[str, int],
                   repo: repository.Repository) -> None:
        """The parts as objects; nothing is started."""
        logs = self.directory / "logs"
        self.bot_address = f"127.0.0.1:{ports['bot']}"
        self.api = ApiServer(self.directory / "apiserver", logs / "apiserver.log", self.network,
                             ports["api"], ports["control"], pki, admin)
        self.packages = PackageServer(self.directory, logs / "packages.log", self.network,
                                      ports["packages"], repo)
        self.monitoring = Monitoring(self.directory / "monitoring", logs, self.network,
                                     self.bot_address, self.webhook_token_file)

    def make_node(self, spec: NodeSpec) -> Node:
        if self.kind == "process":
            return ProcessNode(spec, self.ssh_key, self.packages.repository)
        image = image_path(self.cache)
        if image is None:
            raise LabError("the image of the nodes is gone, run tests/lab/setup.sh")
        layer = package_layer(self.cache, image, self.packages.repository, spec.version,
                              spec.containerd)
        return SystemdNode(spec, self.ssh_key, self.network, layer, image)

    def _start(self) -> None:
        bot = Identity(BOT_USER, new_token())
        for path, identity, namespace in ((self.kubeconfig, bot, "lockkeeper"),
                                          (self.admin_kubeconfig, self.api.admin, "default")):
            write_secret(path, kubeconfig(self.api.url, self.api.pki, identity, namespace))
        seed = build_seed(self.layout.version,
                          [self.layout.seed_node(name, node.spec.address)
                           for name, node in self.nodes.items()], self.seed_extra)
        with ThreadPoolExecutor(2) as background:
            self.packages.start()
            self.api.start(self._api_program(), seed,
                           [self.api.admin, bot, *self.kubelets.values()])
            alerts = background.submit(self.monitoring.start)
            _in_parallel(lambda node: (node.make(), node.start()), self.nodes.values())
            alerts.result()

    def _api_program(self) -> Path:
        """In a build folder it lies where its sources do."""
        built = self.bin_dir / "tests/lab/apiserver/lab_apiserver"
        return built if built.is_file() else self.bin_dir / "lab_apiserver"

    def _await(self) -> None:
        self.packages.await_ready()
        self.api.await_ready()
        self.on_all_nodes(lambda node: (node.await_login(),
                                        node.ssh("sudo apt-get update -qq", timeout_s=60)))
        self.await_settled()

    def _inside(self, action: Callable[[Node], object], node: Node) -> object:
        with self.network.entered():
            return action(node)

    def _is_settled(self) -> bool:
        nodes = self.api.nodes()
        reported = all(nodes[name]["status"]["nodeInfo"].get("bootID") for name in self.nodes)
        return reported and not self.api.not_ready() and all(map(is_pod_settled, self.api.pods()))

    def _unsettled(self) -> str:
        try:
            pods = [pod["metadata"]["name"] for pod in self.api.pods() if not is_pod_settled(pod)]
            return f"not Ready: {self.api.not_ready()}, not running: {pods[:5]}"
        except LabError as error:
            return str(error)


def _in_parallel(action: Callable, items: Iterable) -> list:
    work = list(items)
    with ThreadPoolExecutor(max(len(work), 1)) as pool:
        return list(pool.map(action, work))


def exit_on_signals() -> None:
    """SIGTERM and SIGHUP end the program through its clean-up, as SIGINT does."""
    def leave(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, leave)


if __name__ == "__main__":
    from lab_cli import main

    raise SystemExit(main())
