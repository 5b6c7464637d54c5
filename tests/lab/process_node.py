# SPDX-License-Identifier: Apache-2.0
"""Nodes without root: a real sshd, apt and dpkg over a private view of this machine.

A user namespace gives each node its own /etc, /var, /home and process ids, and lets it put files
over /usr; `standins/` brings what cannot be had that way: sudo and a little service manager. The
address is a loopback address, because a network of its own would need root.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
from pathlib import Path

from nodes import KUBERNETES_HOLDS, STOP_LIMIT_S, FileText, Node, NodeSpec, put_files, set_holds
from packages import Repository
from processes import Process, process_of, run, spawn

_HERE = Path(__file__).resolve().parent
_STANDINS = _HERE / "standins"
_VIEW = ["setpriv", "--pdeathsig", "KILL", "unshare", "--user", "--map-root-user", "--mount",
         "--pid", "--fork", "--kill-child", "--uts", _HERE / "process_view.sh"]
_FOLDERS = ["dev/shm", "proc", "sys/fs/cgroup", "mnt", "tmp", "run", "root", "opt/cni/bin", "srv",
            "home/ops/.ssh", "usr", "etc/apt/apt.conf.d", "etc/apt/keyrings", "etc/ssh",
            "etc/apt/sources.list.d", "etc/apt/preferences.d", "etc/apt/trusted.gpg.d",
            "etc/systemd/system/multi-user.target.wants", "var/lib/apt/lists/partial",
            "var/cache/apt/archives/partial", "var/log/apt", "var/lib/dpkg/info",
            "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "var/tmp", "etc/default"]
# Folders of /usr that packages write to: they must be the node's own to be writable.
_USR_FOLDERS = ["bin", "lib/lab", "lib/kubeadm-lab", "libexec/kubernetes",
                "lib/systemd/system/kubelet.service.d"]
# What programs of this machine expect to find in /etc.
_BORROWED = ["alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "os-release",
             "debian_version", "localtime", "login.defs", "mime.types", "protocols", "services"]

# A kubectl of this machine, say, is not the node's: its owner is unknown here, dpkg would stumble.
_HIDE_FOREIGN = """
for deb in /tmp/packages/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -t; done |
    sed -n 's,^\\.\\(/usr/.*[^/]\\)$,\\1,p' | xargs rm -f
"""


class ProcessNode(Node):
    kind = "process"

    def __init__(self, spec: NodeSpec, key: Path, repository: Repository) -> None:
        super().__init__(spec, key)
        self.repository = repository
        self.root = spec.directory / "root"
        self.usr = spec.directory / "usr"

    def make(self) -> None:
        _make_tree(self.spec.directory)
        put_files(self.root, {**_system_files(self.spec), **self.spec.files}, shift_owner=False)
        (self.root / "home/ops/.ssh").chmod(0o700)
        folder = self.root / "tmp/packages"
        folder.mkdir()
        for package in self.repository.files_for(self.spec.version, self.spec.containerd):
            shutil.copy(package, folder)
        self._as_root(f"{_HIDE_FOREIGN}dpkg --force-unsafe-io -i /tmp/packages/*.deb; "
                      f"rm -rf /tmp/packages; apt-mark hold {' '.join(sorted(KUBERNETES_HOLDS))}")
        if self.spec.held != KUBERNETES_HOLDS:
            set_holds(self.root / "var/lib/dpkg/status", self.spec.held)
        wants = self.root / "etc/systemd/system/multi-user.target.wants"
        for unit in ("ssh", "containerd", "kubelet"):
            (wants / f"{unit}.service").symlink_to(f"../{unit}.service")
        if self.spec.setup:
            self._as_root(self.spec.setup)

    def start(self) -> None:
        self.loop = spawn(f"node {self.name}", [
            _HERE / "node_loop.sh", "-", *_VIEW, self.spec.directory, self.name, "init"],
            self.spec.log)

    def stop(self) -> None:
        """The loop and `unshare` would not pass a signal on, so the node's init is asked itself."""
        for unshare in self._views():
            for init in unshare.children():
                os.kill(init, signal.SIGTERM)
            if self.loop is not None and not self.loop.stop(STOP_LIMIT_S, 0):
                self.kill()
        self.loop = None

    def kill(self) -> None:
        views = self._views()
        if self.loop is not None:
            self.loop.kill()
        for unshare in views:
            unshare.kill()
        self.loop = None

    def destroy(self) -> None:
        self.kill()
        remove_tree(self.spec.directory)

    def path(self, inside: str) -> Path:
        name = inside.lstrip("/")
        if name.startswith("usr/"):
            own = self.usr / name.removeprefix("usr/")
            return own if own.exists() else Path("/") / name
        return self.root / name

    def inside(self, script: str, timeout_s: float = 30.0) -> subprocess.CompletedProcess[str]:
        return self.ssh(f"sudo sh -c {_quote(script)}", check=False, timeout_s=timeout_s)

    def refuse_sudo(self, refused: bool) -> None:
        if refused:
            self.write("/etc/lab/sudo-refused", "")
        else:
            self.remove("/etc/lab/sudo-refused")

    def _views(self) -> list[Process]:
        pids = self.loop.children() if self.loop is not None and self.loop.is_running() else []
        found = [process_of(f"view of {self.name}", pid) for pid in pids]
        return [process for process in found if process is not None]

    def _as_root(self, script: str) -> None:
        run([*_VIEW, self.spec.directory, self.name, "root", "sh", "-euc", script])


