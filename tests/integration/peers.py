# SPDX-License-Identifier: Apache-2.0
"""Real peers for tests: started on free ports of loopback, stopped by their own process id."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PATIENCE_S = 20.0
SKIPPED = 77


def need(program: str) -> None:
    """Ends the test as skipped, with a line that says so, when `program` is not installed."""
    if shutil.which(program) is None:
        print(f"skipped: {program} is not installed")
        sys.exit(SKIPPED)


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(what: str, done: Callable[[], Any]) -> Any:
    """The first true value of `done`; fails when there is none for a while."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if value := done():
            return value
        time.sleep(0.05)
    raise AssertionError(f"never happened: {what}")


def fetch(url: str, body: Any = None) -> str | None:
    """The text of a 200, or None for everything else. A body is posted as JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return str(answer.read().decode()) if answer.status == 200 else None
    except (urllib.error.URLError, OSError):
        return None


class Peer:
    """A server from Debian with its data in `folder`; ready when entered, gone when left."""

    def __init__(self, folder: Path, command: list[str], ready_path: str = "/-/ready") -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ready_url = self.url + ready_path
        self.command = [word.replace("PORT", str(self.port)) for word in command]
        self.folder = folder

    def __enter__(self) -> Self:
        self.log = open(self.folder / f"{Path(self.command[0]).name}.{self.port}.log", "wb")
        self.process = subprocess.Popen(
            self.command, cwd=self.folder, stdout=self.log, stderr=self.log
        )
        try:
            eventually(f"{self.command[0]} is ready", lambda: fetch(self.ready_url) is not None)
        except AssertionError:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def signal(self, number: int) -> None:
        """Sends a signal to the server."""
        self.process.send_signal(number)

    def stop(self) -> None:
        """Kills the server and waits until it is gone. A second call does nothing."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE_S)
        self.log.close()


class Probe:
    """The bot's eyes and ears as a process that answers one line of JSON for each line."""

    def __init__(self, program: str, *words: str) -> None:
        self.process = subprocess.Popen(
            [program, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def read(self) -> dict[str, Any]:
        """The next line that the probe prints; ctest's limit bounds the wait."""
        assert self.process.stdout
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def ask(self, line: str = "") -> dict[str, Any]:
        """Sends a line and gives its answer."""
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.read()
