#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job to watch: five nodes go from 1.34.2 to 1.34.7, and a real alert holds them up.

    demo.py --bin-dir BUILD [--kind systemd|process]

What the operator types and sees is printed as it is; lines with "demo:" tell what happens around
it. Exit 0 only if the run was paused by the alert, went on after it, and every node is on 1.34.7.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(_HERE.parent / "lab"))

from bot import Bot, until  # noqa: E402
from detection import default_cache, detect  # noqa: E402
from lab import Lab, exit_on_signals  # noqa: E402
from node_files import Layout  # noqa: E402
from processes import LabError  # noqa: E402

TARGET = "1.34.7"
ALERT = "CephOSDDown"  # the shipped rule `storage` pauses for it
FIRES_AT = "node3"     # the second worker: node4 goes first
HELD_FOR_S = 8

_BEGUN = time.monotonic()


def say(text: str) -> None:
    for line in text.rstrip("\n").splitlines():
        print(f"{time.monotonic() - _BEGUN:6.1f}s  {line}", flush=True)


class Demo:
    def __init__(self, lab: Lab, bot: Bot) -> None:
        self.lab = lab
        self.bot = bot
        self.trouble = ""

    def run(self) -> None:
        self.show_nodes()
        self.type("plan", TARGET)
        # Prometheus has just begun; a rule that it has not evaluated yet would hold the run up.
        until(15, lambda: "nothing holds" in self.bot.command("why")["text"], "the gate opens")
        disturbance = threading.Thread(target=self.disturb, daemon=True)
        disturbance.start()
        self.type("-y", "-f", "start", TARGET)
        disturbance.join(10)
        self.type("history")
        self.show_nodes()
        self.judge()

    def type(self, *words: str) -> None:
        """A command of the operator's, with what it prints while it prints it."""
        say(f"$ lockkeeper upgrade {' '.join(words)}")
        with self.lab.network.entered():
            process = subprocess.Popen(
                [self.bot.binary, "upgrade", "-c", self.bot.config, "--as", "lab", *words],
                text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT)
        assert process.stdout is not None
        for line in process.stdout:
            say(line)
        if process.wait(10) != 0:
            raise AssertionError(f"lockkeeper upgrade {' '.join(words)} ended with "
                                 f"{process.returncode}")

    def disturb(self) -> None:
        try:
            self.bot.await_step("drain", FIRES_AT, 150)
            say(f"demo: {ALERT} begins to fire in Prometheus")
            self.lab.monitoring.fire(ALERT, severity="warning", ceph_daemon="osd.3")
            until(60, self.is_held, "the alert holds the run")
            time.sleep(HELD_FOR_S)
            say(f"demo: {ALERT} ends")
            self.lab.monitoring.resolve(ALERT)
        except Exception as error:  # said by the main thread, which ends the demo
            self.trouble = str(error)

    def is_held(self) -> bool:
        return any(kind == "held" for _, _, kind, _ in self.bot.records())

    def show_nodes(self) -> None:
        say("$ kubectl get nodes")
        say(self.lab.run(["kubectl", "--kubeconfig", self.lab.admin_kubeconfig, "get", "nodes"],
                         timeout_s=20).stdout)

    def judge(self) -> None:
        versions = set(self.lab.api.kubelet_versions().values())
        starts = {len(self.lab.kubeadm_starts(name)) for name in self.lab.nodes}
        for bad, what in [(self.trouble, f"the alert: {self.trouble}"),
                          (self.bot.ending() != "done", f"the run ended: {self.bot.ending()}"),
                          (not self.is_held(), "the alert did not pause the run"),
                          (versions != {TARGET}, f"the kubelets run {versions}"),
                          (starts != {1}, "kubeadm did not run exactly once on every node")]:
            if bad:
                raise AssertionError(what)


def quicken(rules: Path) -> None:
    """As shipped, the gate stays shut for ten quiet minutes after an alert about storage."""
    shipped = rules.read_text()
    begin = shipped.index("[rule storage]")
    rules.write_text(shipped[:begin] + shipped[begin:].replace("resume_after = 10m",
                                                               "resume_after = 5s", 1))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin-dir", type=Path, required=True)
    parser.add_argument("--kind", choices=["auto", "systemd", "process"], default="auto")
    options = parser.parse_args()
    exit_on_signals()
    try:
        kind = detect(default_cache(), options.kind)
        say(f"demo: a lab of five {kind.kind} nodes ({kind.reason})")
        with tempfile.TemporaryDirectory(prefix="lockkeeper-demo-") as folder, \
                Lab(Path(folder) / "lab", Layout(nodes=5), kind.kind, options.bin_dir) as lab:
            lab.monitoring.declare(ALERT)
            say("demo: the lab is up: API server, packages, Prometheus, Alertmanager")
            binary = options.bin_dir.resolve() / "lockkeeper"
            bot = Bot(lab, Path(folder) / "bot", binary)
            quicken(bot.folder / "rules.ini")
            with bot:
                Demo(lab, bot).run()
    except (AssertionError, LabError, OSError, subprocess.SubprocessError) as error:
        print(f"demo: failed: {error}", file=sys.stderr)
        return 1
    say("demo: done; the lab is gone")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
