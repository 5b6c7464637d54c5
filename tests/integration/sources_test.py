# SPDX-License-Identifier: Apache-2.0
"""The gate behind the real Prometheus and Alertmanager: sources_test.py PROBE SCENARIO.

Scenarios with a number are those of the catalogue that every gate on alerts should pass.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone

from peers import eventually, fetch, free_port, need
from sources_bench import (OFF, ON, RESUME_AFTER_S, Alertmanager, Bench, Gate, Prometheus, named,
                           rule, shut)


def scenario_03(bench: Bench) -> None:
    """A webhook says firing and never resolved; Prometheus knows nothing of it."""
    prometheus = bench.start(Prometheus(bench.folder, "p"))
    gate = bench.gate([prometheus.url])
    alertmanager = bench.start(Alertmanager(bench.folder, "a", gate.port))
    gate.opens()
    alertmanager.post("DiskFull", node="w1")
    answer = gate.shuts("pauses until a poll confirms or denies it")
    assert named(answer, "DiskFull")[0]["provisional"], answer
    assert named(gate.opens(), "DiskFull") == []


def scenario_04(bench: Bench) -> None:
    """A webhook says resolved while the alert still fires."""
    prometheus = bench.start(Prometheus(bench.folder, "p"))
    gate = bench.gate([prometheus.url])
    alertmanager = bench.start(Alertmanager(bench.folder, "a", gate.port))
    gate.opens()
    prometheus.fire("DiskFull")
    alertmanager.post("DiskFull", node="w1")
    gate.shuts("DiskFull")
    gate.until("the firing was heard", lambda answer: answer["heard"] >= 1)
    alertmanager.post("DiskFull", ended=True, node="w1")
    gate.until("the resolved was heard", lambda answer: answer["resolved"] >= 1)
    gate.stays(2 * RESUME_AFTER_S, shut)


def scenario_05(bench: Bench) -> None:
    """The webhook's port is closed all the time: the same verdicts by polls alone."""
    alertmanager = bench.start(Alertmanager(bench.folder, "a", free_port()))
    prometheus = bench.start(Prometheus(bench.folder, "p", alertmanager.url))
    gate = bench.gate([prometheus.url])
    gate.opens()
    prometheus.fire("DiskFull")
    assert gate.shuts("DiskFull")["heard"] == 0
    prometheus.fire()
    assert gate.opens()["heard"] == 0


def scenario_06(bench: Bench) -> None:
    """Prometheus goes away, and comes back."""
    prometheus = Prometheus(bench.folder, "p")
    with prometheus:
        gate = bench.gate([prometheus.url])
        gate.opens()
    assert gate.shuts("connection refused")["state"] == "blind"
    with prometheus:
        began = time.monotonic()
        gate.opens()
        assert time.monotonic() - began >= RESUME_AFTER_S


def scenario_07(bench: Bench) -> None:
    """Prometheus answers well, but with nothing and no Watchdog; 22: and then with it again."""
    prometheus = bench.start(Prometheus(bench.folder, "p"))
    gate = bench.gate([prometheus.url])
    gate.opens()
    prometheus.evaluate({}, watchdog=False)
    assert gate.shuts("the Watchdog alert is not firing")["state"] == "blind"
    prometheus.fire()
    gate.opens()


def scenario_08(bench: Bench) -> None:
    """Prometheus takes the connection and says nothing; one of two that does so delays no other."""
    one = bench.start(Prometheus(bench.folder, "p"))
    two = bench.start(Prometheus(bench.folder, "q"))
    gate = bench.gate([one.url, two.url])
    gate.opens()
    two.signal(signal.SIGSTOP)
    answer = gate.shuts("Prometheus replica1")
    assert answer["state"] == "blind" and answer["sources"]["prometheus"] == "", answer
    began = time.monotonic()
    one.fire("DiskFull")
    gate.shuts("DiskFull")
    assert time.monotonic() - began < 5
    one.fire()
    two.signal(signal.SIGCONT)
    gate.opens()


def scenario_10(bench: Bench) -> None:
    """Prometheus is killed, and Alertmanager says of everything that it is resolved."""
    alertmanager = Alertmanager(bench.folder, "a")
    prometheus = bench.start(Prometheus(bench.folder, "p", alertmanager.url))
    gate = bench.gate([prometheus.url])
    alertmanager.post_to(gate.port)
    bench.start(alertmanager)
    gate.opens()
    prometheus.fire("DiskFull")
    gate.shuts("DiskFull")
    gate.until("both were heard", lambda answer: answer["heard"] >= 2)
    prometheus.stop()
    gate.until("all is resolved", lambda answer: answer["resolved"] >= 2)
    gate.stays(2 * RESUME_AFTER_S, shut)
    gate.shuts("connection refused")


