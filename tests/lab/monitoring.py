# SPDX-License-Identifier: Apache-2.0
"""The real Prometheus, Alertmanager and Pushgateway, with alerts that fire when a test wishes.

`fire("KubeAPIDown", node="node1")` pushes a metric, Prometheus finds it within a second,
Alertmanager tells the bot; `resolve` deletes the metric. All three run on loopback inside the
lab's network, with folders of their own, and each can be stopped and started again on the same
port.
"""

from __future__ import annotations

import hashlib
import json
import urllib.parse
from pathlib import Path

from network import BridgeNetwork, LoopbackNetwork, free_port
from processes import LabError, Process, await_or_fail, recorded, spawn
from web import answers, call, expect

SERVERS = ("pushgateway", "alertmanager", "prometheus")
START_LIMIT_S = 20.0
CYCLE_LIMIT_S = 20.0  # from a push to the alert, measured: 1-2 s, the first 3 s

# Labels that a name brings along unless the caller says otherwise.
KNOWN_ALERTS: dict[str, dict[str, str]] = {
    "KubeAPIDown": {"severity": "critical"},
    "KubeNodeNotReady": {"severity": "warning"},
    "NodeFilesystemAlmostFull": {"severity": "warning"},
    "RecentNodeReboot": {"severity": "info"},
    "RebootRequired": {"severity": "info"},
    "ClusterPodReadyRatioDropped": {"severity": "critical"},
    "TargetDown": {"severity": "warning"},
}

_PROMETHEUS = """\
global:
  scrape_interval: 1s
  evaluation_interval: 1s
  external_labels: {{cluster: lab}}
rule_files: [{directory}/watchdog.yml, {directory}/alerts.yml, {directory}/extra-*.yml]
alerting:
  alertmanagers:
  - static_configs: [{{targets: ['{alertmanager}']}}]
scrape_configs:
- job_name: pushgateway
  honor_labels: true
  static_configs: [{{targets: ['{pushgateway}']}}]
- job_name: lockkeeper
  static_configs: [{{targets: ['{bot}']}}]
"""
_ALERTMANAGER = """\
route:
  receiver: lockkeeper
  group_by: ['...']
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1m
receivers:
- name: lockkeeper
  webhook_configs:
  - url: http://{bot}/api/v1/alerts
    send_resolved: true
    http_config:
      authorization: {{type: Bearer, credentials_file: {token_file}}}
"""
_WATCHDOG = """\
groups:
- name: watchdog
  rules:
  - alert: Watchdog
    expr: vector(1)
    labels: {severity: none}
"""
_RULE = """\
  - alert: {name}
    expr: max without (job, instance, push_id, wanted) (lab_alert{{wanted="{name}"}}) > 0
    annotations: {{summary: 'the lab wants {name}'}}
"""


