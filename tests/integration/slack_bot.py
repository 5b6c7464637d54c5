# SPDX-License-Identifier: Apache-2.0
"""The bot's Slack side as a process (slack_probe), for tests with the lab's workspace."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from slack_workspace import SlackWorkspace

Json = dict[str, Any]
PATIENCE_S = 20.0


class SlackBot:
    """Started when entered, gone when left; `kill` and `start` in between are a crash."""

    def __init__(self, probe: str, folder: Path, slack: SlackWorkspace, haste: int = 1,
                 app_token: str = "", bot_token: str = "") -> None:
        self.folder = folder
        self.command = [probe, str(folder), slack.api_url.rstrip("/"),
                        str(slack.ca) if slack.tls else "", str(haste)]
        self.env = dict(os.environ, SLACK_APP_TOKEN=app_token or slack.app_token,
                        SLACK_BOT_TOKEN=bot_token or slack.bot_token)
        self.deeds: list[Json] = []
        self._answers: queue.Queue[Any] = queue.Queue()
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        with (self.folder / "bot.log").open("ab") as log:
            self._process = subprocess.Popen(self.command, stdin=subprocess.PIPE, env=self.env,
                                             stdout=subprocess.PIPE, stderr=log, text=True)
        self._answers = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(self._process, self._answers))
        self._reader.start()
        self._answers.get(timeout=PATIENCE_S)

    def _read(self, process: subprocess.Popen[str], answers: queue.Queue[Any]) -> None:
        assert process.stdout
        for text in process.stdout:
            try:
                line = json.loads(text)
            except ValueError:  # Cut off by a kill.
                continue
            if "deed" in line:
                self.deeds.append(line)
            else:
                answers.put(line.get("answer"))

    def stop(self) -> float:
        """On purpose; how long it took."""
        began = time.monotonic()
        process, self._process = self._process, None
        if process is None or process.stdin is None or process.stdout is None:
            return 0.0
        try:
            process.stdin.close()
            process.wait(PATIENCE_S)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            process.kill()
            process.wait(PATIENCE_S)
            raise
        finally:
            if self._reader:
                self._reader.join(PATIENCE_S)
            process.stdout.close()
        assert process.returncode == 0, self.log()
        return time.monotonic() - began

    def kill(self) -> None:
        """As the kernel would, in the middle of whatever it is doing."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE_S)
        if self._reader:
            self._reader.join(PATIENCE_S)
        for pipe in (process.stdin, process.stdout):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass

    def do(self, what: str, **more: Any) -> Any:
        assert self._process and self._process.stdin
        self._process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self._process.stdin.flush()
        return self._answers.get(timeout=PATIENCE_S)

    def health(self) -> Json:
        health: Json = self.do("health")
        return health

    def await_health(self, what: str, condition: Callable[[Json], Any],
                     limit_s: float = 15.0) -> Json:
        end = time.monotonic() + limit_s
        while True:
            health = self.health()
            if condition(health):
                return health
            assert time.monotonic() < end, f"never {what}: {health}"
            time.sleep(0.05)

    def effects(self) -> list[str]:
        """The keys of what was dealt with, in order."""
        file = self.folder / "effects"
        return file.read_text().splitlines() if file.exists() else []

    def log(self) -> str:
        return (self.folder / "bot.log").read_text()[-3000:]
