# SPDX-License-Identifier: Apache-2.0
"""Where the lab's addresses live.

As root the lab has a network namespace of its own with a bridge, and every node a namespace with
a cable to it; nothing of it is visible outside. Without root everything is on loopback addresses
of the machine. Programs of the lab run inside the network: `with network.entered(): ...` holds
for this thread, for the sockets it opens meanwhile and for the processes it starts.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from processes import LabError, process_of, run

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class LoopbackNetwork:
    """127.0.0.1 for the lab's servers, 127.0.10.N for its nodes."""

    server_address = "127.0.0.1"
    command_prefix: list[str] = []

    def __init__(self) -> None:
        self.ssh_port = 0

    def make(self, node_addresses: list[str]) -> None:
        self.ssh_port = _common_free_port(node_addresses)

    def node_address(self, number: int) -> str:
        return f"127.0.10.{number}"

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        yield

    def destroy(self) -> None:
        """Loopback addresses need no undoing."""


class BridgeNetwork:
    """A namespace with a bridge; addresses of a documentation range, so no mix-up does harm."""

    server_address = "198.51.100.1"
    ssh_port = 22

    def __init__(self, identity: str) -> None:
        self.name = identity
        self.command_prefix = ["ip", "netns", "exec", identity]

    def make(self, node_addresses: list[str]) -> None:
        del node_addresses  # each node brings its own cable
        run(["ip", "netns", "add", self.name])
        self._ip("link set lo up", "link add bridge type bridge",
                 f"addr add {self.server_address}/24 dev bridge", "link set bridge up")

    def node_address(self, number: int) -> str:
        return f"198.51.100.{number}"

    def node_namespace(self, node: str) -> str:
        return f"{self.name}-{node}"

    def plug_in(self, node: str, address: str) -> None:
        """Makes the node's namespace with `eth0` in it, the other end on the bridge."""
        namespace = self.node_namespace(node)
        run(["ip", "netns", "add", namespace])
        self._ip(f"link add port-{node} type veth peer name eth0 netns {namespace}",
                 f"link set port-{node} master bridge", f"link set port-{node} up")
        _ip_batch(namespace, "link set lo up", f"addr add {address}/24 dev eth0",
                  "link set eth0 up", f"route add default via {self.server_address}")

    def unplug(self, node: str) -> None:
        _delete_namespace(self.node_namespace(node))

    def cable(self, node: str, connected: bool) -> None:
        self._ip(f"link set port-{node} {'up' if connected else 'down'}")

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        with _inside(Path("/run/netns") / self.name):
            yield

    def destroy(self) -> None:
        """Also ends what still runs in the namespace: only the lab puts programs there."""
        for name in _namespaces_of(self.name):
            for pid in run(["ip", "netns", "pids", name], check=False).stdout.split():
                if (process := process_of(f"process in {name}", int(pid))) is not None:
                    process.stop(2.0)
            _delete_namespace(name)

    def _ip(self, *commands: str) -> None:
        _ip_batch(self.name, *commands)


def free_port(address: str) -> int:
    """A port that nobody listens on at this moment, in the network of this thread."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def _common_free_port(addresses: list[str]) -> int:
    for _ in range(50):
        port = free_port("127.0.0.1")
        try:
            for address in addresses:
                with socket.socket() as probe:
                    probe.bind((address, port))
            return port
        except OSError:
            continue
    raise LabError("no TCP port is free on all of the nodes' loopback addresses")


def _namespaces_of(name: str) -> list[str]:
    listed = run(["ip", "netns", "list"], check=False).stdout.splitlines()
    names = [line.split()[0] for line in listed if line.strip()]
    return [each for each in names if each == name or each.startswith(name + "-")]


def _delete_namespace(name: str) -> None:
    if (Path("/run/netns") / name).exists():
        run(["ip", "netns", "delete", name], check=False)


def _ip_batch(namespace: str, *commands: str) -> None:
    run(["ip", "-netns", namespace, "-batch", "-"], input="\n".join(commands) + "\n")


@contextlib.contextmanager
def _inside(namespace: Path) -> Iterator[None]:
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        there = os.open(namespace, os.O_RDONLY)
        try:
            _enter(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _enter(home)
    finally:
        os.close(home)


def _enter(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise LabError(f"cannot enter a network namespace: {os.strerror(ctypes.get_errno())}")
