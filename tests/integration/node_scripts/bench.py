# SPDX-License-Identifier: Apache-2.0
"""What the cases share: a lab that is up, fresh nodes, and the bot's own code to act on them."""

from __future__ import annotations

import json
import subprocess
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab import Lab
from nodes import Node
from processes import wait_until

OLD, NEW, NEXT_MINOR = "1.34.2", "1.34.7", "1.35.1"
DRIVER_LIMIT_S = 240
UNKNOWN = 4  # Observed::unknown


class NodeCase(unittest.TestCase):
    """Each test has its nodes as they were made; the packages are those of OLD, held."""

    lab: Lab
    driver: Path
    _used: set[str] = set()
    _step = 0

    def fresh(self, name: str) -> Node:
        """The node as on its first day."""
        if name in NodeCase._used:
            self.lab.nodes[name].destroy()
            node = self.lab.make_node(self.lab.nodes[name].spec)
            node.spec.directory.mkdir(parents=True, exist_ok=True)
            self.lab.nodes[name] = node
            node.make()
            node.start()
        NodeCase._used.add(name)
        node = self.lab.nodes[name]
        with self.lab.network.entered():
            node.await_login()
        node.write("/etc/lab/kubeadm-seconds", "0\n")
        return node

    def command(self, node: Node, verb: str, **values: object) -> list[str]:
        role = "master-first" if node.name.startswith("master") else "worker"
        known = {"node": node.name, "address": node.spec.address, "port": node.spec.ssh_port,
                 "role": role, "release": NEW, "run": "r-test", "fence": 1, "limit": "200s",
                 "key": self.lab.ssh_key, "known_hosts": self.lab.directory / self.id(), **values}
        if verb == "act" and "step" not in values:
            NodeCase._step += 1
        known.setdefault("step", NodeCase._step)
        return [str(self.driver), verb, *(f"{name}={value}" for name, value in known.items())]

    def start(self, node: Node, **values: object) -> subprocess.Popen[str]:
        """Begins a step; `finish` waits for it."""
        with self.lab.network.entered():
            process = subprocess.Popen(self.command(node, "act", **values), text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def finish(self, process: subprocess.Popen[str]) -> dict:
        out, self.progress = process.communicate(timeout=DRIVER_LIMIT_S)
        self.assertEqual(0, process.returncode, self.progress)
        return json.loads(out)

    def act(self, node: Node, **values: object) -> dict:
        return self.finish(self.start(node, **values))

    def ask(self, node: Node, verb: str, **values: object) -> dict:
        done = self.lab.run(self.command(node, verb, **values), timeout_s=DRIVER_LIMIT_S)
        return json.loads(done.stdout)

    def done(self, node: Node, **values: object) -> dict:
        outcome = self.act(node, **values)
        self.assertEqual("done", outcome["result"], outcome["detail"] + "\n" + self.progress)
        return outcome

    def failed(self, node: Node, *texts: str, **values: object) -> dict:
        outcome = self.act(node, **values)
        self.assertEqual("failed", outcome["result"], outcome["detail"])
        for text in texts:
            self.assertIn(text, outcome["detail"])
        self.assertNotIn("\n", outcome["detail"])
        return outcome

    def on(self, node: Node, command: str) -> str:
        with self.lab.network.entered():
            return node.ssh(command, timeout_s=60).stdout

    def holds(self, node: Node) -> list[str]:
        return self.on(node, "apt-mark showhold").split()

    @contextmanager
    def holds_kept(self, node: Node) -> Iterator[None]:
        """The holds after the block are those before it, and nothing is remembered as missing."""
        before = self.holds(node)
        yield
        self.assertEqual(before, self.holds(node))
        self.assertEqual("", self.on(node, "sudo ls /var/lib/lockkeeper | grep holds || true"))

    def assert_runs(self, node: Node, version: str) -> None:
        """Packages, programs and the live kubelet are all of this version."""
        seen = self.on(node, "dpkg-query -W -f '${Version} ' kubeadm kubelet; "
                             "kubeadm version -o short; kubelet --version; "
                             "sudo readlink /proc/$(systemctl show -P MainPID kubelet)/exe | "
                             "grep -c deleted; systemctl is-active kubelet")
        self.assertEqual(f"{version}-1.1 {version}-1.1 v{version}\nKubernetes v{version}\n0\n"
                         "active\n", seen)

    def await_log(self, node: Node, text: str, limit_s: float = 60) -> None:
        """Waits until the log of the newest job on the node holds the text."""
        look = "sudo sh -c 'cat $(ls -1td /var/lib/lockkeeper/jobs/*/log | head -n 1)' || true"
        self.assertTrue(wait_until(lambda: text in self.on(node, look), limit_s),
                        f"{node.name}: no '{text}' in the log of its job")
