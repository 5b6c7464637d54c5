# SPDX-License-Identifier: Apache-2.0
"""rules check, rules test and rules backtest as an operator meets them: exit codes, exact lines.

usage: command_line.py LOCKKEEPER FIXTURES
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import recorded_polls

_LIMIT_S = 60

wrong: list[str] = []


class Tool:
    def __init__(self, binary: str, fixtures: Path) -> None:
        self.binary = binary
        self.fixtures = fixtures

    def __call__(self, *words: str) -> tuple[int, str, str]:
        done = subprocess.run([self.binary, "rules", *words], capture_output=True, text=True,
                              timeout=_LIMIT_S, check=False, cwd=self.fixtures,
                              env={"PATH": "/usr/bin:/bin"})
        return done.returncode, done.stdout, done.stderr


def expect(what: str, got: object, wanted: object) -> None:
    if got != wanted:
        wrong.append(f"{what}\n  wanted {wanted!r}\n  got    {got!r}")


def expect_in(what: str, text: str, line: str) -> None:
    if line not in text.splitlines():
        wrong.append(f"{what}\n  no line {line!r} in\n{text}")


def check(tool: Tool, scratch: Path) -> None:
    expect("fine rules", tool("check", "-c", "disk.ini"),
           (0, "disk.ini: 6 rules, 2 built in; nothing to object to\n", ""))
    warnings = (
        "covered.ini:5: {0}: rule one-disk never decides, it is covered: {{alertname=\"DiskFull\", "
        "node=\"w1\"}} by all-disks (covered.ini:1)\n"
        "covered.ini:9: {0}: rule clash: alertname=\"A\" and alertname=\"B\" exclude each other, "
        "so {{alertname=\"A\", alertname=\"B\"}} never matches\n"
        "covered.ini: 5 rules, 2 built in; 2 {0}s\n")
    expect("warnings", tool("check", "-c", "covered.ini"), (0, warnings.format("warning"), ""))
    expect("--strict", tool("check", "--strict", "-c", "covered.ini"),
           (1, warnings.format("error"), ""))
    bad = scratch / "bad.ini"
    bad.write_text('[rule x]\nmatch = alertname=="X"\naction = puase\n')
    code, said, errors = tool("check", "-c", str(bad))
    expect("errors", (code, said), (1, ""))
    expect("two errors", len(errors.splitlines()), 2)
    expect("its place", errors.startswith(f"{bad}:2:"), True)
    expect("its suggestion", '(did you mean "pause"?)' in errors.splitlines()[1], True)
    code, _, errors = tool("check", "-c", str(scratch / "none.ini"))
    expect("no file", (code, len(errors.splitlines())), (1, 1))


def test(tool: Tool, scratch: Path) -> None:
    expect("a failing test", tool("test", "fails.yml"), (1, (
        "fails.yml:8: a full disk aborts: at 1m\n"
        "  answer: expected stop, got wait\n"
        "  rules: expected etcd, got disk\n"
        "    the gate: DiskFull{node=\"w1\"} firing 1m: rule disk (disk.ini:1) pauses\n"
        "    DiskFull{node=\"w1\"}: decided by disk (disk.ini:1)\n"
        "1 test, 2 expectations, 1 failed\n"), ""))
    own = scratch / "own.yml"
    own.write_text("tests:\n- name: x\n  expect: [{at: 1m, answer: go}]\n")
    expect("the configuration's rules", tool("test", str(own), "-c", "disk.ini"),
           (0, "1 test, 1 expectation, all hold\n", ""))
    own.write_text("tests:\n- name: x\n  expct: []\n")
    code, said, errors = tool("test", str(own), "fails.yml")
    expect("one unreadable of two", (code, said.splitlines()[-1]),
           (2, "1 test, 2 expectations, 1 failed"))
    expect_in("its place", errors, f"{own}:3:3: unknown key 'expct' in a test (did you mean "
              '"expect"?)')
    code, _, errors = tool("test", str(scratch / "none.yml"))
    expect("no file", (code, errors), (2, f"{scratch / 'none.yml'}: no such file or directory\n"))
    expect("no words", tool("test")[0], 2)


def matrix(file: Path) -> None:
    """The same disk as the answer of a range query."""
    start = int(recorded_polls.NINE.timestamp())
    times = range(start, start + 3 * 3600 + 1, 15)
    disk = [t for t in times if 34 * 60 <= t - start < 50 * 60]
    result = [{"metric": {"__name__": "ALERTS", "alertstate": "firing", "alertname": name},
               "values": [[t, "1"] for t in seconds]}
              for name, seconds in (("Watchdog", times), ("DiskFull", disk))]
    file.write_text(json.dumps({"status": "success",
                                "data": {"resultType": "matrix", "result": result}}))


def backtest(tool: Tool, scratch: Path) -> None:
    history = scratch / "polls.jsonl"
    recorded_polls.write(history, 180)
    run = ["--nodes", "2", "--node-time", "20m", "--soak", "10m", "--start",
           "2026-11-20T09:05:00Z"]
    svg = scratch / "picture.svg"
    code, said, errors = tool("backtest", "-c", "disk.ini", "--file", str(history), *run,
                              "--svg", str(svg))
    expect("a backtest", (code, errors), (0, ""))
    for line in ("Runs of 2 nodes, 1h undisturbed",
                 "1 run: 1 done; held for 21m in 1 pause",
                 "Unknown: 3m in 1 gap; nothing is known there, so it never counts as quiet",
                 "  2026-11-20T11:00:00Z  3m  refused",
                 "  unused (disk.ini:11)"):
        expect_in("a backtest", said, line)
    expect("a picture", svg.read_text().startswith("<svg "), True)
    code, said, _ = tool("backtest", "-c", "disk.ini", "--file", str(history), *run, "--json")
    report = json.loads(said)
    expect("JSON", (code, report["pauses"][0]["held_seconds"], report["never_matched"]),
           (0, {"disk": 1260.0}, ["etcd (disk.ini:6)", "unused (disk.ini:11)",
                                  "mild (disk.ini:15)"]))
    answer = scratch / "matrix.json"
    matrix(answer)
    code, said, _ = tool("backtest", "-c", "disk.ini", "--file", str(answer), *run)
    expect_in("a range query's answer", said, "1 run: 1 done; held for 21m in 1 pause")


def refused(tool: Tool, scratch: Path) -> None:
    """Wrong words get one line each and code 2."""
    broken = scratch / "broken.jsonl"
    broken.write_text("{\n")
    blind = scratch / "blind.jsonl"
    blind.write_text('{"at":"2026-11-20T09:00:00Z","firing":[]}\n'
                     '{"at":"2026-11-20T09:00:15Z","firing":[]}\n')
    trials = [
        ([], "give --from, such as --from 30d, or --file"),
        (["--from", "30d"], "no Prometheus to ask: give [prometheus] url, --url or --file"),
        (["--from", "soon"], "--from: 'soon' is no time; write 2026-11-20T17:35:00Z, 2026-11-20, "
                             "or 30d for 30 days ago"),
        (["--from", "2026-11-20", "--to", "2026-11-19"], "--from must lie before --to"),
        (["--file", str(broken)], f"{broken}: line 1: not a JSON object"),
        (["--file", str(blind), "--from", "1d"],
         "--file has its own times: leave out --from, --to, --step and --url"),
        (["--file", str(blind), "--nodes", "0"], "--nodes: from 1 to 5000"),
        (["--file", str(blind), "--start", "noon"],
         "--start: 'noon' is neither 09:00, for each day, nor a time such as "
         "2026-11-20T17:35:00Z"),
        (["--file", str(blind)],
         "no alert of the history is the Watchdog, {alertname=\"Watchdog\"}, so nothing in it is "
         "known; set watchdog in [gate], or take --assume-sight"),
        (["--file", "none"], "none: no such file or directory"),
    ]
    for words, line in trials:
        expect(f"backtest {words}", tool("backtest", "-c", "disk.ini", *words),
               (2, "", line + "\n"))
    code, _, errors = tool("backtest", "-c", "disk.ini", "--url", "http://127.0.0.1:1", "--from",
                           "1h")
    expect("nobody listens", (code, errors),
           (2, "Prometheus http://127.0.0.1:1: connection refused\n"))


def main(binary: str, fixtures: Path) -> int:
    tool = Tool(binary, fixtures)
    with tempfile.TemporaryDirectory() as folder:
        for trial in (check, test, backtest, refused):
            trial(tool, Path(folder))
    for text in wrong:
        print(text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()))
