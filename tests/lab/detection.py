# SPDX-License-Identifier: Apache-2.0
"""Which kind of node works on this machine, found out by trying."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from processes import LabError, run
from systemd_node import image_path, remove_traces

_NEEDED = {"systemd": ["systemd-nspawn", "ip", "mount", "nsenter", "setpriv"],
           "process": ["unshare", "setpriv", "dpkg", "apt-get", "curl"]}
_LOOP = Path(__file__).resolve().parent / "node_loop.sh"
_PROBE_LIMIT_S = 20.0
_VIEW_PROBE = """
mount -t overlay overlay -o lowerdir=/usr,upperdir=$1/upper,workdir=$1/work,userxattr $1/root
mount -t proc proc /proc
unshare --user --map-user=1000 --map-group=1000 unshare --user --map-root-user true
"""


@dataclass(frozen=True)
class Detection:
    kind: str  # systemd or process
    reason: str  # why this one and not the better one; one line


def default_cache() -> Path:
    if named := os.environ.get("LOCKKEEPER_LAB_CACHE"):
        return Path(named)
    if os.geteuid() == 0:
        return Path("/var/cache/lockkeeper-lab")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lockkeeper-lab"


def detect(cache: Path, wanted: str = "auto") -> Detection:
    """The best kind that works, or the wanted one. LabError says why there is none."""
    obstacles = {kind: probe() for kind, probe in
                 (("systemd", lambda: _systemd_obstacle(cache)), ("process", _process_obstacle))
                 if wanted in (kind, "auto")}
    for kind, obstacle in obstacles.items():
        if obstacle:
            continue
        better = obstacles.get("systemd")
        reason = f"systemd nodes do not work here: {better}" if better else \
            f"{kind} nodes work here"
        return Detection(kind, reason)
    raise LabError("; ".join(f"{kind} nodes do not work here: {obstacle}"
                             for kind, obstacle in obstacles.items()))


def _missing(kind: str) -> str:
    absent = [name for name in _NEEDED[kind] if not shutil.which(name, path=_search_path())]
    return f"missing {', '.join(absent)}, run tests/lab/setup.sh" if absent else ""


def _search_path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _systemd_obstacle(cache: Path) -> str:
    if os.geteuid() != 0:
        return "they need root"
    if absent := _missing("systemd"):
        return absent
    image = image_path(cache)
    if image is None:
        return "their image is not made yet, run tests/lab/setup.sh"
    name = f"lk-probe-{os.getpid()}"
    try:
        run(["ip", "netns", "add", name])
        run([_LOOP, name, "systemd-nspawn", "--quiet", f"--directory={image}", "--volatile=overlay",
             "--register=no", "--keep-unit", "--console=pipe", f"--machine={name}",
             f"--network-namespace-path=/run/netns/{name}", "/bin/true"], _PROBE_LIMIT_S)
    except LabError as error:
        return str(error)
    finally:
        run(["ip", "netns", "delete", name], check=False)
        remove_traces(name)
    return ""


def _process_obstacle() -> str:
    if absent := _missing("process"):
        return absent
    if not Path("/usr/sbin/sshd").exists():
        return "missing openssh-server, run tests/lab/setup.sh"
    with tempfile.TemporaryDirectory(prefix="lab-probe-") as folder:
        for name in ("upper", "work", "root"):
            (Path(folder) / name).mkdir()
        done = run(["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork",
                    "--uts", "sh", "-euc", _VIEW_PROBE, "sh", folder], _PROBE_LIMIT_S, check=False)
        run(["chmod", "-R", "u+rwX", folder], check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        return f"user namespaces are refused: {lines[0]}"
    return ""
