# SPDX-License-Identifier: Apache-2.0
"""What the cases share: one lab and one installed bot for each class, and questions to both."""

from __future__ import annotations

import re
import tempfile
import unittest
from pathlib import Path

from bot import Bot
from lab import Lab
from node_files import Layout

OLD, NEW, NEXT_MINOR = "1.34.2", "1.34.7", "1.35.1"
# As in a real cluster: a kubelet that is slow on a busy machine is not called unknown.
_OPTIONS = {"node_grace_seconds": 40}
_WRITES = {"POST", "PUT", "PATCH", "DELETE", "create", "update", "patch", "delete"}


class E2eCase(unittest.TestCase):
    """The tests of a class run in the order of their names, on the lab as the last one left it."""

    layout = Layout(nodes=3)
    values: dict[str, str] = {}  # of the configuration, above bot.LAB_VALUES
    seed_extra: dict = {}  # objects and options, see seed.build_seed
    kind = "systemd"
    bin_dir: Path
    lab: Lab
    bot: Bot

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="e2e-")))
        cls.lab = cls.enterClassContext(
            Lab(cls.folder / "lab", cls.layout, cls.kind, cls.bin_dir,
                cls.seed_extra | {"options": _OPTIONS | cls.seed_extra.get("options", {})}))
        for node in cls.lab.nodes.values():
            node.write("/etc/lab/kubeadm-seconds", "0\n")
        cls.bot = Bot(cls.lab, cls.folder / "bot", cls.bin_dir / "lockkeeper", cls.values)
        cls.addClassCleanup(cls.bot.stop)

    # --- runs ---------------------------------------------------------------------------------

    def start_run(self, words: str) -> None:
        """`/upgrade start`, confirmed; the run is open when this returns."""
        answer = self.bot.surely(f"start {words}")
        self.assertRegex(answer["text"], r"^run r-\w+ is open: ")

    def run_through(self, words: str) -> None:
        self.start_run(words)
        self.assert_ended("done")

    def assert_ended(self, ending: str, seconds: float = 150) -> None:
        self.assertEqual(ending, self.bot.await_ending(seconds), self.bot.log_text()[-3000:])

    def assert_said(self, *texts: str) -> None:
        for text in texts:
            self.bot.await_said(text)

    def assert_one_start_each(self, nodes: list[str] | None = None) -> None:
        """kubeadm has begun its work exactly once on each of these nodes."""
        starts = {name: len(self.lab.kubeadm_starts(name)) for name in nodes or self.lab.nodes}
        self.assertEqual(dict.fromkeys(starts, 1), starts)

    def assert_nothing_ran(self) -> None:
        self.assertEqual({name: [] for name in self.lab.nodes},
                         {name: self.lab.kubeadm_starts(name) for name in self.lab.nodes})

    # --- the cluster ----------------------------------------------------------------------------

    def mark(self) -> int:
        """The number of the newest request that the API server has seen."""
        return max((entry["n"] for entry in self.lab.api.journal()), default=0)

    def writes(self, after: int = 0) -> list[dict]:
        """The bot's requests that could change something, oldest first."""
        return [entry for entry in self.lab.api.journal(after)
                if entry["user"] == "lockkeeper" and entry["verb"] in _WRITES]

    def namespace_notes(self) -> dict[str, str]:
        """Our annotations on the bot's namespace, without their prefix."""
        found = self.lab.api.get("/api/v1/namespaces/lockkeeper")["metadata"]
        return {name.removeprefix("lockkeeper.io/"): value
                for name, value in found.get("annotations", {}).items()
                if name.startswith("lockkeeper.io/")}

    def assert_all_on(self, version: str) -> None:
        self.assertEqual(dict.fromkeys(self.lab.nodes, version), self.lab.api.kubelet_versions())

    # --- the bot --------------------------------------------------------------------------------

    def metric(self, name: str, **labels: str) -> float | None:
        """A series whose labels are exactly these."""
        for line in (self.bot.get("/metrics") or "").splitlines():
            found = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if found and found[1] == name and \
                    dict(re.findall(r'(\w+)="([^"]*)"', found[2] or "")) == labels:
                return float(found[3])
        return None

    def assert_refused(self, command: str, status: int, *texts: str) -> str:
        """One line says why, and the API server saw no write."""
        mark = self.mark()
        answer = self.bot.command(command)
        self.assertEqual((status, False), (answer["status"], answer["ok"]), answer["text"])
        self.assertNotIn("\n", answer["text"])
        for text in texts:
            self.assertIn(text, answer["text"])
        self.assertEqual([], self.writes(mark))
        return answer["text"]
