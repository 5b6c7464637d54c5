# SPDX-License-Identifier: Apache-2.0
"""Removes whatever a lab in this folder has left, however it ended.

Works from what can be found, not from what somebody remembered: the pid files beside the logs,
and the namespaces, control groups and mounts whose names are derived from the folder.
"""

from __future__ import annotations

import hashlib
import os
import signal
from pathlib import Path

from network import BridgeNetwork
from process_node import remove_tree
from processes import recorded, wait_until
from systemd_node import kill_control_group, remove_traces, unmount


def identity_of(directory: Path) -> str:
    """Names the lab's namespaces and control groups; short, because interface names are."""
    return "lk-" + hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:8]


def sweep(directory: Path) -> list[str]:
    """Returns one line for each thing that had to be removed. Never waits for long."""
    identity = identity_of(directory)
    done = _end_processes(directory)
    if os.geteuid() == 0:
        done += _remove_machines(identity)
        BridgeNetwork(identity).destroy()
        done += _unmount_below(directory / "nodes")
    if (directory / "nodes").exists():
        remove_tree(directory / "nodes")
        done.append(f"removed {directory}/nodes")
    return done


def _end_processes(directory: Path) -> list[str]:
    """The loops of the nodes first, so that nothing is started again; views die with them."""
    found = [recorded(path.with_suffix(".log"))
             for path in sorted((directory / "logs").glob("*.pid"))]
    running = [process for process in found if process is not None and process.is_running()]
    nodes = [process for process in running if process.name.startswith("node ")]
    others = [process for process in running if process not in nodes]
    for process in nodes:
        process.send(signal.SIGKILL)
    for process in others:
        process.send(signal.SIGTERM)
    wait_until(lambda: not any(process.is_running() for process in running), 5.0)
    for process in running:
        process.kill()
    for path in (directory / "logs").glob("*.pid"):
        path.unlink()
    return [f"ended {process.name} (pid {process.pid})" for process in running]


def _remove_machines(identity: str) -> list[str]:
    names = {path.name for top in (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/systemd"),
                                   Path("/sys/fs/cgroup/unified"),
                                   Path("/run/systemd/nspawn/propagate"))
             for path in top.glob(f"{identity}-*")}
    for name in sorted(names):
        kill_control_group(name)
        remove_traces(name)
    return [f"removed machine {name}" for name in sorted(names)]


def _unmount_below(directory: Path) -> list[str]:
    done = []
    for line in Path("/proc/mounts").read_text().splitlines():
        where = Path(line.split()[1])
        if where.is_relative_to(directory.resolve()):
            unmount(where)
            done.append(f"unmounted {where}")
    return done
