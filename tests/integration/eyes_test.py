# SPDX-License-Identifier: Apache-2.0
"""The bot's eyes and ears against real peers: eyes_test.py PROBE prometheus|alertmanager|..."""

import json
import signal
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from peers import Peer, Probe, eventually, fetch, need

RULES = """
groups:
  - name: gate
    interval: 200ms
    rules:
      - {alert: Watchdog, expr: vector(1), labels: {severity: none}}
      - {alert: KubeAPIDown, expr: vector(1) > 0, labels: {severity: critical, node: wörker-3}}
      - {alert: Slow, expr: vector(1), for: 1h}
"""
SICK_RULES = RULES + """
      - {alert: Sick, expr: 'label_replace(vector(1), "not-a-name", "x", "", "")'}
"""
NO_WATCHDOG = RULES.replace("Watchdog", "Bark")
NO_RULES = "groups: []\n"


def names(sighting: dict[str, Any]) -> set[str]:
    """The names of the alerts that fire."""
    return {alert["alertname"] for alert in sighting["firing"]}


def test_prometheus(probe: str, folder: Path) -> None:
    """One server through its life: firing, sick rules, no Watchdog, empty, hanging, killed."""
    rules = folder / "rules.yml"
    rules.write_text(RULES)
    config = "global: {evaluation_interval: 200ms}\nrule_files: [rules.yml]\n"
    (folder / "prometheus.yml").write_text(config)
    command = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
               "--web.listen-address=127.0.0.1:PORT"]
    with Peer(folder, command) as server, Probe(probe, "look", server.url, "700") as eyes:
        def see(what: str, wanted: Any) -> dict[str, Any]:
            def look() -> dict[str, Any] | None:
                sighting = eyes.ask()
                return sighting if wanted(sighting) else None
            seen: dict[str, Any] = eventually(what, look)
            return seen

        def reload(text: str) -> None:
            rules.write_text(text)
            server.signal(signal.SIGHUP)

        seen = see("alerts fire", lambda s: s["good"] and names(s) == {"Watchdog", "KubeAPIDown"})
        assert seen["watchdog"] and seen["why_not"] == "", seen
        assert {"alertname": "KubeAPIDown", "severity": "critical", "node": "wörker-3"} in \
            seen["firing"], seen
        # Pending is not firing, although ALERTS has it.
        pending = fetch(server.url + '/api/v1/query?query=ALERTS%7Balertstate=%22pending%22%7D')
        assert pending and "Slow" in pending, pending

        reload(SICK_RULES)
        seen = see("a sick rule shows", lambda s: "GateRuleUnhealthy" in names(s))
        assert {"alertname": "GateRuleUnhealthy", "rule_name": "Sick", "group": "gate"} in \
            seen["firing"], seen

        reload(NO_WATCHDOG)
        seen = see("the Watchdog is gone", lambda s: s["good"] and not s["watchdog"])
        assert "Bark" in names(see("the new rule fires", lambda s: "Bark" in names(s)))

        reload(NO_RULES)
        seen = see("nothing fires", lambda s: s["good"] and not s["firing"])
        assert not seen["watchdog"], seen

        server.signal(signal.SIGSTOP)
        seen = see("a hanging server", lambda s: not s["good"])
        assert "in time" in seen["why_not"] or "within 700ms" in seen["why_not"], seen
        server.signal(signal.SIGCONT)
        see("it goes on", lambda s: s["good"])

        server.stop()
        seen = see("a killed server", lambda s: not s["good"])
        assert seen["why_not"] == f"Prometheus {server.url}: connection refused", seen
        assert seen["firing"] == [] and not seen["watchdog"], seen


def test_history(probe: str, folder: Path) -> None:
    """What a server said before its last start is believed only where all of it was watched."""
    now = datetime.now(timezone.utc)
    use = 'apiserver_requested_deprecated_apis{{{0},group="batch",version="v1beta1",' \
          'resource="cronjobs",removed_release="1.25"}} 1 {1:.0f}'
    whole, short, gaps, other = ('job="apiserver",instance="192.0.2.%d:6443"' % n
                                 for n in (1, 2, 3, 10))
    lines = {"up": ["# TYPE up gauge"],
             "use": ["# TYPE apiserver_requested_deprecated_apis gauge"]}
    for minute in range(26 * 60, -1, -1):
        at = (now - timedelta(minutes=minute)).timestamp()
        up = {whole: minute not in range(300, 310), short: minute < 23 * 60,
              gaps: minute % 60 > 9, other: True}
        lines["up"] += [f"up{{{labels}}} {int(good)} {at:.0f}" for labels, good in up.items()
                        if good or labels != short]
        # As the server said it before its last start.
        if minute in (20 * 60, 10 * 60):
            lines["use"] += [use.format(labels, at) for labels in (whole, short, gaps)]
    # The samples of one family stand together, those of one series in the order of time.
    text = [line for family in lines.values()
            for line in [family[0], *sorted(family[1:], key=lambda line: line.split("}")[0])]]
    (folder / "history.txt").write_text("\n".join([*text, "# EOF"]) + "\n")
    subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", "history.txt", "data"],
                   cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60)
    (folder / "prometheus.yml").write_text("global: {}\n")
    command = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
               "--storage.tsdb.retention.time=30d", "--web.listen-address=127.0.0.1:PORT"]
    with Peer(folder, command) as server, Probe(probe, "past", server.url, "86400") as eyes:
        found = ["batch/v1beta1/cronjobs 1.25"]
        assert eyes.ask("192.0.2.1") == {"failure": "", "uses": found}
        assert eyes.ask("192.0.2.2") == {
            "failure": "it has not watched the server for 1d", "uses": found}
        answer = eyes.ask("192.0.2.3")
        # A look more or less lies within the day, as its seconds fall.
        assert answer["failure"].startswith("it has seen the server in 83."), answer
        assert "has no apiserver_requested" in eyes.ask("192.0.2.10")["failure"]


