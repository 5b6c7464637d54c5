# SPDX-License-Identifier: Apache-2.0
"""Nodes that are small Debian systems: an overlay over a shared image, real systemd as PID 1.

Three layers make the disk of a node: the image that setup.sh built, a layer with the packages of
the start version (both from the cache), and the node's own. The node lives in its own network
namespace.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from network import BridgeNetwork
from nodes import KUBERNETES_HOLDS, Node, NodeSpec, put_files, set_holds
from packages import Repository, remove_stale
from processes import LabError, run, spawn, wait_until

_HERE = Path(__file__).resolve().parent
_UNITS = ("kubelet", "containerd")


class SystemdNode(Node):
    kind = "systemd"
    can_cut = True

    def __init__(self, spec: NodeSpec, key: Path, network: BridgeNetwork, layer: Path,
                 image: Path) -> None:
        super().__init__(spec, key)
        self.network = network
        self.lower = f"{layer}:{image}"
        self.root = spec.directory / "root"
        self.cgroup = f"{network.name}-{spec.name}"

    def make(self) -> None:
        _mount_overlay(self.lower, self.spec.directory)
        put_files(self.root, self.spec.files, shift_owner=True)
        if self.spec.held != KUBERNETES_HOLDS:
            set_holds(self.root / "var/lib/dpkg/status", self.spec.held)
        if self.spec.setup:
            run(["chroot", self.root, "sh", "-euc", self.spec.setup])
        self.network.plug_in(self.name, self.spec.address)

    def start(self) -> None:
        namespace = self.network.node_namespace(self.name)
        self.loop = spawn(f"node {self.name}", [
            _HERE / "node_loop.sh", self.cgroup, "systemd-nspawn", "--quiet", "--boot",
            f"--directory={self.root}", f"--machine={self.cgroup}", f"--hostname={self.name}",
            f"--network-namespace-path=/run/netns/{namespace}", "--register=no", "--keep-unit",
            "--kill-signal=SIGRTMIN+3", "--console=pipe", "--link-journal=no",
            "--resolv-conf=off", "--timezone=off"], self.spec.log,
            env={**os.environ, "SYSTEMD_NSPAWN_LOCK": "0"})

    def kill(self) -> None:
        if self.loop is not None:
            self.loop.kill()
        kill_control_group(self.cgroup)
        self.loop = None

    def destroy(self) -> None:
        self.kill()
        remove_traces(self.cgroup)
        self.network.unplug(self.name)
        unmount(self.root)
        shutil.rmtree(self.spec.directory, ignore_errors=True)

    def path(self, inside: str) -> Path:
        return self.root / inside.lstrip("/")

    def inside(self, script: str, timeout_s: float = 30.0) -> subprocess.CompletedProcess[str]:
        return run(["nsenter", "--target", self._leader(), "--mount", "--uts", "--ipc", "--net",
                    "--pid", "--root", "sh", "-c", script], timeout_s=timeout_s, check=False)

    def refuse_sudo(self, refused: bool) -> None:
        self.path("/etc/sudoers.d/ops").chmod(0o440)
        right = "" if refused else "ops ALL=(ALL) NOPASSWD: ALL\n"
        self.write("/etc/sudoers.d/ops", right)

    def cut(self) -> None:
        self.network.cable(self.name, connected=False)

    def heal(self) -> None:
        self.network.cable(self.name, connected=True)

    def _leader(self) -> int:
        """The pid of the node's systemd: the child of the nspawn that the loop runs."""
        if self.loop is not None:
            for nspawn in self.loop.children():
                for leader in run(["pgrep", "-P", nspawn], check=False).stdout.split():
                    return int(leader)
        raise LabError(f"{self.name} is not running")


def image_path(cache: Path) -> Path | None:
    """The newest finished image, or None before setup.sh has been run."""
    found = [path.parent for path in cache.glob("base-*/.complete")]
    return max(found, key=lambda path: (path / ".complete").stat().st_mtime, default=None)


def package_layer(cache: Path, image: Path, repository: Repository, version: str,
                  containerd: str) -> Path:
    """The layer in which the packages of a start version are installed and held. Made once."""
    stamp = image.name.removeprefix("base-")
    layer = cache / f"layer-{stamp}-{repository.digest}-{version}-{containerd}"
    with open(cache / ".layers.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not layer.exists():
            remove_stale(cache, "layer-*")
            work = cache / ".layer-building"
            unmount(work / "root")
            shutil.rmtree(work, ignore_errors=True)
            _mount_overlay(str(image), work)
            try:
                _install(work / "root", repository.files_for(version, containerd))
            finally:
                unmount(work / "root")
            (work / "upper").rename(layer)
            shutil.rmtree(work)
    return layer


def _install(root: Path, packages: list[Path]) -> None:
    folder = root / "tmp/packages"
    folder.mkdir()
    for package in packages:
        shutil.copy(package, folder)
    units = " ".join(f"{unit}.service" for unit in _UNITS)
    run(["chroot", root, "sh", "-euc", "dpkg --force-unsafe-io -i /tmp/packages/*.deb && "
         f"apt-mark hold {' '.join(sorted(KUBERNETES_HOLDS))} && systemctl enable {units} && "
         "rm -rf /tmp/packages"], env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"})


def _mount_overlay(lower: str, directory: Path) -> None:
    for name in ("upper", "work", "root"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    options = f"lowerdir={lower},upperdir={directory}/upper,workdir={directory}/work,volatile"
    run(["mount", "-t", "overlay", "overlay", "-o", options, directory / "root"])


def unmount(root: Path) -> None:
    if str(root) in Path("/proc/mounts").read_text() and \
            run(["umount", root], check=False).returncode != 0:
        run(["umount", "--lazy", root], check=False)


def _hierarchies() -> list[Path]:
    """Where systemd keeps its control groups: the unified hierarchy, the named one, or both."""
    found = []
    for line in Path("/proc/mounts").read_text().splitlines():
        _, where, kind, options = line.split()[:4]
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options):
            found.append(Path(where))
    return found


def kill_control_group(name: str) -> None:
    def members() -> set[int]:
        pids: set[int] = set()
        for hierarchy in _hierarchies():
            for procs in (hierarchy / name).rglob("cgroup.procs"):
                pids.update(int(pid) for pid in procs.read_text().split())
        return pids

    def kill_all() -> bool:
        for pid in members():
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                pass
        return not members()

    if not wait_until(kill_all, 10.0):
        raise LabError(f"processes of {name} are still there 10s after SIGKILL")


def remove_traces(name: str) -> None:
    """What systemd-nspawn leaves of a killed machine: control groups and an empty folder."""
    for folder in Path("/run/systemd/nspawn/propagate").glob(name):
        _remove_folder(folder)
    for hierarchy in _hierarchies():
        top = hierarchy / name
        if top.exists():
            for folder in sorted((p for p in top.rglob("*") if p.is_dir()), reverse=True):
                _remove_folder(folder)
            _remove_folder(top)


def _remove_folder(folder: Path) -> None:
    """A control group stays busy for a moment after its last process."""
    def gone() -> bool:
        try:
            folder.rmdir()
        except FileNotFoundError:
            pass
        except OSError:
            return False
        return True

    wait_until(gone, 2.0)
