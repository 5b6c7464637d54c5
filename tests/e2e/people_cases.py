# SPDX-License-Identifier: Apache-2.0
"""People: orders over HTTP and from the command line, confirmations, and who may do what."""

from __future__ import annotations

import json
import os
import pty
import subprocess

from bench import NEW, OLD, E2eCase

_REFUSED, _FINE = 1, 0


class People(E2eCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.bot.add_client("looker")
        cls.bot.add_client("nobody")
        cls.bot.configure({"authority.viewer": "http:looker"})
        cls.lab.nodes["master1"].write("/etc/lab/kubeadm-seconds", "4\n")
        cls.bot.start()

    def upgrade(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.bot.cli("upgrade", "-c", self.bot.config, *words)

    def at_a_terminal(self, typed: str, *words: str) -> tuple[int, str]:
        """The command with a terminal as its standard input, where `typed` is typed."""
        ours, theirs = pty.openpty()
        with self.lab.network.entered():
            process = subprocess.Popen(
                [self.bot.binary, "upgrade", "-c", self.bot.config, *words], stdin=theirs,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        os.close(theirs)
        os.write(ours, f"{typed}\n".encode())
        out, _ = process.communicate(timeout=60)
        os.close(ours)
        return process.returncode, out

    def test_1_a_token_opens_what_it_is_for_and_nothing_else(self) -> None:
        order = json.dumps({"text": "status"}).encode()
        webhook = self.lab.webhook_token_file.read_text().strip()
        for token, text in (("", "a bearer token is needed"), ("guessed", "wrong token"),
                            (webhook, "wrong token"), (self.bot.token + "x", "wrong token")):
            for method, path in (("POST", "/api/v1/commands"), ("GET", "/api/v1/messages?after=0")):
                status, body = self.bot.request(method, path, order, token)
                self.assertEqual((401, text), (status, body.strip()))

    def test_2_a_client_may_do_what_its_role_says(self) -> None:
        self.assertEqual("you are http:looker, roles viewer", self.as_client("looker", "whoami")[1])
        status, text = self.as_client("looker", f"start {NEW}")
        self.assertEqual(403, status)
        self.assertIn("http:looker", text)
        self.assertNotIn("\n", text)
        status, text = self.as_client("nobody", "status")
        self.assertEqual(403, status)
        self.assertIn("http:nobody", text)
        self.assertIsNone(self.bot.ending())
        self.assertEqual([], self.bot.records())

    def as_client(self, name: str, text: str) -> tuple[int, str]:
        status, body = self.bot.request("POST", "/api/v1/commands",
                                        json.dumps({"text": text}).encode(),
                                        self.bot.token_of(name))
        return status, json.loads(body)["text"]

    def test_3_without_a_confirmation_nothing_starts(self) -> None:
        mark = self.mark()
        done = self.upgrade("start", NEW)  # no terminal, no --yes
        self.assertEqual((_REFUSED, "not confirmed\n"), (done.returncode, done.stderr))
        self.assertIn(f"{OLD} -> {NEW} (patch), 3 nodes", done.stdout)
        code, out = self.at_a_terminal("n", "start", NEW)
        self.assertEqual(_REFUSED, code, out)
        self.assertIn("go ahead? [y/N]", out)
        wrong = self.bot.command(f"start {NEW} --confirm 01234567")
        self.assertIn("plan 01234567 is not what would be done now:", wrong["text"])
        self.assertEqual(([], []), (self.bot.records(), self.writes(mark)))

    def test_4_started_at_a_terminal_and_paused_over_http(self) -> None:
        code, out = self.at_a_terminal("y", "start", NEW, "--reason", "by hand")
        self.assertEqual(_FINE, code, out)
        self.assertRegex(out, r"run r-\w+ is open: ")
        again = self.upgrade("-y", "start", NEW)
        self.assertEqual(_REFUSED, again.returncode)
        self.assertIn("one run at a time", again.stderr)
        self.assertTrue(self.bot.command("pause lunch")["ok"])
        self.assert_said("paused by a person before step", "\n  http:lab: lunch")
        self.assertIn("paused by http:lab: lunch; ends with /upgrade resume",
                      self.bot.command("why")["text"])
        self.assertEqual([], self.lab.api.cordoned())

    def test_5_resumed_from_the_command_line(self) -> None:
        unsure = self.upgrade("resume")
        self.assertEqual((_REFUSED, "not confirmed\n"), (unsure.returncode, unsure.stderr))
        self.assertIn("paused by http:lab", self.bot.command("status")["text"])
        code, out = self.at_a_terminal("y", "resume", "back", "again")
        self.assertEqual(_FINE, code, out)
        self.assert_said("goes on, was paused by a person for")

    def test_6_aborted_from_the_command_line_while_another_one_follows(self) -> None:
        self.bot.await_step("upgrade", "master1")
        done = self.upgrade("--yes", "--follow", "abort", "not today")
        self.assertEqual(_REFUSED, done.returncode, done.stdout + done.stderr)
        self.assertIn("abort is noted for run", done.stdout)
        self.assertIn("ABORTED (1 of 3 nodes", done.stdout)
        self.assertEqual("aborted", self.bot.ending())
        self.assertEqual({"master1": NEW, "node1": OLD, "node2": OLD},
                         self.lab.api.kubelet_versions())
        self.assertEqual([], self.lab.api.cordoned())

    def test_7_after_a_run_there_is_nothing_to_pause(self) -> None:
        for verb in ("pause", "resume", "abort"):
            self.assert_refused(verb, 409, f"no run is open, there is nothing to {verb}")
        clear = self.bot.command("clear")
        self.assertEqual((True, "nothing to clear"), (clear["ok"], clear["text"]))
