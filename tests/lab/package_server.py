# SPDX-License-Identifier: Apache-2.0
"""The package repository as a part of the lab: its process and the ways to break it."""

from __future__ import annotations

import sys
from pathlib import Path

from network import BridgeNetwork, LoopbackNetwork
from nodes import Node
from packages import Repository
from processes import Process, await_or_fail, recorded, spawn
from web import answers, call, expect

START_LIMIT_S = 10.0
_KEYRING = "/etc/apt/keyrings/kubernetes-apt-keyring.gpg"


class PackageServer:
    def __init__(self, directory: Path, log: Path, network: BridgeNetwork | LoopbackNetwork,
                 port: int, repository: Repository) -> None:
        self.directory = directory
        self.log = log
        self.network = network
        self.port = port
        self.repository = repository
        self.process: Process | None = recorded(log)

    @property
    def url(self) -> str:
        """What stands in for https://pkgs.k8s.io in the nodes' source lines."""
        host = self.network.server_address
        return f"http://{host}" if self.port == 80 else f"http://{host}:{self.port}"

    def start(self) -> None:
        with self.network.entered():
            self.process = spawn("package server", [
                sys.executable, Path(__file__).with_name("repo_server.py"),
                "--root", self.repository.root, "--listen", self.network.server_address,
                "--port", self.port, "--port-file", self.directory / "repository.port"], self.log)

    def await_ready(self) -> None:
        def ready() -> bool:
            with self.network.entered():
                return answers(f"{self.url}/_lab/requests")

        await_or_fail(ready, START_LIMIT_S, "the package server is ready")

    def stop(self) -> None:
        """Down: connections are refused."""
        if self.process is not None:
            self.process.stop()
            self.process = None

    def set_mode(self, mode: str) -> None:
        """One of repo_server.MODES; `ok` repairs."""
        with self.network.entered():
            expect(200, call("POST", f"{self.url}/_lab/mode", {"mode": mode}), f"mode {mode}")

    def requests(self) -> list[str]:
        """The last requests as "ADDRESS PATH"."""
        with self.network.entered():
            return expect(200, call("GET", f"{self.url}/_lab/requests"), "requests").json()

    def expire_key(self, node: Node) -> None:
        """The node's keyring becomes the one of before the key's life was extended."""
        node.path(_KEYRING).write_bytes(self.repository.expired_keyring.read_bytes())

    def renew_key(self, node: Node) -> None:
        node.path(_KEYRING).write_bytes(self.repository.keyring.read_bytes())