def scenario_23(bench: Bench) -> None:
    """A silenced alert: with honor_silences = no, yes, and yes while Alertmanager is away."""
    alertmanager = bench.start(Alertmanager(bench.folder, "a"))
    prometheus = bench.start(Prometheus(bench.folder, "p", alertmanager.url))
    alertmanager.silence("DiskFull")
    with ExitStack() as stack:
        gate = Bench(bench.program, stack).gate([prometheus.url], alertmanager.url)
        gate.opens()
        prometheus.fire("DiskFull")
        gate.shuts("DiskFull")
        prometheus.fire()
        gate.opens()
    gate = bench.gate([prometheus.url], alertmanager.url, disk="honor_silences = yes\n")
    gate.opens()
    # By the clock: after a reload Prometheus finds its Alertmanager only some seconds later.
    prometheus.evaluate({"DiskFull": f"vector(time()) > {time.time() + 7}"})
    # Not for a moment does it hold the run, although two sources have to be brought together.
    seen = gate.until("it is seen", lambda answer: shut(answer) or named(answer, "DiskFull"))
    note = named(seen, "DiskFull")[0]["note"]
    assert seen["go"] and note.startswith("silenced by ") and note.endswith(" (ana)"), seen
    gate.stays(1, lambda answer: answer["go"])
    alertmanager.stop()
    gate.shuts("DiskFull")


def scenario_24(bench: Bench) -> None:
    """An inhibited alert counts as held back where silences are honored."""
    alertmanager = bench.start(Alertmanager(bench.folder, "a"))
    prometheus = bench.start(Prometheus(bench.folder, "p", alertmanager.url))
    gate = bench.gate([prometheus.url], alertmanager.url, disk="honor_silences = yes\n")
    gate.opens()
    prometheus.fire("Outage", "DiskFull")
    answer = gate.until("it is inhibited", lambda answer: any(
        alert["note"] == "inhibited by Outage" for alert in named(answer, "DiskFull")))
    assert answer["go"] or any("quiet for" in one for one in answer["reasons"]), answer
    gate.opens()
    prometheus.fire("DiskFull")
    gate.shuts("DiskFull")


def scenario_31(bench: Bench) -> None:
    """A rule that fails freezes its alert, and that shows; a rule that is deleted ends it."""
    prometheus = bench.start(Prometheus(bench.folder, "p"))
    gate = bench.gate([prometheus.url], more=(
        '[rule sick]\nmatch = alertname="GateRuleUnhealthy", rule_name="Sick"\naction = pause\n'
        "resume_after = 1s\n"))
    gate.opens()
    sick = rule("Sick", 'label_replace(vector(1), "not-a-name", "x", "", "")')
    prometheus.evaluate({"DiskFull": OFF}, more=sick)
    gate.shuts("GateRuleUnhealthy")
    prometheus.fire("DiskFull")
    gate.shuts("DiskFull")
    prometheus.evaluate({})
    gate.opens()


def scenario_32(bench: Bench) -> None:
    """An external label is only in Alertmanager's copy: one alert, and the same verdict by both."""
    alertmanager = bench.start(Alertmanager(bench.folder, "a"))
    prometheus = bench.start(Prometheus(bench.folder, "p", alertmanager.url))
    gate = bench.gate([prometheus.url], alertmanager.url)
    gate.opens()
    prometheus.fire("DiskFull")
    gate.until("both know it", lambda _: "DiskFull" in (
        fetch(alertmanager.url + "/api/v2/alerts") or ""))
    gate.stays(0.5, lambda answer: len(named(answer, "DiskFull")) <= 1)
    labels = named(gate.shuts("DiskFull"), "DiskFull")[0]["labels"]
    assert 'cluster="prod-eu"' in labels, labels


def scenario_replicas(bench: Bench) -> None:
    """What one of two Prometheus sees holds; what all see clears; a quorum needs fewer."""
    one = bench.start(Prometheus(bench.folder, "p"))
    two = bench.start(Prometheus(bench.folder, "q"))
    gate = bench.gate([one.url, two.url])
    gate.opens()
    two.fire("DiskFull")
    gate.shuts("DiskFull")
    one.fire("DiskFull")
    gate.stays(0.5, lambda answer: len(named(answer, "DiskFull")) == 1)
    two.fire()
    gate.stays(1.5 * RESUME_AFTER_S, shut)
    one.fire()
    gate.opens()
    two.stop()
    answer = gate.shuts(f"Prometheus replica1 {two.url}: connection refused")
    assert answer["sources"]["prometheus"] == "", answer
    with ExitStack() as stack:
        fewer = Bench(bench.program, stack).gate([one.url, two.url], gate="quorum = 1\n")
        answer = fewer.opens()
        assert any("replica1" in note for note in answer["notes"]), answer


