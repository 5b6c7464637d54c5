# SPDX-License-Identifier: Apache-2.0
"""Nodes that cannot be reached or trusted, and a disk that is full when the journal needs it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bench import NEW, E2eCase
from node_files import make_key

_LOOK = f"{NEW} --stages preflight"


class Trouble(E2eCase):
    values = {"ssh.connect_timeout": "3s"}

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.disk = cls.folder / "disk"
        cls.disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", cls.disk], check=True)
        cls.addClassCleanup(subprocess.run, ["umount", cls.disk], check=True)
        cls.addClassCleanup(cls.bot.stop)  # before the disk goes
        cls.bot.start()

    def preflight(self, ending: str) -> str:
        """Runs that stage alone; what was in the way."""
        self.start_run(_LOOK)
        self.assert_ended(ending, 60)
        return [m["text"] for m in self.bot.messages() if m["ending"]][-1]

    def refused(self, *texts: str) -> None:
        mark = self.mark()
        said = self.preflight("refused")
        for text in (*texts, "1 finding in the way", "refused by preflight, nothing was changed"):
            self.assertIn(text, said)
        self.assertEqual([], self.writes(mark))

    def test_1_all_is_well_at_first(self) -> None:
        self.preflight("partial")

    def test_2_a_node_that_cannot_be_reached(self) -> None:
        self.lab.nodes["node1"].cut()
        self.addCleanup(self.lab.nodes["node1"].heal)
        self.refused("node1: SSH does not reach it: ")

    def test_3_a_node_on_which_sudo_asks_for_a_password(self) -> None:
        self.lab.await_settled()
        self.lab.nodes["node1"].refuse_sudo(True)
        self.addCleanup(self.lab.nodes["node1"].refuse_sudo, False)
        self.refused("node1: sudo does not work: ")

    def test_4_a_host_key_that_has_changed(self) -> None:
        node = self.lab.nodes["node1"]
        make_key(self.folder / "new_host_key", "root@node1")
        for suffix, name in (("", "ssh_host_ed25519_key"), (".pub", "ssh_host_ed25519_key.pub")):
            text = Path(f"{self.folder}/new_host_key{suffix}").read_text()
            node.write(f"/etc/ssh/{name}", text)
        self.assertEqual(0, node.inside("systemctl restart ssh").returncode)
        self.refused("node1: ", "host key", f"lockkeeper ssh forget {node.spec.address}")
        done = self.bot.cli("ssh", "forget", "-c", self.bot.config, node.spec.address)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertIn(f"forgot 1 key of {node.spec.address}", done.stdout)
        self.preflight("partial")
        again = self.bot.cli("ssh", "forget", "-c", self.bot.config, "198.51.100.250")
        self.assertEqual(1, again.returncode)
        self.assertIn("no key of 198.51.100.250 is pinned", again.stderr)

    def test_5_a_full_disk_stops_the_run_before_its_next_action(self) -> None:
        self.bot.stop()
        self.bot.configure({"journal.file": str(self.disk / "journal.db")})
        self.bot.start()
        self.start_run(NEW)
        self.bot.await_step("snapshot")
        filler = self.disk / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass  # full
        self.assert_said("stopped before its next action, because the journal cannot be written: ")
        mark = self.mark()
        status, text = self.bot.request("GET", "/readyz")
        self.assertEqual((503, "the journal cannot be written\n"), (status, text))
        refused = self.bot.command("pause")
        self.assertFalse(refused["ok"], refused)
        self.assertEqual(([], []), (self.lab.api.cordoned(), self.writes(mark)))
        filler.unlink()
        self.bot.surely("resume")
        self.bot.await_step("upgrade", "master1")
        self.assertEqual("ready\n", self.bot.get("/readyz"))
        self.assert_ended("done")
        self.assert_one_start_each()
