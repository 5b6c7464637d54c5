# SPDX-License-Identifier: Apache-2.0
"""Processes that outlive the Python that started them, ended only by the identity that was noted.

A process is remembered by its pid and its start time, so a pid that the kernel has handed to
somebody else since then is never signalled. Every wait has an end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


class LabError(RuntimeError):
    """What went wrong in the lab, in one line for the person who runs it."""


@dataclass(frozen=True)
class Process:
    name: str
    pid: int
    started: int  # clock ticks since boot, field 22 of /proc/PID/stat

    def is_running(self) -> bool:
        _reap(self.pid)
        return _start_time(self.pid) == self.started

    def send(self, number: int) -> None:
        if self.is_running():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                pass

    def stop(self, grace_s: float = 5.0, number: int = signal.SIGTERM) -> bool:
        """Asks, waits, then kills. True when asking was enough."""
        self.send(number)
        if wait_until(lambda: not self.is_running(), grace_s):
            return True
        self.kill()
        return False

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        if not wait_until(lambda: not self.is_running(), 5.0):
            raise LabError(f"{self.name}: pid {self.pid} is still there 5s after SIGKILL")

    def children(self) -> list[int]:
        return [int(pid) for pid in _read(f"/proc/{self.pid}/task/{self.pid}/children").split()]


def recorded(log: Path) -> Process | None:
    """The process that `spawn` noted beside this log, whether it still runs or not."""
    try:
        name, pid, started = log.with_suffix(".pid").read_text().split("\t")
        return Process(name, int(pid), int(started))
    except (OSError, ValueError):
        return None


def spawn(name: str, command: Iterable[object], log: Path, **options: object) -> Process:
    """Starts a program in a session of its own, its output appended to `log`.

    Its identity is noted in a file beside the log, so that a later program can end it.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in command]
    with open(log, "ab") as output:
        try:
            child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                     start_new_session=True, **options)
        except OSError as error:
            raise LabError(f"{name}: cannot start {words[0]}: {error.strerror}") from error
    # The pid is all that is kept: `Process` reaps it, whichever program asks.
    child.returncode = 0
    started = _start_time(child.pid)
    if started is None:
        raise LabError(f"{name}: ended at once, see {log}: {last_line(log)}")
    log.with_suffix(".pid").write_text(f"{name}\t{child.pid}\t{started}")
    return Process(name, child.pid, started)


def run(command: Iterable[object], timeout_s: float = 30.0, check: bool = True,
        **options: object) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end and returns its output as text."""
    words = [str(word) for word in command]
    options.setdefault("stdin", None if "input" in options else subprocess.DEVNULL)
    if "input" in options:
        options.pop("stdin")
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=timeout_s, **options)
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{' '.join(words[:6])}: not done after {timeout_s:g}s") from error
    except OSError as error:
        raise LabError(f"cannot run {words[0]}: {error.strerror}") from error
    if check and done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:] or ["no output"]
        raise LabError(f"{' '.join(words[:6])}: exit {done.returncode}: {reason[0]}")
    return done


def wait_until(condition: Callable[[], object], limit_s: float, pause_s: float = 0.02) -> bool:
    """True as soon as the condition holds, False when the limit passes first."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(pause_s)
    return True


def await_or_fail(condition: Callable[[], object], limit_s: float, what: str,
                  pause_s: float = 0.05) -> None:
    if not wait_until(condition, limit_s, pause_s):
        raise LabError(f"{what}: not within {limit_s:g}s")


def last_line(path: Path) -> str:
    lines = _read(path).strip().splitlines()
    return lines[-1] if lines else "(empty)"


def process_of(name: str, pid: int) -> Process | None:
    """The process that has this pid now, or None."""
    started = _start_time(pid)
    return None if started is None else Process(name, pid, started)


def _start_time(pid: int) -> int | None:
    """None when the process is gone or only a zombie is left of it."""
    text = _read(f"/proc/{pid}/stat")
    fields = text.rpartition(")")[2].split()
    return int(fields[19]) if fields and fields[0] not in ("Z", "X") else None


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def _read(path: Path | str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except (OSError, ProcessLookupError):
        return ""