def remove_tree(directory: Path) -> None:
    """Overlay work folders come without any permission, even for their owner."""
    def unlock(_: object, path: str, __: object) -> None:
        parent = os.path.dirname(path)
        os.chmod(parent, stat.S_IRWXU)
        if os.path.isdir(path) and not os.path.islink(path):
            os.chmod(path, stat.S_IRWXU)
            shutil.rmtree(path, ignore_errors=True)
        elif os.path.lexists(path):
            os.unlink(path)

    if directory.exists():
        shutil.rmtree(directory, onerror=unlock)


def _make_tree(directory: Path) -> None:
    root, usr = directory / "root", directory / "usr"
    (directory / "usr-work").mkdir(parents=True)
    for name in _FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
    for name in _USR_FOLDERS:
        (usr / name).mkdir(parents=True, exist_ok=True)
    for link in Path("/").iterdir():
        if link.is_symlink() and os.readlink(link).startswith("usr/"):
            (root / link.name).symlink_to(os.readlink(link))
    for name in _BORROWED:
        source = Path("/etc") / name
        if source.is_dir():
            shutil.copytree(source, root / "etc" / name, symlinks=True)
        elif source.exists():
            shutil.copy(source, root / "etc" / name)
    for name in ("sudo", "systemctl", "systemd-run", "journalctl"):
        shutil.copy(_STANDINS / name, usr / "bin" / name)
    for name in ("reboot", "poweroff", "shutdown"):
        (usr / "bin" / name).symlink_to("systemctl")
    for name in ("init.py", "units.py", "verbs.py", "client.py"):
        shutil.copy(_STANDINS / name, usr / "lib/lab" / name)
    for name in ("status", "available"):
        (root / "var/lib/dpkg" / name).touch()


def _system_files(spec: NodeSpec) -> dict[str, FileText]:
    shell = "/bin/bash"
    return {
        "/etc/passwd": FileText(f"root:x:0:0:root:/root:{shell}\n"
                                f"ops:*:1000:1000::/home/ops:{shell}\n"
                                "nobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"),
        "/etc/group": FileText("root:x:0:\nops:x:1000:\nnogroup:x:65534:\n"),
        "/etc/nsswitch.conf": FileText("passwd: files\ngroup: files\nhosts: files\n"),
        "/etc/apt/apt.conf.d/10lab": FileText('APT::Sandbox::User "root";\n'),
        "/etc/ssh/sshd_config": FileText(
            f"Port {spec.ssh_port}\nListenAddress {spec.address}\nUsePAM no\nUseDNS no\n"
            "HostKey /etc/ssh/ssh_host_ed25519_key\nPasswordAuthentication no\n"
            "PidFile none\nStrictModes no\nSubsystem sftp /usr/lib/openssh/sftp-server\n"),
        "/etc/systemd/system/ssh.service": FileText(
            "[Unit]\nDescription=OpenBSD Secure Shell server\n[Service]\nUser=ops\n"
            "ExecStart=/usr/sbin/sshd -D -e -f /etc/ssh/sshd_config\nRestart=always\n"),
    }


def _quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