def alert(starts: datetime, ends: datetime | None = None) -> list[dict[str, Any]]:
    """What Prometheus would post to an Alertmanager."""
    labels = {"alertname": "NodeDown", "node": 'wörker-4 "q"', "empty": ""}
    body: dict[str, Any] = {"labels": labels, "annotations": {"summary": "<b> & 90%\nline2"},
                            "startsAt": starts.isoformat()}
    if ends:
        body["endsAt"] = ends.isoformat()
    return [body]


def test_alertmanager(probe: str, folder: Path) -> None:
    """Two Alertmanagers that do not know of each other post to one site, with a token."""
    token = folder / "token"
    token.write_text("hunter2\n")
    token.chmod(0o600)
    with Probe(probe, "listen", str(token)) as ears:
        port = ears.read()["port"]
        config = {
            "route": {"receiver": "bot", "group_by": ["..."], "group_wait": "0s",
                      "group_interval": "1s", "repeat_interval": "1h"},
            "receivers": [{"name": "bot", "webhook_configs": [{
                "url": f"http://127.0.0.1:{port}/api/v1/alerts",
                "http_config": {"authorization": {"credentials": "hunter2"}}}]}],
        }
        (folder / "alertmanager.yml").write_text(json.dumps(config))

        def command(name: str) -> list[str]:
            return ["prometheus-alertmanager", "--config.file=alertmanager.yml",
                    f"--storage.path={name}", "--cluster.listen-address=",
                    "--web.listen-address=127.0.0.1:PORT"]

        with Peer(folder, command("one")) as one, Peer(folder, command("two")) as two:
            started = datetime.now(timezone.utc) - timedelta(seconds=5)
            assert fetch(one.url + "/api/v2/alerts", alert(started)) is not None
            news = ears.read()
            assert news["resolved"] == 0 and news["truncated"] == 0, news
            assert len(news["firing"]) == 1, news
            heard = news["firing"][0]
            assert heard["labels"] == {"alertname": "NodeDown", "node": 'wörker-4 "q"'}, heard
            assert heard["summary"] == "<b> & 90%\nline2", heard
            known = json.loads(fetch(one.url + "/api/v2/alerts") or "[]")
            assert heard["fingerprint"] == known[0]["fingerprint"], (heard, known)

            assert fetch(two.url + "/api/v2/alerts", alert(started)) is not None
            metrics = f"http://127.0.0.1:{port}/metrics"
            eventually("the second peer's copy is a repeat", lambda: (
                "\nlockkeeper_webhook_repeats_total 1\n" in (fetch(metrics) or "")))

            ended = datetime.now(timezone.utc)
            assert fetch(one.url + "/api/v2/alerts", alert(started, ended)) is not None
            # Had the copy been handed on, it would be here instead.
            news = ears.read()
            assert news == {"firing": [], "resolved": 1, "truncated": 0}, news
            text = fetch(metrics) or ""
            assert '\nlockkeeper_webhook_requests_total{code="200"} 3\n' in text, text


def test_pushgateway(probe: str, folder: Path) -> None:
    """Two pushes, of which the second replaces the first; then the gateway goes away."""
    command = ["prometheus-pushgateway", "--web.listen-address=127.0.0.1:PORT"]
    with Peer(folder, command) as gateway, Probe(probe, "push", gateway.url, "prod/eu") as pusher:
        assert pusher.ask("r-1") == {"ok": True, "why_not": ""}
        assert pusher.ask("r-2") == {"ok": True, "why_not": ""}
        text = fetch(gateway.url + "/metrics") or ""
        group = 'cluster="prod/eu",instance="",job="lockkeeper"'
        assert f"\nk8s_upgrade_in_flight{{{group}}} 1\n" in text, text
        assert f'\nlockkeeper_run_info{{{group},run="r-2",target=""}} 1\n' in text, text
        assert "r-1" not in text, text
        gateway.stop()
        lost = pusher.ask("r-3")
        assert not lost["ok"] and lost["why_not"].endswith("connection refused"), lost


def main() -> None:
    """Runs the test that the command line names."""
    probe, peer = sys.argv[1], sys.argv[2]
    test, program = {
        "prometheus": (test_prometheus, "prometheus"),
        "history": (test_history, "promtool"),
        "alertmanager": (test_alertmanager, "prometheus-alertmanager"),
        "pushgateway": (test_pushgateway, "prometheus-pushgateway"),
    }[peer]
    need(program)
    with tempfile.TemporaryDirectory(prefix="lockkeeper-eyes.") as folder:
        test(probe, Path(folder))
    print(f"{peer}: as promised")


if __name__ == "__main__":
    main()
