# SPDX-License-Identifier: Apache-2.0
"""A history whose right answer is known, written into a real Prometheus with promtool, and what
`rules backtest` makes of it through query_range.

usage: real_prometheus.py LOCKKEEPER

Three days, a sample every 15 s, a run of two nodes each day at 09:00 (20 min and 10 min of soak
each, so an hour):

  day 1  DiskFull from 09:25 to 09:45: shuts the first soak; five quiet minutes end at 09:50
  day 2  no samples from 09:22 to 09:52, as after a crash, without stale markers: Prometheus shows
         the old ones for five minutes more, and a careless reader takes that for sight
  day 3  etcdNoLeader from 09:10 on: the run is aborted there
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

_SKIPPED = 77
_LIMIT_S = 60.0
_STEP = timedelta(seconds=15)
_RULES = """\
[rule disk]
match = alertname="DiskFull"
action = pause
resume_after = 5m

[rule etcd]
match = alertname="etcdNoLeader"
action = abort
phase = any
"""
_CONFIGURATION = """\
global: {evaluation_interval: 15s}
rule_files: [rules.yml]
"""
_ALERTS = """\
groups:
- name: g
  rules:
  - {alert: Other, expr: vector(0) > 1}
"""


def first_day() -> datetime:
    """Long enough ago that everything lies in finished blocks."""
    return datetime.now(timezone.utc).replace(hour=0, minute=0, second=0,
                                              microsecond=0) - timedelta(days=5)


def samples(day: datetime) -> Iterator[str]:
    def between(day_number: int, at: datetime, first: str, last: str) -> bool:
        base = day + timedelta(days=day_number)
        hours = [base + timedelta(hours=int(text[:2]), minutes=int(text[3:]))
                 for text in (first, last)]
        return hours[0] <= at < hours[1]

    def line(name: str, at: datetime) -> str:
        return f'ALERTS{{alertname="{name}",alertstate="firing"}} 1 {at.timestamp():.3f}'

    yield "# TYPE ALERTS gauge"
    for name in ("Watchdog", "DiskFull", "etcdNoLeader"):
        at = day + timedelta(hours=8)
        while at <= day + timedelta(days=2, hours=12):
            fires = {"Watchdog": not between(1, at, "09:22", "09:52"),
                     "DiskFull": between(0, at, "09:25", "09:45"),
                     "etcdNoLeader": between(2, at, "09:10", "09:20")}[name]
            if fires:
                yield line(name, at)
            # Prometheus ends an alert with a stale marker, which OpenMetrics cannot say; a 0 does.
            elif name != "Watchdog" and at.second == 0 and at.minute in (20, 45):
                yield line(name, at).replace(" 1 ", " 0 ")
            at += _STEP
    yield "# EOF"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def await_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _LIMIT_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError("Prometheus has ended")
        try:
            with urllib.request.urlopen(f"{url}/-/ready", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.1)
    raise RuntimeError("Prometheus does not become ready")


def backtest(binary: str, folder: Path, url: str, *more: str) -> tuple[dict, str]:
    day = first_day()
    done = subprocess.run(
        [binary, "rules", "backtest", "-c", str(folder / "rules.ini"), "--url", url,
         "--from", (day + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%SZ"),
         "--to", (day + timedelta(days=2, hours=12)).strftime("%Y-%m-%dT%H:%M:%SZ"),
         "--nodes", "2", "--node-time", "20m", "--soak", "10m", "--json", *more],
        capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"backtest: {done.returncode} {done.stderr}")
    return json.loads(done.stdout), done.stderr


def judge(report: dict, advice: str) -> list[str]:
    """What differs from the right answer."""
    day = first_day()
    wrong = []

    def expect(what: str, got: object, wanted: object) -> None:
        if got != wanted:
            wrong.append(f"{what}: wanted {wanted}, got {got}")

    def at(days: int, clock: str) -> str:
        return (day + timedelta(days=days)).strftime("%Y-%m-%dT") + clock + "Z"

    expect("advice", advice, "")
    expect("ends", [run["end"] for run in report["runs"]], ["done", "done", "aborted"])
    expect("began", [run["began"] for run in report["runs"]],
           [at(days, "09:00:00") for days in range(3)])
    expect("ended", [run["ended"] for run in report["runs"]],
           [at(0, "10:30:00"), at(1, "10:34:00"), at(2, "09:10:00")])
    # Day 2: the newest sample is older than two intervals from 09:22:30 on, blind 45 s after the
    # last good look at 09:22:15, seen again at 09:52, quiet for resume_after until 09:54.
    expect("pauses", [(pause["from"], pause["to"], pause["held_seconds"])
                      for pause in report["pauses"]],
           [(at(0, "09:25:00"), at(0, "09:50:00"), {"disk": 1500.0}),
            (at(1, "09:23:15"), at(1, "09:54:00"), {"blindness": 1845.0})])
    # Old samples until lookback ends five minutes after the last one, then none at all.
    expect("gaps", [(gap["from"], gap["to"]) for gap in report["gaps"]],
           [(at(1, "09:22:30"), at(1, "09:27:00")), (at(1, "09:27:00"), at(1, "09:52:00"))])
    expect("blamed", report["runs"][2]["rules"], ["etcd"])
    expect("never", report["never_matched"], [])
    return wrong


def main(binary: str) -> int:
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        print("no prometheus or no promtool here")
        return _SKIPPED
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules.ini").write_text(_RULES)
        (folder / "prometheus.yml").write_text(_CONFIGURATION)
        (folder / "rules.yml").write_text(_ALERTS)
        (folder / "history").write_text("\n".join(samples(first_day())) + "\n")
        subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics",
                        str(folder / "history"), str(folder / "data")],
                       check=True, capture_output=True, timeout=_LIMIT_S)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                ["prometheus", f"--config.file={folder}/prometheus.yml",
                 f"--storage.tsdb.path={folder}/data", "--storage.tsdb.retention.time=1y",
                 f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log, cwd=folder)
        try:
            await_ready(url, process)
            wrong = judge(*backtest(binary, folder, url))
            _, advice = backtest(binary, folder, url, "--step", "1m")
            wanted = ("step 1m is longer than the evaluation interval 15s: a short alert may be "
                      "missed; --step 15s sees all\n")
            if advice != wanted:
                wrong.append(f"advice: wanted {wanted!r}, got {advice!r}")
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(20)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(str(Path(sys.argv[1]).resolve())))
