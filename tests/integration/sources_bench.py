# SPDX-License-Identifier: Apache-2.0
"""Real sources of alerts, and the gate on them, for sources_test.py."""

import json
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from peers import Peer, Probe, eventually, fetch

Answer = dict[str, Any]

# Silence for this long is quiet, in the configurations below.
RESUME_AFTER_S = 1.0
ON = "vector(1)"
OFF = "vector(0) > 1"


def rule(name: str, expr: str, more: str = "") -> str:
    """One alerting rule as a line of YAML."""
    return f"      - {{alert: {name}, expr: '{expr}'{', ' + more if more else ''}}}\n"


class Prometheus(Peer):
    """A real one that evaluates five times a second and tells `alertmanager`, if there is one."""

    def __init__(self, folder: Path, name: str, alertmanager: str = "") -> None:
        self.home = folder / name
        self.home.mkdir()
        targets = alertmanager.removeprefix("http://")
        config = {
            "global": {"evaluation_interval": "200ms", "external_labels": {"cluster": "prod-eu"}},
            "rule_files": ["rules.yml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [targets]}]}]}
            if targets else {},
        }
        (self.home / "prometheus.yml").write_text(json.dumps(config))
        self.write({"DiskFull": OFF})
        super().__init__(self.home, [
            "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
            "--rules.alert.resend-delay=200ms", "--web.listen-address=127.0.0.1:PORT"])

    def write(self, exprs: dict[str, str], watchdog: bool = True, more: str = "") -> None:
        """Writes the rules file."""
        rules = rule("Watchdog", ON) if watchdog else ""
        rules += "".join(rule(name, expr, "labels: {node: w1}") for name, expr in exprs.items())
        head = "groups:\n  - name: gate\n    interval: 200ms\n    rules:\n"
        text = head + rules + more if rules + more else "groups: []\n"
        (self.home / "rules.yml").write_text(text)

    def evaluate(self, exprs: dict[str, str], watchdog: bool = True, more: str = "") -> None:
        """From now on it evaluates these rules."""
        self.write(exprs, watchdog, more)
        self.signal(signal.SIGHUP)

    def fire(self, *names: str) -> None:
        """DiskFull exists always; these alerts fire, and no others."""
        self.evaluate({"DiskFull": OFF} | {name: ON for name in names})


class Alertmanager(Peer):
    """A real one that posts every alert at once, on its own, to `webhook`."""

    def __init__(self, folder: Path, name: str, webhook: int = 0) -> None:
        self.home = folder / name
        self.home.mkdir()
        self.post_to(webhook)
        super().__init__(self.home, [
            "prometheus-alertmanager", "--config.file=alertmanager.yml", "--storage.path=data",
            "--cluster.listen-address=", "--web.listen-address=127.0.0.1:PORT"])

    def post_to(self, webhook: int) -> None:
        """Writes its configuration, before it is started."""
        hooks = [{"url": f"http://127.0.0.1:{webhook}/api/v1/alerts"}] if webhook else []
        config = {
            "route": {"receiver": "bot", "group_by": ["..."], "group_wait": "0s",
                      "group_interval": "1s", "repeat_interval": "1h"},
            "receivers": [{"name": "bot", "webhook_configs": hooks}],
            "inhibit_rules": [{"source_matchers": ['alertname="Outage"'],
                               "target_matchers": ['alertname="DiskFull"']}],
        }
        (self.home / "alertmanager.yml").write_text(json.dumps(config))

    def post(self, name: str, ended: bool = False, **labels: str) -> None:
        """An alert as any ruler would post it; `ended`: that it is over."""
        now = datetime.now(timezone.utc)
        alert: dict[str, Any] = {"labels": {"alertname": name, **labels},
                                 "startsAt": (now - timedelta(seconds=9)).isoformat()}
        if ended:
            alert["endsAt"] = now.isoformat()
        assert fetch(self.url + "/api/v2/alerts", [alert]) is not None

    def silence(self, name: str, author: str = "ana") -> None:
        """Silences all alerts of that name for an hour."""
        now = datetime.now(timezone.utc)
        matcher = {"name": "alertname", "value": name, "isRegex": False, "isEqual": True}
        body = {"matchers": [matcher], "createdBy": author, "comment": "known",
                "startsAt": now.isoformat(), "endsAt": (now + timedelta(hours=1)).isoformat()}
        assert fetch(self.url + "/api/v2/silences", body) is not None

    def silences(self) -> list[dict[str, Any]]:
        """Those that are in force."""
        known = json.loads(fetch(self.url + "/api/v2/silences") or "[]")
        return [one for one in known if one["status"]["state"] != "expired"]


class Bench:
    """A folder for everything of one scenario, and the gate in it."""

    def __init__(self, program: str, stack: ExitStack) -> None:
        self.program = program
        self.stack = stack
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lockkeeper-")))

    def start(self, peer: Any) -> Any:
        """Enters the peer; it is stopped at the end."""
        return self.stack.enter_context(peer)

    def gate(self, prometheus: list[str], alertmanager: str = "", gate: str = "",
             disk: str = "", more: str = "") -> "Gate":
        """The gate on these sources; `gate`, `disk` and `more` are lines of its configuration."""
        sections = [f"[prometheus{f' replica{number}' if number else ''}]\nurl = {url}\n"
                    "timeout = 500ms\n" for number, url in enumerate(prometheus)]
        if alertmanager:
            sections.append(f"[alertmanager]\nurl = {alertmanager}\ntimeout = 1s\n")
        (self.folder / "gate.ini").write_text(
            "[ssh]\nuser = u\nkey_file = k\n" + "".join(sections) +
            "[gate]\ndefault_action = notify\npoll_interval = 100ms\nblind_after = 1s\n"
            "confirm_within = 2s\nresume_after = 1s\nrule_health_every = 2\n"
            'external_labels = cluster="prod-eu"\n' + gate +
            '[rule disk]\nmatch = alertname="DiskFull", cluster="prod-eu"\naction = pause\n'
            f"resume_after = 1s\n{disk}{more}")
        return self.start(Gate(self.program, self.folder / "gate.ini"))


class Gate(AbstractContextManager["Gate"]):
    """What the bot would say, asked again and again."""

    def __init__(self, program: str, config: Path) -> None:
        self.probe = Probe(program, str(config))

    def __enter__(self) -> Self:
        self.probe.__enter__()
        self.port = self.probe.read()["port"]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.probe.__exit__(kind, error, trace)

    def ask(self, line: str = "ask") -> Answer:
        """What it says now."""
        return self.probe.ask(line)

    def until(self, what: str, wanted: Callable[[Answer], Any]) -> Answer:
        """Asks until it says what is wanted."""
        last: Answer = {}

        def look() -> Answer | None:
            nonlocal last
            last = self.ask()
            return last if wanted(last) else None

        try:
            answer: Answer = eventually(what, look)
            return answer
        except AssertionError as error:
            raise AssertionError(f"{error}; at last {json.dumps(last)}") from None

    def opens(self) -> Answer:
        """Waits until a step may be taken."""
        return self.until("the gate opens", lambda answer: answer["go"])

    def shuts(self, reason: str) -> Answer:
        """Waits until no step may be taken, with that in the reasons."""
        return self.until(f"the gate shuts: {reason}", lambda answer: (
            not answer["go"] and any(reason in one for one in answer["reasons"])))

    def stays(self, seconds: float, wanted: Callable[[Answer], Any]) -> None:
        """Asks for so long; it must always say that."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = self.ask()
            assert wanted(answer), answer
            time.sleep(0.05)


def shut(answer: Answer) -> bool:
    """Whether no step may be taken."""
    return not answer["go"]


def named(answer: Answer, name: str) -> list[dict[str, Any]]:
    """The alerts of that name that the gate knows."""
    return [alert for alert in answer["alerts"] if alert["alertname"] == name]