def scenario_rulers(bench: Bench) -> None:
    """An alert that only Alertmanager knows; and a rule that is about such alerts."""
    alertmanager = bench.start(Alertmanager(bench.folder, "a"))
    prometheus = bench.start(Prometheus(bench.folder, "p", alertmanager.url))
    gate = bench.gate([prometheus.url], alertmanager.url, more=(
        '[rule logs]\nmatch = alertname="LogFlood"\naction = pause\nsource = alertmanager\n'
        "resume_after = 1s\n"))
    gate.opens()
    alertmanager.post("LogFlood", service="shop")
    gate.shuts("LogFlood")
    alertmanager.post("LogFlood", ended=True, service="shop")
    gate.opens()
    alertmanager.stop()
    answer = gate.shuts("rules with source = alertmanager need it")
    assert answer["state"] == "blind", answer


def scenario_reload(bench: Bench) -> None:
    """A reload that changes the rules, and a restart without its data, are not bad news."""
    prometheus = Prometheus(bench.folder, "p")
    slow = ("  - name: slow\n    interval: 3s\n    rules:\n" +
            rule("Late", ON, "labels: {node: w1}"))
    with prometheus:
        gate = bench.gate([prometheus.url], more=(
            '[rule late]\nmatch = alertname="Late"\naction = notify\n'
            '[rule sick]\nmatch = alertname=~"Gate.*"\naction = pause\nresume_after = 1s\n'))
        gate.opens()
        prometheus.evaluate({"DiskFull": OFF, "New": OFF}, more=slow)
        gate.stays(5, lambda answer: answer["go"])
        assert named(gate.ask(), "Late"), gate.ask()
    for path in sorted((prometheus.home / "data").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    with prometheus:
        # The slow group's turn has not come, and ALERTS is empty: it still fires, for us.
        answer = gate.until("it is seen", lambda answer: answer["sources"]["prometheus"] == "")
        assert named(answer, "Late"), answer
        assert "Late" not in (fetch(
            prometheus.url + "/api/v1/query?query=ALERTS") or "Late") or named(gate.ask(), "Late")
        gate.opens()


def scenario_silences(bench: Bench) -> None:
    """The node at work is silenced by a lease, and a killed bot's silences are taken back."""
    alertmanager = bench.start(Alertmanager(bench.folder, "a"))
    prometheus = bench.start(Prometheus(bench.folder, "p", alertmanager.url))
    silences = ("silence_node = yes\nsilence_alerts = DiskFull, TargetDown\n"
                "silence_lease = 1m\n")
    gate = bench.gate([prometheus.url], f"{alertmanager.url}\n{silences}",
                      disk="honor_silences = yes\n")
    gate.opens()
    gate.ask("cover w1")
    made = alertmanager.silences()
    assert len(made) == 2, made
    for silence in made:
        matchers = {one["name"]: one for one in silence["matchers"]}
        assert set(matchers) == {"alertname", "node"}, silence
        assert all(one["isEqual"] and not one["isRegex"] for one in matchers.values()), silence
        assert matchers["node"]["value"] == "w1" and silence["createdBy"] == "lockkeeper", silence
        lasts = (datetime.fromisoformat(silence["endsAt"].replace("Z", "+00:00")) -
                 datetime.now(timezone.utc))
        assert timedelta(0) < lasts <= timedelta(minutes=1), silence
    # Alertmanager holds it back, and our own gate sees it all the same.
    prometheus.fire("DiskFull")
    gate.shuts("DiskFull")
    eventually("it is silenced", lambda: '"state":"suppressed"' in (
        fetch(alertmanager.url + "/api/v2/alerts") or ""))
    gate.stays(1, shut)
    os.kill(gate.probe.process.pid, signal.SIGKILL)
    gate.probe.process.wait()
    assert len(alertmanager.silences()) == 2
    with Gate(bench.program, bench.folder / "gate.ini") as next_life:
        assert next_life.ask("cover")["said"] == []
        assert alertmanager.silences() == []


def main() -> None:
    """Plays the scenario that the command line names."""
    program, name = sys.argv[1], sys.argv[2]
    need("prometheus")
    need("prometheus-alertmanager")
    scenario: Callable[[Bench], None] = globals()[f"scenario_{name}"]
    with ExitStack() as stack:
        scenario(Bench(program, stack))
    print(f"{name}: as promised. {scenario.__doc__}")


if __name__ == "__main__":
    main()
