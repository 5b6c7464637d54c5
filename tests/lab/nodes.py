# SPDX-License-Identifier: Apache-2.0
"""A machine of the lab, whichever way it is made.

Two kinds stand behind this interface: `systemd_node` boots a small Debian of its own (needs
root), `process_node` runs a real sshd over a private view of this machine (needs user namespaces
only). Both have real apt and dpkg, a user `ops` with a key and sudo, and a service manager that
answers `systemctl`.
"""

from __future__ import annotations

import abc
import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from processes import LabError, Process, await_or_fail, recorded, run

KUBERNETES_HOLDS = frozenset({"kubelet", "kubeadm", "kubectl"})
LOGIN_LIMIT_S = 30.0
STOP_LIMIT_S = 20.0


@dataclass(frozen=True)
class FileText:
    """A file to be put on a node before its first boot."""

    text: str | bytes
    mode: int = 0o644
    owner: int = 0  # user and group id on the node


@dataclass
class NodeSpec:
    name: str
    address: str
    ssh_port: int
    directory: Path  # everything of this node lies below it
    log: Path  # what its console says
    version: str
    containerd: str
    held: frozenset[str] = KUBERNETES_HOLDS
    files: dict[str, FileText] = field(default_factory=dict)
    setup: str = ""  # a script that runs in the node as root before the first boot


class Node(abc.ABC):
    """`make`, then `start`; `destroy` undoes everything and may be called in any state."""

    kind = ""
    can_cut = False

    def __init__(self, spec: NodeSpec, key: Path) -> None:
        self.spec = spec
        self.key = key
        self.loop: Process | None = recorded(spec.log)

    @property
    def name(self) -> str:
        return self.spec.name

    @abc.abstractmethod
    def make(self) -> None: ...

    @abc.abstractmethod
    def start(self) -> None: ...

    @abc.abstractmethod
    def kill(self) -> None:
        """Power off without a word to anybody."""

    @abc.abstractmethod
    def destroy(self) -> None: ...

    @abc.abstractmethod
    def path(self, inside: str) -> Path:
        """Where a file of the node lies as seen from outside; the node may be down."""

    @abc.abstractmethod
    def inside(self, script: str, timeout_s: float = 30.0) -> subprocess.CompletedProcess[str]:
        """Runs a script as root in the running node, not over the network."""

    @abc.abstractmethod
    def refuse_sudo(self, refused: bool) -> None:
        """Whether sudo asks for a password that nobody has."""

    def cut(self) -> None:
        raise LabError(f"{self.name}: a {self.kind} node has no cable to pull")

    def heal(self) -> None:
        raise LabError(f"{self.name}: a {self.kind} node has no cable to pull")

    def is_running(self) -> bool:
        return self.loop is not None and self.loop.is_running()

    def stop(self) -> None:
        """An orderly shutdown, bounded."""
        if self.loop is not None and not self.loop.stop(STOP_LIMIT_S, signal.SIGTERM):
            self.kill()
        self.loop = None

    def reboot(self) -> None:
        """As a person would do it, over ssh. The connection may break before its exit status."""
        self.ssh("sudo systemctl reboot", check=False)

    def read(self, inside: str) -> str:
        """The text of a file on the node, empty when there is none."""
        path = self.path(inside)
        return path.read_text(errors="replace") if path.exists() else ""

    def write(self, inside: str, text: str) -> None:
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def remove(self, inside: str) -> None:
        self.path(inside).unlink(missing_ok=True)

    def boot_id(self) -> str:
        return self.ssh("cat /proc/sys/kernel/random/boot_id").stdout.strip()

    def ssh(self, command: str, check: bool = True, timeout_s: float = 30.0,
            user: str = "ops") -> subprocess.CompletedProcess[str]:
        """Runs a command over real ssh. Call it inside the lab's network."""
        options = ["-F", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
                   "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
                   "-o", "ConnectTimeout=3", "-o", "ConnectionAttempts=1",
                   "-o", "IdentitiesOnly=yes"]
        return run(["ssh", *options, "-i", self.key, "-p", self.spec.ssh_port,
                    f"{user}@{self.spec.address}", command], timeout_s=timeout_s, check=check,
                   env={**os.environ, "LC_ALL": "C.UTF-8"})

    def await_login(self, limit_s: float = LOGIN_LIMIT_S) -> None:
        await_or_fail(lambda: self.ssh("true", check=False).returncode == 0, limit_s,
                      f"{self.name}: login as ops at {self.spec.address}:{self.spec.ssh_port}")

    def held_packages(self) -> list[str]:
        return sorted(self.ssh("apt-mark showhold").stdout.split())

    def package_versions(self) -> dict[str, str]:
        listed = self.ssh("dpkg-query -W -f '${Package} ${Version}\\n' kubeadm kubelet kubectl "
                          "containerd.io").stdout
        return dict(line.split() for line in listed.splitlines())


def put_files(root: Path, files: dict[str, FileText], shift_owner: bool) -> None:
    """Writes the files below `root`; only root can give them to other users."""
    for name, file in files.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        data = file.text.encode() if isinstance(file.text, str) else file.text
        path.write_bytes(data)
        path.chmod(file.mode)
        if shift_owner and file.owner:
            os.chown(path, file.owner, file.owner)


def set_holds(status: Path, held: frozenset[str]) -> None:
    """Rewrites the selection of each package in a dpkg status file."""
    stanzas = status.read_text().split("\n\n")
    for number, stanza in enumerate(stanzas):
        name = stanza.partition("\n")[0].removeprefix("Package: ").strip()
        wanted = "hold" if name in held else "install"
        for current in ("hold", "install"):
            stanza = stanza.replace(f"\nStatus: {current} ok installed",
                                    f"\nStatus: {wanted} ok installed")
        stanzas[number] = stanza
    status.write_text("\n\n".join(stanzas))
