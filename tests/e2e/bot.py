# SPDX-License-Identifier: Apache-2.0
"""The bot as a process under test: its configuration, made from the shipped one, and its life."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any, Callable

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lab"))

# What a lab needs shorter than a cluster does. Everything else is the shipped configuration.
LAB_VALUES = {
    "cluster.name": "lab",
    "upgrade.soak": "2s",
    "upgrade.soak_limit": "3m",
    "upgrade.drain_timeout": "60s",
    "upgrade.poll_interval": "500ms",
    "upgrade.script_timeout": "3m",
    "upgrade.service_steady": "2s",
    "upgrade.ready_timeout": "2m",
    "kubernetes.outage_limit": "2m",
    "preflight.free_min": "100MiB",
    "postflight.limit": "1m",
    "snapshot.timeout": "1m",
    "gate.poll_interval": "1s",
    "gate.blind_after": "4s",
    "gate.resume_after": "2s",
    "gate.confirm_within": "5s",
    "authority.admin": "console:*, http:lab",
    "detection.schedule": "never",
    "detection.reread_after": "100ms",
    "report.schedule": "never",
}


def configured(shipped: str, values: dict[str, str]) -> str:
    """The shipped ini with some values changed: the key's line is replaced, commented or not."""
    left = dict(values)
    section = ""
    lines = []
    for line in shipped.splitlines():
        header = re.match(r"\[(.+)\]$", line)
        if header:
            section = header.group(1)
        key = re.match(r"#?\s*([a-z0-9_]+) =", line)
        name = f"{section}.{key.group(1)}" if key else ""
        if name in left:
            line = f"{key.group(1)} = {left.pop(name)}"
        lines.append(line)
    if left:
        raise KeyError(f"the shipped configuration has no {sorted(left)}")
    return "\n".join(lines) + "\n"


