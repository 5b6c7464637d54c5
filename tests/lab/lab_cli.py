# SPDX-License-Identifier: Apache-2.0
"""The command line of the lab: start it, look at it, disturb it, remove it."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from api_server import ready_status
from detection import default_cache, detect
from lab import SOURCE, Lab, exit_on_signals
from node_files import Layout
from processes import LabError
from repo_server import MODES
from sweep import sweep


def main() -> int:
    options = _parser().parse_args()
    try:
        return options.act(options)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _up(options: argparse.Namespace) -> int:
    exit_on_signals()
    extra = json.loads(options.seed_extra.read_text()) if options.seed_extra else None
    layout = Layout(options.nodes, options.control_planes, options.version,
                    containerd_skew=options.containerd_skew)
    lab = Lab(options.dir, layout, options.kind, options.bin_dir, extra)
    options.dir.mkdir(parents=True, exist_ok=True)
    with open(options.dir / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LabError(f"another lab is being started in {options.dir}") from None
        began = time.monotonic()
        lab.up()
    print(f"lab: {len(lab.nodes)} {lab.kind} nodes Ready after {time.monotonic() - began:.1f}s "
          f"({lab.kind_reason})")
    print(f"lab: addresses and files are in {lab.directory}/lab.json")
    prefix = " ".join([*lab.network.command_prefix, ""])
    print(f"lab: try: {prefix}kubectl --kubeconfig {lab.admin_kubeconfig} get nodes")
    return 0


def _down(options: argparse.Namespace) -> int:
    for line in sweep(options.dir.resolve()):
        print(f"lab: {line}")
    (options.dir / "lab.json").unlink(missing_ok=True)
    print("lab: nothing is left running")
    return 0


def _status(options: argparse.Namespace) -> int:
    lab = Lab.attach(options.dir)
    print(f"{'NODE':<10} {'ADDRESS':<16} {'UP':<5} {'READY':<8} {'KUBELET':<9} CORDONED")
    seen = lab.api.nodes()
    for name, node in lab.nodes.items():
        known = seen.get(name, {"status": {}, "spec": {}})
        version = known["status"].get("nodeInfo", {}).get("kubeletVersion", "-")
        print(f"{name:<10} {node.spec.address:<16} {'yes' if node.is_running() else 'no':<5} "
              f"{ready_status(known):<8} {version:<9} "
              f"{'yes' if known['spec'].get('unschedulable') else 'no'}")
    alerts = sorted({labels["alertname"] for labels in lab.monitoring.firing()})
    print(f"firing: {', '.join(alerts) or 'nothing, not even the Watchdog'}")
    return 0


def _exec(options: argparse.Namespace) -> int:
    lab = Lab.attach(options.dir)
    words = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not words:
        raise LabError("exec: which command?")
    with lab.network.entered():
        return subprocess.run(words, check=False, env={
            **os.environ, "KUBECONFIG": str(lab.admin_kubeconfig)}).returncode


def _ssh(options: argparse.Namespace) -> int:
    lab = Lab.attach(options.dir)
    if options.node not in lab.nodes:
        raise LabError(f"no node {options.node}: {', '.join(lab.nodes)}")
    with lab.network.entered():
        done = lab.nodes[options.node].ssh(" ".join(options.command) or "true", check=False)
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    return done.returncode


def _fire(options: argparse.Namespace) -> int:
    monitoring = Lab.attach(options.dir).monitoring
    monitoring.fire(options.alert, **_labels(options.labels))
    monitoring.await_firing(options.alert)
    print(f"lab: {options.alert} fires")
    return 0


def _resolve(options: argparse.Namespace) -> int:
    monitoring = Lab.attach(options.dir).monitoring
    monitoring.resolve(options.alert, **_labels(options.labels))
    if not options.labels:
        monitoring.await_resolved(options.alert)
    print(f"lab: {options.alert} is resolved")
    return 0


def _labels(words: list[str]) -> dict[str, str]:
    for word in words:
        if "=" not in word:
            raise LabError(f"{word}: a label is written NAME=VALUE")
    return dict(word.split("=", 1) for word in words)


def _repository(options: argparse.Namespace) -> int:
    lab = Lab.attach(options.dir)
    if options.mode == "down":
        lab.packages.stop()
    elif lab.packages.process is not None and lab.packages.process.is_running():
        lab.packages.set_mode(options.mode)
    else:
        lab.packages.start()
        lab.packages.await_ready()
        lab.packages.set_mode(options.mode)
    return 0


def _detect(options: argparse.Namespace) -> int:
    found = detect(default_cache(), options.kind)
    print(f"{found.kind}: {found.reason}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab.py", description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, act, text: str, in_folder: bool = True) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=text, description=text)
        made.set_defaults(act=act)
        if in_folder:
            made.add_argument("--dir", type=Path, required=True, help="the lab's folder")
        return made

    up = verb("up", _up, "start a lab and return when all of it is Ready")
    up.add_argument("--nodes", type=int, default=5)
    up.add_argument("--control-planes", type=int, default=1)
    up.add_argument("--version", default="1.34.2", help="of Kubernetes, X.Y.Z")
    up.add_argument("--containerd-skew", action="store_true",
                    help="give the first control plane an older containerd")
    up.add_argument("--seed-extra", type=Path, metavar="FILE",
                    help="JSON with more objects, rbac rules and options")
    up.add_argument("--bin-dir", type=Path, default=SOURCE / "build/release")
    verb("down", _down, "end and remove everything, also after a crash")
    verb("status", _status, "what the nodes and alerts are doing")
    run = verb("exec", _exec, "run a command inside the lab's network, with KUBECONFIG set")
    run.add_argument("command", nargs=argparse.REMAINDER)
    ssh = verb("ssh", _ssh, "run a command on a node as ops")
    ssh.add_argument("node")
    ssh.add_argument("command", nargs=argparse.REMAINDER)
    for name, act, text in (("fire", _fire, "make an alert fire"),
                            ("resolve", _resolve, "let it end")):
        alert = verb(name, act, text)
        alert.add_argument("alert")
        alert.add_argument("labels", nargs="*", metavar="NAME=VALUE")
    verb("repository", _repository, "break or repair the package repository").add_argument(
        "mode", choices=[*MODES, "down"])
    for chosen in (up, verb("detect", _detect, "which kind of node works here", in_folder=False)):
        chosen.add_argument("--kind", choices=["auto", "systemd", "process"], default="auto")
    return parser
