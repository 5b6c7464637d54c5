# SPDX-License-Identifier: Apache-2.0
"""Units of the little service manager: read from unit files or given by `systemd-run`, started,
watched.

Only what the lab's units and a remote job need: simple services, Restart=, environment files,
transient units with a log file. The words of states and results are systemd's.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

_FOLDERS = [Path("/etc/systemd/system"), Path("/usr/lib/systemd/system")]
WANTS = Path("/etc/systemd/system/multi-user.target.wants")
JOURNAL = Path("/var/log/lab-journal")
ROOT_NAMESPACE = Path("/run/root-namespace.pid")
STOP_LIMIT_S = 5.0


@dataclass
class Unit:
    name: str
    settings: dict[str, list[str]] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)  # of a transient unit
    transient: bool = False
    collect: bool = False
    pid: int = 0
    active: str = "inactive"
    sub: str = "dead"
    result: str = "success"
    code: int = 0
    status: int = 0
    restarts: int = 0
    entered_us: int = 0
    restart_at: float | None = None
    stopping: bool = False

    def get(self, key: str, default: str = "") -> str:
        return (self.settings.get(key) or [default])[-1]

    def start(self) -> None:
        if self.pid:
            return
        self.restart_at = None
        self.stopping = False
        words = self._words()
        if self.get("User", "root") == "root":
            words = [*as_root(), *words]
        with self._output() as output:
            child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                     start_new_session=True, env=self._environment(),
                                     cwd=self.get("WorkingDirectory", "/"))
        child.returncode = 0  # init reaps by itself
        self.pid, self.active, self.sub, self.result = child.pid, "active", "running", "success"
        self.entered_us = time.monotonic_ns() // 1000

    def ended(self, wait_status: int) -> None:
        """The main process is gone: decide what that means for the unit."""
        self.pid = 0
        killed = os.WIFSIGNALED(wait_status)
        self.code = 2 if killed else 1  # CLD_KILLED, CLD_EXITED
        self.status = os.WTERMSIG(wait_status) if killed else os.WEXITSTATUS(wait_status)
        clean = self.status == 0 or (killed and self.status in (signal.SIGTERM, signal.SIGINT))
        self.result = "success" if clean else ("signal" if killed else "exit-code")
        wants = self.get("Restart", "no")
        if not self.stopping and (wants == "always" or (wants == "on-failure" and not clean)):
            self.active, self.sub = "activating", "auto-restart"
            self.restart_at = time.monotonic() + float(self.get("RestartSec", "0.1").rstrip("s"))
        elif not clean and not self.stopping:
            self.active, self.sub = "failed", "failed"
        elif self.get("RemainAfterExit") in ("yes", "true", "1") and not self.stopping:
            self.active, self.sub = "active", "exited"
        else:
            self.active, self.sub = "inactive", "dead"

    def signal(self, number: int) -> None:
        if self.pid:
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                pass

    def begin_stop(self) -> None:
        self.stopping = True
        self.restart_at = None
        if self.pid:
            self.active, self.sub = "deactivating", "stop-sigterm"
            self.signal(signal.SIGTERM)
        else:
            self.active, self.sub = "inactive", "dead"

    def is_forgotten(self) -> bool:
        """A transient unit that has done its work leaves no trace, unless it failed."""
        if not self.transient or self.pid or self.restart_at is not None:
            return False
        return self.active == "inactive" or (self.active == "failed" and self.collect)

    def properties(self) -> dict[str, str]:
        return {
            "Id": self.name, "LoadState": "loaded", "ActiveState": self.active,
            "SubState": self.sub, "MainPID": str(self.pid), "NRestarts": str(self.restarts),
            "Result": self.result, "ExecMainCode": str(self.code),
            "ExecMainStatus": str(self.status), "ExecMainPID": str(self.pid),
            "ActiveEnterTimestampMonotonic": str(self.entered_us),
            "UnitFileState": "transient" if self.transient else file_state(self.name),
            "FragmentPath": str(fragment(self.name) or ""),
        }

    def _words(self) -> list[str]:
        if self.transient:
            return self.command
        environment = self._environment()
        words: list[str] = []
        for word in shlex.split(self.get("ExecStart").lstrip("-@+!")):
            whole = re.fullmatch(r"\$([A-Za-z_]\w*)", word)
            if whole:  # as in systemd, a bare $NAME may become several words or none
                words += environment.get(whole.group(1), "").split()
            else:
                words.append(re.sub(r"\$\{(\w+)\}", lambda m: environment.get(m[1], ""), word))
        return words

    def _environment(self) -> dict[str, str]:
        environment = dict(os.environ)
        lines: list[str] = []
        for setting in self.settings.get("Environment", []):
            lines += shlex.split(setting)
        for name in self.settings.get("EnvironmentFile", []):
            path = Path(name.lstrip("-"))
            if path.exists():
                lines += [line for line in path.read_text().splitlines() if "=" in line]
        for line in lines:
            key, _, value = line.partition("=")
            environment[key.strip()] = value.strip().strip("\"'")
        return environment

    def _output(self):
        wanted = self.get("StandardOutput", "journal")
        kind, _, name = wanted.partition(":")
        if kind in ("append", "file", "truncate"):
            return open(name, "ab" if kind == "append" else "wb")
        if wanted == "null":
            return open(os.devnull, "wb")
        JOURNAL.mkdir(parents=True, exist_ok=True)
        return open(JOURNAL / f"{self.name}.log", "ab")


def as_root() -> list[str]:
    """Enters the user namespace in which this node's user is root; sudo does the same."""
    holder = ROOT_NAMESPACE.read_text().strip()
    return ["nsenter", "--target", holder, "--user", "--preserve-credentials", "--"]


def full_name(name: str) -> str:
    return name if re.search(r"\.(service|timer|target|socket)$", name) else f"{name}.service"


def fragment(name: str) -> Path | None:
    return next((folder / name for folder in _FOLDERS if (folder / name).is_file()), None)


def file_state(name: str) -> str:
    return "enabled" if (WANTS / name).is_symlink() else "disabled"


def load(name: str) -> dict[str, list[str]]:
    """The settings of a unit file and its drop-ins; an empty value forgets the earlier ones."""
    settings: dict[str, list[str]] = {}
    path = fragment(name)
    files = [path] if path else []
    for folder in reversed(_FOLDERS):
        files += sorted((folder / f"{name}.d").glob("*.conf"))
    for file in files:
        for line in file.read_text().splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith(("#", ";", "[")):
                add_setting(settings, key.strip(), value.strip())
    return settings


def add_setting(settings: dict[str, list[str]], key: str, value: str) -> None:
    if value:
        settings.setdefault(key, []).append(value)
    else:
        settings[key] = []