class Bot:
    """One installation: its folder survives the process, as it would on a host."""

    def __init__(self, lab: Any, folder: Path, binary: Path, values: dict[str, str] | None = None):
        self.lab = lab
        self.folder = folder
        self.binary = binary
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.config = folder / "lockkeeper.ini"
        self.values: dict[str, str] = dict(values or {})
        self.clients: list[str] = []
        self.add_client("lab")

    def add_client(self, name: str) -> None:
        """One more [client NAME]; it counts when the bot starts."""
        token_file = self.folder / f"{name}.token"
        token_file.write_text(f"{name}-token-{os.urandom(8).hex()}\n")
        token_file.chmod(0o600)
        self.clients.append(name)
        self.configure({})

    def token_of(self, client: str) -> str:
        return (self.folder / f"{client}.token").read_text().strip()

    @property
    def token(self) -> str:
        return self.token_of("lab")

    def configure(self, values: dict[str, str]) -> None:
        """Changes values of the configuration; they count when the bot starts."""
        self.values |= values
        info = json.loads((self.lab.directory / "lab.json").read_text())
        address, port = info["bot"]["address"].rsplit(":", 1)
        (self.folder / "rules.ini").write_text((ROOT / "config" / "rules.ini").read_text())
        merged = LAB_VALUES | {
            "kubernetes.kubeconfig": info["bot"]["kubeconfig"],
            "ssh.user": info["ssh"]["user"],
            "ssh.key_file": info["ssh"]["key_file"],
            "ssh.known_hosts": str(self.folder / "known_hosts"),
            "ssh.port": str(info["ssh"]["port"]),
            "prometheus.url": info["monitoring"]["urls"]["prometheus"],
            "pushgateway.url": info["monitoring"]["urls"]["pushgateway"],
            "http.address": address,
            "http.port": port,
            "http.webhook_token_file": info["bot"]["webhook_token_file"],
            "journal.file": str(self.folder / "journal.db"),
            "detection.repository": f"{info['packages']['url']}/core:/stable:",
        } | self.values
        self.journal = Path(merged["journal.file"])
        self.url = f"http://{merged['http.address']}:{merged['http.port']}"
        shipped = (ROOT / "config" / "lockkeeper.ini").read_text()
        clients = "".join(f"\n[client {name}]\ntoken_file = {name}.token\n"
                          for name in self.clients)
        self.config.write_text(configured(shipped, merged) + clients)

    # --- life ---------------------------------------------------------------------------------

    def start(self, wait: bool = True) -> None:
        self.log = (self.folder / "log").open("ab")
        with self.lab.network.entered():
            self.process = subprocess.Popen(
                [self.binary, "serve", "-c", self.config],
                stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        if wait:
            until(10, lambda: self.alive() and self.get("/healthz") is not None, "the bot answers")

    def alive(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            tail = (self.folder / "log").read_text(errors="replace")[-2000:]
            raise AssertionError(f"the bot has ended: {tail}")
        return True

    def kill(self) -> None:
        """kill -9, as the kernel does when memory is short."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        if self.process is None or self.process.poll() is not None:
            return -1
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the bot did not leave within 20 s") from None

    def __enter__(self) -> "Bot":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- talking to it ------------------------------------------------------------------------

    def request(self, method: str, path: str, body: bytes | None = None,
                token: str | None = None, timeout: float = 30) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        with self.lab.network.entered():
            try:
                with urllib.request.urlopen(request, timeout=timeout) as reply:
                    return reply.status, reply.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode()

    def get(self, path: str) -> str | None:
        try:
            status, text = self.request("GET", path, timeout=5)
        except OSError:
            return None
        return text if status == 200 else None

    def command(self, text: str) -> dict[str, Any]:
        status, body = self.request("POST", "/api/v1/commands", json.dumps({"text": text}).encode())
        return {"status": status} | json.loads(body)

    def surely(self, text: str) -> dict[str, Any]:
        """The command, with its confirmation."""
        answer = self.command(text)
        if answer.get("confirm"):
            answer = self.command(f"{text} --confirm {answer['confirm']}")
        assert answer["ok"], answer
        return answer

    def messages(self) -> list[dict[str, Any]]:
        text = self.get("/api/v1/messages?after=0")
        return json.loads(text)["messages"] if text else []

    def said(self, text: str) -> bool:
        return any(text in message["text"] for message in self.messages())

    def await_said(self, text: str, seconds: float = 60) -> None:
        def heard() -> bool:
            self.alive()
            return self.said(text)
        until(seconds, heard, f"somebody hears: {text}",
              lambda: "\n".join(message["text"] for message in self.messages()))

    def cli(self, *words: object, stdin: str | None = None,
            timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Another process of the same program, `-c` included where it belongs."""
        return self.lab.run([self.binary, *words], timeout_s=timeout, check=False,
                            **({"input": stdin} if stdin is not None else {}))

    def log_text(self) -> str:
        log = self.folder / "log"
        return log.read_text(errors="replace") if log.exists() else ""

    # --- what it remembers ----------------------------------------------------------------------

    def records(self) -> list[tuple[int, str, str, dict[str, Any]]]:
        """Journal records: seq, run, kind, body."""
        if not self.journal.exists():
            return []
        with closing(sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True)) as journal:
            rows = journal.execute("select seq, run, kind, body from records order by seq")
            return [(seq, run, kind, json.loads(body)) for seq, run, kind, body in rows]

    def ending(self) -> str | None:
        """How the newest run ended; nothing while it is open."""
        last = [r for r in self.records() if r[2] in ("opened", "closed")]
        return last[-1][3]["ending"] if last and last[-1][2] == "closed" else None

    def await_ending(self, seconds: float = 150) -> str:
        def ended() -> bool:
            self.alive()
            return self.ending() is not None
        until(seconds, ended, "the run ends", lambda: self.command("status")["text"])
        ending = self.ending()
        assert ending is not None
        return ending

    def await_step(self, action: str, node: str = "", seconds: float = 120) -> None:
        """Until that step has begun (its intent is in the journal)."""
        def begun() -> bool:
            self.alive()
            plan = [r for r in self.records() if r[2] == "opened"][-1:]
            if not plan:
                return False
            run = plan[0][1]
            numbers = {s["number"] for s in plan[0][3]["plan"]["steps"]
                       if s["action"] == action and (not node or s["node"] == node)}
            return any(r[1] == run and r[2] == "intent" and r[3]["step"] in numbers
                       for r in self.records())
        until(seconds, begun, f"{action} {node} begins", lambda: self.command("status")["text"])


def until(seconds: float, ready: Callable[[], bool], what: str,
          state: Callable[[], str] | None = None) -> None:
    """Waits until `ready`; an AssertionError that says what did not happen."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds:.0f} s: {what}" + (f" ({state()})" if state else ""))
