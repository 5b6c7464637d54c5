# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks in Python share: stop watch, table, and what a program costs."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

TESTS = Path(__file__).resolve().parents[1]
for folder in ("conformance", "lab", "e2e"):
    sys.path.append(str(TESTS / folder))

SKIPPED = 77  # the exit code by which ctest knows that something is missing here
LIMIT_S = 900.0
SAMPLE_S = 0.003


@dataclass
class Cost:
    """Of one program, from its start to its end."""

    seconds: float
    peak_mib: float
    output: bytes


def run_measured(command: Sequence[Any], environment: dict[str, str] | None = None) -> Cost:
    """Runs it to its end; a failure raises with the end of what it said."""
    began = time.monotonic()
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=environment) as process:
        try:
            output, _ = process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    seconds = time.monotonic() - began
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]}: exit {process.returncode}: {output[-500:].decode()}")
    return Cost(seconds, 0.0, output)


def run_with_memory(command: Sequence[Any], sink: Path,
                    environment: dict[str, str] | None = None) -> Cost:
    """As `run_measured`, with the peak of its memory. The output goes to a file, so that we do not
    hold it ourselves; its beginning is given back.

    The peak is read from /proc every few milliseconds: the one that wait4() reports begins with
    the memory of the process that forked, which is us (getrusage(2), RUSAGE_CHILDREN).
    """
    peak = 0.0
    with sink.open("wb") as out:
        began = time.monotonic()
        process = subprocess.Popen([str(word) for word in command], stdout=out,
                                   stderr=subprocess.STDOUT, env=environment)
        while process.poll() is None:
            peak = max(peak, memory_mib(process.pid, "VmHWM"))
            if time.monotonic() - began > LIMIT_S:
                process.kill()
            time.sleep(SAMPLE_S)
        seconds = time.monotonic() - began
    with sink.open("rb") as written:
        output = written.read(4096)
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]}: exit {process.returncode}: {output[-500:].decode()}")
    return Cost(seconds, peak, output)


def memory_mib(pid: int, line: str) -> float:
    """A line of /proc/PID/status, such as VmRSS or VmHWM (the peak); 0 when the process is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(rf"^{line}:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def spread(values: Sequence[float], digits: int = 2) -> str:
    """min / median / max"""
    three = (min(values), statistics.median(values), max(values))
    return " / ".join(f"{value:.{digits}f}" for value in three)


def table(rows: Sequence[Sequence[str]]) -> None:
    """The first row is the heading."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for number, row in enumerate(rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("| " + " | ".join(cells) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    sys.stdout.flush()
