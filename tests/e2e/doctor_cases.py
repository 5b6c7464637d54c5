# SPDX-License-Identifier: Apache-2.0
"""`lockkeeper doctor` on a lab with one thing broken at a time: it names that thing, with what
mends it, and calls nothing else broken.
"""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import E2eCase
from bot import until
from node_files import Layout
from slack_workspace import OPS, SlackWorkspace
from web import call, expect

_FINE, _BROKEN, _MISUSED = 0, 1, 2
_SECONDS = 240  # of patience; a doctor that hangs would take less
# Read-only for this process alone.
_READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'
_DATE = """#!/bin/sh
exec /usr/bin/date.real -d '+2 minutes' "$@"
"""
Trouble = tuple[str, str, str, str]  # area, health, what, fix


class DoctorCase(E2eCase):
    layout = Layout(nodes=2)

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.slack = cls.enterClassContext(SlackWorkspace(cls.folder / "slack"))
        urls = cls.lab.monitoring.to_json()["urls"]
        cls.webhook_token = cls.secret("webhook", cls.lab.webhook_token_file.read_text().strip())
        cls.kubeconfig = cls.secret("kubeconfig", cls.lab.kubeconfig.read_text())
        cls.bot.configure({
            "kubernetes.kubeconfig": str(cls.kubeconfig),
            "alertmanager.url": urls["alertmanager"],
            "http.webhook_token_file": str(cls.webhook_token),
            "detection.keyring": str(cls.lab.packages.repository.keyring),
            "slack.app_token_file": str(cls.secret("app", cls.slack.app_token)),
            "slack.bot_token_file": str(cls.secret("bot", cls.slack.bot_token)),
            "slack.channel": OPS, "slack.api_url": cls.slack.api_url.rstrip("/"),
            "slack.ca_file": str(cls.slack.ca)})
        cls.bot.start()
        # So that the daemon has had a webhook, and one that is refused is not all that it knows.
        first = cls.bot.cli("doctor", "--only", "alertmanager", "--send-test-alert", "-c",
                            cls.bot.config, timeout=_SECONDS)
        assert first.returncode == _FINE, first.stdout

    @classmethod
    def secret(cls, name: str, text: str) -> Path:
        file = cls.folder / f"{name}.secret"
        file.touch(mode=0o600)
        file.write_text(text + "\n")
        return file

    @contextmanager
    def text_of(self, file: Path, text: str) -> Iterator[None]:
        before = file.read_text()
        file.write_text(text)
        try:
            yield
        finally:
            file.write_text(before)

    # --- what the doctor says -------------------------------------------------------------------

    def examine(self, *words: str, before: list[str] | None = None) -> tuple[int, Any]:
        done = self.lab.run([*(before or []), self.bot.binary, "doctor", "--json", "-c",
                             self.bot.config, *words], check=False, timeout_s=_SECONDS)
        self.assertEqual("", done.stderr)
        for secret in self.folder.glob("*.secret"):
            for line in secret.read_text().split():
                if len(line) > 16 and "://" not in line and secret.stem != "kubeconfig":
                    self.assertNotIn(line, done.stdout)
        return done.returncode, json.loads(done.stdout)

    def troubles(self, report: Any) -> list[Trouble]:
        return [(area["area"], check["health"], check["what"], check["fix"])
                for area in report["areas"] for check in area["checks"]
                if check["health"] in ("warning", "broken")]

    def assert_named(self, area: str, what: str, fix: str, *words: str, health: str = "broken",
                     before: list[str] | None = None) -> Any:
        """This one thing, and nothing else."""
        code, report = self.examine(*words, before=before)
        found = self.troubles(report)
        self.assertEqual([(area, health)], [trouble[:2] for trouble in found], found)
        self.assertIn(what, found[0][2])
        self.assertIn(fix, found[0][3])
        self.assertEqual(_BROKEN if health == "broken" else _FINE, code)
        return report

    def assert_fine(self, *words: str) -> Any:
        code, report = self.examine(*words)
        self.assertEqual([], self.troubles(report))
        self.assertEqual((_FINE, True), (code, report["ok"]))
        return report

    def said(self, report: Any, area: str) -> str:
        return "\n".join(check["what"] for one in report["areas"] if one["area"] == area
                         for check in one["checks"])