class Monitoring:
    def __init__(self, directory: Path, logs: Path, network: BridgeNetwork | LoopbackNetwork,
                 bot: str, token_file: Path) -> None:
        self.directory = directory
        self.logs = logs
        self.network = network
        self.bot = bot
        self.token_file = token_file
        self.ports: dict[str, int] = {}
        found = {name: recorded(logs / f"{name}.log") for name in SERVERS}
        self.processes: dict[str, Process] = {name: p for name, p in found.items() if p}

    def start(self) -> None:
        """Returns once all three are ready and the Watchdog fires."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with self.network.entered():
            for name in SERVERS:
                self.ports.setdefault(name, free_port("127.0.0.1"))
        self._write_configuration()
        for name in SERVERS:
            self.start_server(name, wait=False)
        for name in SERVERS:
            self._await_ready(name)
        self.await_firing("Watchdog")

    def start_server(self, name: str, wait: bool = True) -> None:
        if name in self.processes and self.processes[name].is_running():
            return
        with self.network.entered():
            self.processes[name] = spawn(name, self._command(name), self.logs / f"{name}.log",
                                         cwd=self.directory)
        if wait:
            self._await_ready(name)

    def stop_server(self, name: str) -> None:
        if name in self.processes:
            self.processes.pop(name).stop()

    def kill_server(self, name: str) -> None:
        if name in self.processes:
            self.processes.pop(name).kill()

    def stop(self) -> None:
        for name in list(self.processes):
            self.stop_server(name)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def fire(self, name: str, **labels: str) -> None:
        """Returns once the metric is pushed; `await_firing` waits for the alert itself."""
        self.declare(name)
        labels = {**KNOWN_ALERTS.get(name, {}), **labels}
        body = ",".join(f"{key}={json.dumps(value)}" for key, value in labels.items())
        sample = f'# TYPE lab_alert gauge\nlab_alert{{wanted="{name}",{body}}} 1\n'
        with self.network.entered():
            answer = call("PUT", self._group(name, labels), sample, {"Content-Type": "text/plain"})
        expect(200, answer, f"pushing {name}")

    def resolve(self, name: str, **labels: str) -> None:
        """Deletes what was pushed under this name: all of it, or only what has these labels."""
        with self.network.entered():
            groups = expect(200, call("GET", self.url("pushgateway") + "/api/v1/metrics"),
                            "listing pushed metrics").json()["data"]
            for group in groups:
                for metric in group.get("lab_alert", {}).get("metrics", []):
                    found = metric["labels"]
                    if found.get("wanted") == name and labels.items() <= found.items():
                        call("DELETE", f"{self.url('pushgateway')}/metrics/job/lab/push_id/"
                                       f"{found['push_id']}")

    def declare(self, name: str) -> None:
        """Gives Prometheus a rule for a name that it has none for yet."""
        if f"- alert: {name}\n" in (self.directory / "alerts.yml").read_text():
            return
        self._write_rules([*self._declared(), name])
        with self.network.entered():
            expect(200, call("POST", self.url("prometheus") + "/-/reload"), "reloading Prometheus")

    def add_rules(self, name: str, text: str) -> None:
        """A rule file of the caller's, `extra-NAME.yml`; a broken one breaks on purpose."""
        (self.directory / f"extra-{name}.yml").write_text(text)
        with self.network.entered():
            expect(200, call("POST", self.url("prometheus") + "/-/reload"), "reloading Prometheus")

    def firing(self) -> list[dict[str, str]]:
        """The labels of every alert that Prometheus says fires."""
        query = urllib.parse.urlencode({"query": 'ALERTS{alertstate="firing"}'})
        with self.network.entered():
            answer = call("GET", f"{self.url('prometheus')}/api/v1/query?{query}")
        if answer.status != 200:
            return []
        return [series["metric"] for series in answer.json()["data"]["result"]]

    def await_firing(self, name: str, limit_s: float = CYCLE_LIMIT_S) -> None:
        await_or_fail(lambda: self._fires(name), limit_s, f"{name} fires")

    def await_resolved(self, name: str, limit_s: float = CYCLE_LIMIT_S) -> None:
        await_or_fail(lambda: not self._fires(name), limit_s, f"{name} no longer fires")

    def to_json(self) -> dict[str, object]:
        return {"ports": self.ports, "urls": {name: self.url(name) for name in self.ports}}

    def restore(self, data: dict) -> None:
        """Finds the servers again that an earlier program started."""
        self.ports = dict(data["ports"])

    def _fires(self, name: str) -> bool:
        return any(labels.get("alertname") == name for labels in self.firing())

    def _group(self, name: str, labels: dict[str, str]) -> str:
        identity = json.dumps([name, sorted(labels.items())])
        push_id = hashlib.sha256(identity.encode()).hexdigest()[:16]
        return f"{self.url('pushgateway')}/metrics/job/lab/push_id/{push_id}"

    def _await_ready(self, name: str) -> None:
        def ready() -> bool:
            if not self.processes[name].is_running():
                raise LabError(f"{name} ended, see {self.logs}/{name}.log")
            with self.network.entered():
                return answers(self.url(name) + "/-/ready")

        await_or_fail(ready, START_LIMIT_S, f"{name} is ready")

    def _declared(self) -> list[str]:
        lines = (self.directory / "alerts.yml").read_text().splitlines()
        return [line.partition("- alert: ")[2] for line in lines if "- alert: " in line]

    def _write_rules(self, names: list[str]) -> None:
        rules = "".join(_RULE.format(name=name) for name in names)
        (self.directory / "alerts.yml").write_text(f"groups:\n- name: lab\n  rules:\n{rules}")

    def _write_configuration(self) -> None:
        address = {name: f"127.0.0.1:{self.ports[name]}" for name in SERVERS}
        (self.directory / "prometheus.yml").write_text(_PROMETHEUS.format(
            directory=self.directory, bot=self.bot, **address))
        (self.directory / "alertmanager.yml").write_text(_ALERTMANAGER.format(
            bot=self.bot, token_file=self.token_file))
        (self.directory / "watchdog.yml").write_text(_WATCHDOG)
        self._write_rules(list(KNOWN_ALERTS))

    def _command(self, name: str) -> list[str]:
        listen = f"--web.listen-address=127.0.0.1:{self.ports[name]}"
        data = self.directory / f"{name}-data"
        if name == "pushgateway":
            return ["prometheus-pushgateway", listen, "--persistence.file="]
        if name == "alertmanager":
            return ["prometheus-alertmanager", listen, f"--storage.path={data}",
                    f"--config.file={self.directory}/alertmanager.yml",
                    "--cluster.listen-address="]  # empty: no gossip, no port on other interfaces
        return ["prometheus", listen, f"--storage.tsdb.path={data}",
                f"--config.file={self.directory}/prometheus.yml", "--web.enable-lifecycle",
                "--rules.alert.resend-delay=1s", "--storage.tsdb.retention.time=1d",
                "--log.level=warn"]
