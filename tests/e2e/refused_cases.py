# SPDX-License-Identifier: Apache-2.0
"""What is refused although bot, cluster and nodes are well: commands, webhooks, second daemons."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from pathlib import Path

from bench import NEW, E2eCase
from bot import Bot
from node_files import Layout

_REFUSED = 1
_MALFORMED, _CONFLICT, _UPSTREAM = 400, 409, 502
_LONG_BODY_BYTES = 100_000_000
_KEPT_MAX_KIB = 24 << 10  # body_max is 8 MiB


class Refused(E2eCase):
    layout = Layout(nodes=2)

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.bot.start()

    # --- commands -------------------------------------------------------------------------------

    def test_malformed_and_contradictory_orders(self) -> None:
        for command, text in (
                ("start", "malformed payload: the version is missing"),
                ("start latest", "malformed payload: version 'latest' is not exactly X.Y.Z"),
                ("start 1.34", "malformed payload: version '1.34' is not exactly X.Y.Z"),
                ("start 1.34.7 --stages preflight,snapshott",
                 "malformed payload: unknown stage 'snapshott' (did you mean \"snapshot\"?)"),
                ("start 1.34.7 --stages workers",
                 "malformed payload: stages contradict themselves"),
                ("start 1.34.7 1.34.8", "malformed payload: unexpected word '1.34.8'"),
                ("start 1.34.7 --yes", "malformed payload: unknown option '--yes'"),
                ('start {"target_version":', "malformed payload: not a JSON object"),
                ('start {"target_version":"1.34.7","dry-run":true}',
                 "malformed payload: unknown member 'dry-run' (did you mean \"dry_run\"?)"),
                ("strat 1.34.7", "unknown command 'strat' (did you mean \"start\"?)"),
                ("status now", "/upgrade status takes no words behind it")):
            with self.subTest(command):
                self.assert_refused(command, _MALFORMED, text)

    def test_versions_that_cannot_be_reached(self) -> None:
        for command, text in (
                ("start 1.36.1",
                 "1.36.1 is 2 minors above 1.34.2; Kubernetes allows one at a time"),
                ('start {"target_version":"1.34.7","kind":"minor"}',
                 "kind is minor, but 1.34.2 -> 1.34.7 is a patch upgrade"),
                ("start 1.34.7 --stages preflight,snapshot,workers",
                 "workers may not run ahead of the control plane: add stage master")):
            with self.subTest(command):
                self.assert_refused(command, _CONFLICT, text)

    def test_a_downgrade_has_a_reason_for_each_that_runs_a_newer_version(self) -> None:
        mark = self.mark()
        answer = self.bot.command("start 1.34.1")
        self.assertEqual((_CONFLICT, False), (answer["status"], answer["ok"]))
        self.assertEqual(["3 reasons against it:",
                          "1.34.1 is older than the API server's 1.34.2; nothing here downgrades",
                          "master1: its kubelet runs 1.34.2, which is newer than 1.34.1",
                          "node1: its kubelet runs 1.34.2, which is newer than 1.34.1"],
                         [line.strip() for line in answer["text"].splitlines()])
        self.assertEqual([], self.writes(mark))

    def test_the_command_line_says_the_same_and_exits_with_one(self) -> None:
        for words, text in (
                (["upgrade", "-c", self.bot.config, "strat"], "unknown command 'strat'"),
                (["upgrade", "-c", self.bot.config, "start", "latest"], "malformed payload: "),
                (["plan", "-c", self.bot.config, "1.36.1"], "1.36.1 is 2 minors above 1.34.2"),
                (["upgrade", "-c", self.bot.config, "--url", "http://127.0.0.1:1", "status"],
                 "http://127.0.0.1:1: connection refused; is `lockkeeper serve` running?")):
            done = self.bot.cli(*words)
            self.assertEqual((_REFUSED, "", 1),
                             (done.returncode, done.stdout, len(done.stderr.splitlines())))
            self.assertIn(text, done.stderr)

    def test_bodies_that_are_no_command(self) -> None:
        for body in (b"", b"{", b"[]", b'{"text":5}', b"\xff\xfe", b'{"text":"a","text":"b"}'):
            status, text = self.bot.request("POST", "/api/v1/commands", body)
            self.assertEqual((_MALFORMED, False), (status, json.loads(text)["ok"]), body)
            self.assertEqual(1, len(text.splitlines()))

    # --- webhooks -------------------------------------------------------------------------------

    @property
    def webhook_token(self) -> str:
        return self.lab.webhook_token_file.read_text().strip()

    def test_webhooks_of_strangers_and_of_other_shapes(self) -> None:
        for token, body, status in (
                ("", b"{}", 401), ("guessed", b"{}", 401), (self.bot.token, b"{}", 401),
                (self.webhook_token, b"{}", 400), (self.webhook_token, b"[]", 400),
                (self.webhook_token, b"<html>", 400),
                (self.webhook_token, b'{"version":"3","status":"firing","alerts":[]}', 400),
                (self.webhook_token, b'{"version":"4"}', 400)):
            answer = self.bot.request("POST", "/api/v1/alerts", body, token)
            self.assertEqual((status, 1), (answer[0], len(answer[1].splitlines())), answer)
        status, _ = self.bot.request("GET", "/api/v1/alerts", None, self.webhook_token)
        self.assertEqual(405, status)

    def raw(self, head: str) -> socket.socket:
        """A connection on which the head of a webhook was sent."""
        address, port = self.bot.url.removeprefix("http://").split(":")
        with self.lab.network.entered():
            connection = socket.create_connection((address, int(port)), timeout=30)
        self.addCleanup(connection.close)
        connection.sendall(f"POST /api/v1/alerts HTTP/1.1\r\nHost: {address}\r\n"
                           f"Authorization: Bearer {self.webhook_token}\r\n{head}\r\n\r\n".encode())
        return connection

    def test_a_body_of_100_megabytes_is_refused_before_it_is_sent(self) -> None:
        answer = self.raw(f"Content-Length: {_LONG_BODY_BYTES}").recv(1000)
        self.assertIn(b" 413 ", answer.splitlines()[0])

    def test_a_body_of_100_megabytes_without_its_length_is_not_kept(self) -> None:
        before = self.resident_kib()
        connection = self.raw("Transfer-Encoding: chunked")
        chunk, sent = b"%x\r\n%s\r\n" % (1 << 16, b"x" * (1 << 16)), 0
        try:
            while sent < _LONG_BODY_BYTES:
                connection.sendall(chunk)
                sent += 1 << 16
        except OSError:
            pass  # it hung up
        self.assertIn(b" 413 ", connection.recv(1000).splitlines()[0])
        self.assertLess(self.resident_kib() - before, _KEPT_MAX_KIB)

    def resident_kib(self) -> int:
        assert self.bot.process is not None
        status = Path(f"/proc/{self.bot.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def test_one_byte_per_second_meets_the_time_limit(self) -> None:
        connection = self.raw("Content-Length: 1000")
        began = time.monotonic()
        try:
            while time.monotonic() - began < 30:
                connection.sendall(b" ")
                connection.settimeout(1)
                try:
                    if connection.recv(1000) is not None:
                        break
                except TimeoutError:
                    continue
        except OSError:
            pass
        self.assertLess(time.monotonic() - began, 15)  # body_timeout is 10 s
        self.assertEqual("ok\n", self.bot.get("/healthz"))

    # --- the process and its surroundings ---------------------------------------------------------

    def other(self, name: str, **values: str) -> Bot:
        return Bot(self.lab, self.folder / name, self.bot.binary,
                   {key.replace("__", "."): value for key, value in values.items()})

    def assert_no_start(self, bot: Bot, text: str) -> None:
        done = bot.cli("serve", "-c", bot.config, timeout=20)
        said = [line for line in done.stderr.splitlines() if not line.startswith("time=")]
        self.assertEqual((_REFUSED, "", 1), (done.returncode, done.stdout, len(said)), done.stderr)
        self.assertIn(text, said[0])

    def test_a_second_daemon(self) -> None:
        assert self.bot.process is not None
        address, pid = self.bot.url.removeprefix("http://"), self.bot.process.pid
        self.assert_no_start(self.other("port"),
                             f"cannot listen on {address}: Address already in use")
        self.assert_no_start(self.bot, f"journal.db: in use by another lockkeeper (pid {pid})")

    def test_a_journal_that_is_none(self) -> None:
        garbage = self.other("garbage", http__port="8200")
        (garbage.folder / "journal.db").write_text("no journal at all\n" * 500)
        self.assert_no_start(garbage, "journal.db: not an SQLite database")
        self.assert_no_start(self.other("lost", journal__file="/nowhere/journal.db"),
                             "[journal] file: the folder /nowhere does not exist")

    def test_a_journal_that_cannot_be_written(self) -> None:
        disk = self.folder / "read-only"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        bot = self.other("ro", journal__file=f"{disk}/journal.db", http__port="8200")
        self.assert_no_start(bot, f"[journal] file: the folder {disk} is not writable")

    def test_a_kubeconfig_that_leads_nowhere(self) -> None:
        good = self.lab.kubeconfig.read_text()
        self.assert_no_start(self.other("context", kubernetes__context="nope"),
                             "context 'nope' does not exist")
        path = self.folder / "kubeconfig"
        path.touch(mode=0o600)
        path.write_text("no: kubeconfig\n")
        self.assert_no_start(self.other("none", kubernetes__kubeconfig=str(path)),
                             f"kubeconfig {path}: ")
        for name, token, text in (
                ("unknown", "guessed", "our credentials are not accepted (401 Unauthorized)"),
                ("kubelet", self.lab.kubelets["node1"].token, "not allowed (403): ")):
            path.write_text(re.sub(r"token: .*", f"token: {token}", good))
            bot = self.other(name, kubernetes__kubeconfig=str(path), http__port="8200")
            with bot:
                for command in (f"start {NEW}", f"plan {NEW}", "nodes"):
                    answer = bot.command(command)
                    self.assertEqual((_UPSTREAM, False), (answer["status"], answer["ok"]))
                    self.assertIn(text, answer["text"])
                    self.assertNotIn("\n", answer["text"])
                self.assertEqual([], bot.records())
            done = bot.cli("plan", "-c", bot.config, NEW)
            self.assertEqual((_REFUSED, 1), (done.returncode, len(done.stderr.splitlines())))