class Everything(DoctorCase):
    def test_nothing_is_wrong_and_nothing_is_changed(self) -> None:
        mark = self.mark()
        report = self.assert_fine()
        self.assertEqual([], [entry for entry in self.writes(mark)
                              if "selfsubject" not in entry["path"]])
        self.assertFalse((self.bot.folder / "known_hosts").exists(), "a host key was pinned")
        said = self.said(report, "kubernetes")
        self.assertIn("we are lockkeeper", said)
        self.assertIn("the API server's certificate ends in", said)
        self.assertIn("needed, and no more", said)
        self.assertIn("2 nodes: SSH", self.said(report, "nodes"))
        self.assertIn("the Watchdog fires", self.said(report, "prometheus"))
        self.assertIn(f"channel {OPS}: the bot is in it", self.said(report, "slack"))
        self.assertIn("journal.db is there", self.said(report, "journal"))

    def test_words(self) -> None:
        done = self.bot.cli("doctor", "--only", "slak", "-c", self.bot.config)
        self.assertEqual(_MISUSED, done.returncode)
        self.assertIn("unknown area 'slak' (did you mean \"slack\"?)", done.stderr)
        done = self.bot.cli("doctor", "--only", "compat,pushgateway", "-c", self.bot.config)
        self.assertEqual(_FINE, done.returncode, done.stdout)
        self.assertRegex(done.stdout, r"^pushgateway\n  ok +http://\S+ is ready\ncompat\n  ok ")
        self.assertIn("2 ok, 0 not checked, 0 warnings, 0 broken", done.stdout)

    def test_the_test_alert_arrives(self) -> None:
        report = self.assert_fine("--only", "alertmanager", "--send-test-alert")
        self.assertRegex(self.said(report, "alertmanager"),
                         r"the test alert \S+ reached the daemon after \d")
        text = json.dumps(self.bot.command("alerts"))
        self.assertNotIn("1 blocking", text)

    # --- Kubernetes -----------------------------------------------------------------------------

    def test_a_token_that_the_api_server_refuses(self) -> None:
        text = self.kubeconfig.read_text()
        token = next(line.split()[-1] for line in text.splitlines() if "token:" in line)
        with self.text_of(self.kubeconfig, text.replace(token, "x" * 20)):
            self.assert_named("kubernetes", "401", "kubeconfig")

    def test_a_verb_that_is_missing(self) -> None:
        grants = self.lab.api.grants()
        fewer = [rule for rule in grants if rule["resources"] != ["pods/eviction"]]
        self.lab.api.replace_grants(fewer)
        self.addCleanup(self.lab.api.replace_grants, grants)
        self.assert_named("kubernetes", 'the role lacks "create pods/eviction"',
                          'apiGroups: [""], resources: [pods/eviction], verbs: [create]')

    def test_a_verb_too_many(self) -> None:
        grants = self.lab.api.grants()
        self.addCleanup(self.lab.api.replace_grants, grants)
        more = {"user": "lockkeeper", "verbs": ["delete"], "resources": ["pods"]}
        self.lab.api.replace_grants([*grants, more])
        self.assert_named("kubernetes", 'the role is too wide: "delete pods" is never used',
                          "verbs: [delete]", health="warning")

    def test_the_backup(self) -> None:
        path = "/apis/batch/v1/namespaces/default/cronjobs/backup-etcd"
        cronjob = self.lab.api.get(path)
        self.addCleanup(self.lab.api.control, "POST", "object", cronjob)
        self.lab.api.control("POST", "object", cronjob | {"spec": cronjob["spec"] | {
            "suspend": True}})
        self.assert_named("kubernetes", "CronJob default/backup-etcd is suspended",
                          "kubectl -n default patch cronjob backup-etcd", "--only", "kubernetes")
        self.lab.api.control("DELETE", "object", cronjob)
        self.assert_named("kubernetes", "CronJob default/backup-etcd does not exist",
                          "[snapshot] cronjob")

    # --- nodes ----------------------------------------------------------------------------------

    def test_a_node_without_sshd(self) -> None:
        node = self.lab.nodes["node1"]
        node.kill()
        try:
            self.assert_named("nodes", "node1: ", "start sshd there")
        finally:
            node.start()
            node.await_login()

    def test_sudo_is_refused(self) -> None:
        node = self.lab.nodes["node1"]
        node.refuse_sudo(True)
        self.addCleanup(node.refuse_sudo, False)
        self.assert_named("nodes", "node1: sudo refuses user ops", "/etc/sudoers.d/lockkeeper")

    def test_a_host_key_that_has_changed(self) -> None:
        node = self.lab.nodes["node1"]
        other = self.folder / "other_key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
        kind, key = other.with_suffix(".pub").read_text().split()[:2]
        known = self.bot.folder / "known_hosts"
        known.write_text(f"[{node.spec.address}]:{node.spec.ssh_port} {kind} {key}\n")
        self.addCleanup(known.unlink)
        self.assert_named("nodes", "has changed", "lockkeeper ssh forget")

    def test_a_clock_that_is_wrong(self) -> None:
        node = self.lab.nodes["node1"]
        put = (f"mv /usr/bin/date /usr/bin/date.real && cat >/usr/bin/date <<'E'\n{_DATE}E\n"
               "chmod 755 /usr/bin/date")
        self.assertEqual(0, node.inside(put).returncode)
        self.addCleanup(node.inside, "mv /usr/bin/date.real /usr/bin/date")
        report = self.assert_named("nodes", "node1: its clock is ", "timesyncd")
        self.assertRegex(self.said(report, "nodes"),
                         r"clock is (1m5\ds|2m\d*s?) ahead of this host")

    # --- those who tell of alerts ---------------------------------------------------------------

    def test_prometheus_is_gone(self) -> None:
        self.lab.monitoring.stop_server("prometheus")
        try:
            self.assert_named("prometheus", "connection refused", "[prometheus] url")
        finally:
            self.lab.monitoring.start_server("prometheus")
            self.lab.monitoring.await_firing("Watchdog")

    def test_the_watchdog_is_missing(self) -> None:
        monitoring = self.lab.monitoring
        monitoring.fire("RebootRequired", node="node1")
        monitoring.await_firing("RebootRequired")
        watchdog = monitoring.directory / "watchdog.yml"
        with self.text_of(watchdog, "groups: []\n"):
            self.reload("prometheus")
            monitoring.await_resolved("Watchdog")
            self.assert_named("prometheus", 'the Watchdog {alertname="Watchdog"} does not fire',
                              "expr: vector(1)")
        self.reload("prometheus")
        monitoring.await_firing("Watchdog")
        monitoring.resolve("RebootRequired")

    def test_a_rule_that_fails(self) -> None:
        monitoring = self.lab.monitoring
        monitoring.add_rules("sick", "groups:\n- name: sick\n  rules:\n  - alert: Sick\n"
                             "    expr: label_replace(vector(1), 'a b', '$1', 'x', '.*')\n")
        try:
            until(60, lambda: "Sick (group sick)" in self.said(
                self.examine("--only", "prometheus")[1], "prometheus"), "the rule fails")
            self.assert_named("prometheus", "1 rule cannot be evaluated: Sick (group sick)",
                              "promtool")
        finally:
            (monitoring.directory / "extra-sick.yml").unlink()
            self.reload("prometheus")

    def test_alertmanagers_route_leads_elsewhere(self) -> None:
        file = self.lab.monitoring.directory / "alertmanager.yml"
        port = self.bot.url.rsplit(":", 1)[1]
        elsewhere = file.read_text().replace(f":{port}/api", ":9/api")
        with self.text_of(file, elsewhere):
            self.reload("alertmanager")
            self.assert_named("alertmanager", "posts to http://127.0.0.1:9, where we do not listen",
                              f"url: {self.bot.url}/api/v1/alerts")
        nobody = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
        with self.text_of(file, nobody):
            self.reload("alertmanager")
            self.assert_named("alertmanager", "no receiver posts to /api/v1/alerts",
                              "webhook_configs", "--only", "alertmanager")
        self.reload("alertmanager")

    def test_a_wrong_token_in_alertmanagers_receiver(self) -> None:
        with self.text_of(self.webhook_token, "another-token\n"):
            self.assert_named("alertmanager", "did not arrive: the daemon refused webhooks with "
                              "401", "webhook_token_file", "--send-test-alert")

    def test_pushgateway_is_gone(self) -> None:
        self.lab.monitoring.stop_server("pushgateway")
        try:
            self.assert_named("pushgateway", "connection refused", "[pushgateway] url")
        finally:
            self.lab.monitoring.start_server("pushgateway")

    def reload(self, server: str) -> None:
        with self.lab.network.entered():
            expect(200, call("POST", self.lab.monitoring.url(server) + "/-/reload"), "reloading")

    # --- Slack ----------------------------------------------------------------------------------

    def test_slack(self) -> None:
        scopes = "commands chat:write files:write users:read channels:history groups:history"
        before = scopes.split() + ["usergroups:read"]
        try:
            self.slack.tell("token", kind="bot", scopes=scopes.split())
            self.assert_named("slack", "lacks the scope usergroups:read", "add the bot scope "
                              "usergroups:read")
            self.slack.tell("token", kind="bot", scopes=before, error="token_revoked")
            self.assert_named("slack", "the bot token is refused: token_revoked", "xoxb-",
                              "--only", "slack")
            self.slack.tell("token", kind="bot", error="")
            self.slack.tell("token", kind="app", error="invalid_auth")
            self.assert_named("slack", "the app-level token is refused: invalid_auth", "xapp-",
                              "--only", "slack")
        finally:
            self.slack.tell("token", kind="app", error="")
            self.slack.tell("token", kind="bot", error="", scopes=before)
        self.slack.tell("channel", id=OPS, members=[])
        try:
            self.assert_named("slack", f"channel {OPS}: the bot is not in it", "/invite @",
                              "--only", "slack")
        finally:
            self.slack.tell("channel", id=OPS, members=["U0BOT"])

    # --- the bot itself -------------------------------------------------------------------------

    def test_the_journals_folder_is_read_only(self) -> None:
        enter = ["unshare", *([] if os.getuid() == 0 else ["--user", "--map-root-user"]),
                 "--mount", "sh", "-c", _READ_ONLY, "sh", str(self.bot.folder)]
        self.assert_named("journal", "is not writable", "install -d", before=enter)

    def test_a_key_that_others_may_read(self) -> None:
        self.lab.ssh_key.chmod(0o604)
        try:
            self.assert_named("configuration", "everybody may read it; chmod 600 it",
                              "lockkeeper check")
        finally:
            self.lab.ssh_key.chmod(0o600)

    def test_no_daemon_and_somebody_else_in_its_place(self) -> None:
        self.bot.stop()
        try:
            report = self.assert_fine("--only", "daemon,alertmanager")
            self.assertIn("no daemon answers at", self.said(report, "daemon"))
            port = int(self.bot.url.rsplit(":", 1)[1])
            with self.lab.network.entered(), http.server.HTTPServer(
                    ("127.0.0.1", port), _Stranger) as stranger:
                thread = threading.Thread(target=stranger.serve_forever)
                thread.start()
                self.assert_named("daemon", "somebody else answers", "[http] port")
                stranger.shutdown()
                thread.join()
        finally:
            self.bot.start()

    def test_the_daemon_goes_by_another_configuration(self) -> None:
        self.bot.configure({"upgrade.soak": "3s"})
        try:
            self.assert_named("daemon", "goes by another configuration", "restart",
                              health="warning")
        finally:
            self.bot.configure({"upgrade.soak": "2s"})

    def test_feeds_whose_key_has_expired(self) -> None:
        packages, master = self.lab.packages, self.lab.nodes["master1"]
        packages.expire_key(master)
        try:
            self.assert_named("detection", "apt on master1: ", "apt-get update")
        finally:
            packages.renew_key(master)
        keyring = packages.repository.keyring
        self.bot.configure({"detection.keyring": str(packages.repository.expired_keyring)})
        try:
            self.assert_named("detection", "repository v1.35: InRelease: ",
                              "[detection] repository, keyring", "--only", "detection")
        finally:
            self.bot.configure({"detection.keyring": str(keyring)})


class _Stranger(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""
