#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the bot costs while nothing happens: from its start to its first answer and to /readyz, and
then memory and processor time. The real program, the real Prometheus, a small lab, the shipped
intervals.

    idle_bench.py --bin-dir BUILD [--starts 10] [--seconds 60] [--kind KIND] [--tiny]
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import sys
import tempfile
import time
from pathlib import Path

from measure import SKIPPED, memory_mib, spread, table

from bot import Bot
from lab import Lab
from node_files import Layout
from processes import LabError

READY_LIMIT_S = 30.0
# The lab's configuration is impatient; an idle bot is measured with the intervals of an operator.
SHIPPED = {"gate.poll_interval": "15s", "upgrade.poll_interval": "5s", "gate.blind_after": "60s",
           "gate.confirm_within": "0s"}


def status_of(lab: Lab, address: tuple[str, int], path: str) -> int:
    """0 while nobody listens. A socket of our own, because a client library's first import and name
    look-up would be measured, too."""
    with lab.network.entered(), socket.socket() as connection:
        connection.settimeout(5)
        try:
            connection.connect(address)
            connection.sendall(
                f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            return int(connection.recv(64).split()[1])
        except (OSError, IndexError):
            return 0


def await_status(bot: Bot, address: tuple[str, int], path: str, began: float) -> float:
    """Milliseconds since `began` when `path` answers 200, looked at every millisecond."""
    while status_of(bot.lab, address, path) != 200:
        bot.alive()  # says what it logged when it has ended
        if time.monotonic() - began > READY_LIMIT_S:
            raise RuntimeError(f"{path} is not 200 within {READY_LIMIT_S:g} s")
        time.sleep(0.001)
    return (time.monotonic() - began) * 1000


def private_mib(pid: int) -> float:
    """Without the pages of libraries that any other process may share."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(kb) for kb in re.findall(r"^Private_\w+:\s+(\d+) kB", text, re.MULTILINE)) / 1024


def processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def work_ms(pid: int) -> float:
    """Processor time of its living threads, finer than the clock ticks of stat, and not stretched
    by whatever else the machine does."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e6


def measure(lab: Lab, folder: Path, binary: Path, starts: int, seconds: float) -> None:
    bot = Bot(lab, folder, binary, SHIPPED)
    host, port = bot.url.removeprefix("http://").rsplit(":", 1)
    address = (host, int(port))
    answers: list[float] = []
    readies: list[float] = []
    works: list[float] = []
    lines: list[list[str]] = []
    for number in range(starts):
        began = time.monotonic()
        bot.start(wait=False)
        assert bot.process is not None
        try:
            answers.append(await_status(bot, address, "/healthz", began))
            readies.append(await_status(bot, address, "/readyz", began))
            works.append(work_ms(bot.process.pid))
            if number == starts - 1:
                lines = idle(bot, seconds)
        finally:
            bot.stop()
    table([["idle", "measured"],
           ["start to /healthz, ms (min / median / max)", spread(answers, 1)],
           ["start to /readyz, ms (min / median / max)", spread(readies, 1)],
           ["processor time of that, ms (min / median / max)", spread(works, 1)], *lines])


def idle(bot: Bot, seconds: float) -> list[list[str]]:
    assert bot.process is not None
    pid = bot.process.pid
    time.sleep(min(seconds, 5))
    used, began = processor_s(pid), time.monotonic()
    time.sleep(seconds)
    share = (processor_s(pid) - used) / (time.monotonic() - began) * 100
    return [["resident memory, MiB (peak)", f"{memory_mib(pid, 'VmRSS'):.1f} "
                                            f"({memory_mib(pid, 'VmHWM'):.1f})"],
            ["of it private, MiB", f"{private_mib(pid):.1f}"],
            [f"processor, % of one core over {seconds:g} s", f"{share:.2f}"]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin-dir", type=Path, required=True)
    parser.add_argument("--starts", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kind", default="auto")
    parser.add_argument("--tiny", action="store_true", help="see that it runs, measure nothing")
    arguments = parser.parse_args()
    if arguments.tiny:
        arguments.starts, arguments.seconds = 1, 1
    build = arguments.bin_dir.resolve()
    with tempfile.TemporaryDirectory(prefix="idle-bench-") as folder:
        try:
            with Lab(Path(folder) / "lab", Layout(nodes=1), arguments.kind, build) as lab:
                measure(lab, Path(folder) / "bot", build / "lockkeeper", arguments.starts,
                        arguments.seconds)
        except LabError as error:
            print(f"no lab here: {error}")
            return SKIPPED
    return 0


if __name__ == "__main__":
    sys.exit(main())
