# SPDX-License-Identifier: Apache-2.0
"""Configurations and command lines that cannot be meant: one line each, a non-zero exit. No lab."""

from __future__ import annotations

import subprocess
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path

from bench import E2eCase
from bot import ROOT

_REFUSED, _MISUSED = 1, 2
_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


class Configurations(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="e2e-")))
        self.folder.chmod(0o755)
        self.file = self.folder / "lockkeeper.ini"
        for name in ("kubeconfig", "id_ed25519"):
            (self.folder / name).write_text("anything")
            (self.folder / name).chmod(0o600)
        shipped = (ROOT / "config" / "lockkeeper.ini").read_text()
        self.text = shipped.replace("/etc/lockkeeper/", "").replace(
            "# file = /var/lib/lockkeeper/", "file = ")
        self.file.write_text(self.text)
        (self.folder / "rules.ini").write_text((ROOT / "config" / "rules.ini").read_text())

    def check(self, *before: str, verb: str = "check") -> subprocess.CompletedProcess[str]:
        return subprocess.run([*before, E2eCase.bin_dir / "lockkeeper", verb, "-c", self.file],
                              capture_output=True, text=True, timeout=20, check=False)

    def refused(self, line: str, *, file: str = "lockkeeper.ini", before: list[str] | None = None,
                verb: str = "check", code: int = _MISUSED) -> None:
        done = self.check(*(before or []), verb=verb)
        self.assertEqual((code, ""), (done.returncode, done.stdout), done.stderr)
        self.assertEqual([f"{self.folder}/{file}{line}"], done.stderr.splitlines())

    def line_of(self, text: str) -> int:
        return 1 + self.text.splitlines().index(text)

    def replaced(self, old: str, new: str) -> None:
        self.assertIn(f"\n{old}\n", self.text)
        self.file.write_text(self.text.replace(f"\n{old}\n", f"\n{new}\n", 1))

    def test_the_shipped_one_is_fine(self) -> None:
        done = self.check()
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertNotIn("warning: ", done.stdout)

    def test_misspelt_words_get_a_suggestion(self) -> None:
        self.replaced("# poll_interval = 15s", "pol_interval = 15s")
        at = self.line_of("# poll_interval = 15s")
        self.refused(f':{at}: unknown key "pol_interval" in [gate] (did you mean "poll_interval"?)')
        self.replaced("[gate]", "[gat]")
        self.refused(f':{self.line_of("[gate]")}: unknown section [gat] (did you mean "gate"?)')

    def test_what_an_ini_reader_would_bend_is_refused(self) -> None:
        at = self.line_of("name = cluster")
        for line, words in (
                ("name = cluster ; ours", f':{at}:16: " ;" inside a value: a comment stands on its '
                 'own line; in a regular expression write "[ ];"'),
                ("name = a\nname = b", f':{at + 1}: key "name" stands already in line {at}'),
                ("  name = a", f":{at}: an indented line would continue the value above; begin it "
                 "in the first column"),
                ("name cluster", f":{at}: write key = value; there is no '=' in this line")):
            with self.subTest(line):
                self.replaced("name = cluster", line)
                self.refused(words)

    def test_a_long_line_is_read_whole(self) -> None:
        name = "c" * 60
        self.replaced("name = cluster", f"name = {name}")
        self.assertIn(f"  name = {name}\n", self.check().stdout)
        self.replaced("# kubeadm_flags =", "kubeadm_flags = " + "--skip-phases=addon/coredns " * 40
                      + "--v=5")
        self.assertIn("--skip-phases=addon/coredns --v=5\n", self.check().stdout)

    def test_a_value_without_its_unit(self) -> None:
        self.replaced("# soak = 10m", "soak = 10")
        self.refused(f":{self.line_of('# soak = 10m')}: soak: '10' is not a duration: the unit is "
                     "missing (did you mean 10s?)")

    def test_files_that_are_none(self) -> None:
        self.file.unlink()
        self.refused(": no such file or directory")
        self.file.mkdir()
        self.refused(": is a directory, not a file")

    def test_a_file_that_may_not_be_read(self) -> None:
        self.file.chmod(0o600)
        self.refused(": permission denied", before=_NOBODY)

    def test_rules_that_are_wrong(self) -> None:
        rules = self.folder / "rules.ini"
        rules.write_text('[rule x]\nmatch = alertname=~"("\naction = pause\n')
        self.refused(":2:20: match: bad regular expression: missing ): (", file="rules.ini")
        rules.write_text('[rule x]\nmatch = alertname="a"\n')
        self.refused(":1: rule x has no action", file="rules.ini")
        self.replaced("# rules_file =", "rules_file = nowhere.ini")
        at = self.line_of("# rules_file =")
        self.refused(f":{at}: rules_file: {self.folder}/nowhere.ini does not exist")

    def test_rules_that_are_missing_leave_the_gate_shut_and_are_told(self) -> None:
        warning = ("warning: no [rule NAME] is given, here or in rules.ini: default_action = pause "
                   "decides about every alert that is not built in")
        for prepare in ((self.folder / "rules.ini").unlink,
                        lambda: (self.folder / "rules.ini").write_text("")):
            prepare()
            done = self.check()
            self.assertEqual(0, done.returncode)
            self.assertIn(warning, done.stdout)

    def test_secrets_that_cannot_be_read_stop_the_daemon_before_it_begins(self) -> None:
        def key_gone() -> None:
            (self.folder / "id_ed25519").unlink()

        def token_gone() -> None:
            self.file.write_text(self.text + "\n[client a]\ntoken_file = nowhere\n")

        cases: list[tuple[Callable[[], None], str]] = [
            (token_gone, f"[client a] token: file {self.folder}/nowhere"),
            (key_gone, f"[ssh] key_file: {self.folder}/id_ed25519")]
        for prepare, line in cases:
            prepare()
            done = self.check(verb="serve")
            self.assertEqual(_REFUSED, done.returncode, done.stderr)
            said = [each for each in done.stderr.splitlines() if not each.startswith("time=")]
            self.assertEqual([f"{line}: no such file or directory"], said)
            self.file.write_text(self.text)

    def test_words_that_the_command_line_does_not_know(self) -> None:
        for words, line in (
                (["sevre"], "unknown command 'sevre' (did you mean \"serve\"?); lockkeeper --help "
                 "lists them"),
                ([], "A subcommand is required; lockkeeper --help tells more"),
                (["plan"], "VERSION is required; lockkeeper --help tells more"),
                (["plan", "-c", str(self.file), "latest"],
                 "malformed payload: version 'latest' is not exactly X.Y.Z"),
                (["upgrade", "-c", str(self.file), "status"],
                 "no [client NAME] is configured; commands need its token")):
            done = subprocess.run([E2eCase.bin_dir / "lockkeeper", *words], capture_output=True,
                                  text=True, timeout=20, check=False)
            self.assertEqual((_MISUSED, "", [line]),
                             (done.returncode, done.stdout, done.stderr.splitlines()))
