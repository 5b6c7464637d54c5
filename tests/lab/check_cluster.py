# SPDX-License-Identifier: Apache-2.0
"""What the lab as a whole must do: kubeadm's words and deeds, alerts on their way to the bot, holds
as they are spread over the nodes.
"""

from __future__ import annotations

import http.server
import json
import threading
import unittest

from lab import Lab
from processes import LabError, await_or_fail

_APPLY = "sudo kubeadm upgrade apply v1.34.7"
_GET_KUBEADM = "sudo apt-get install -y -qq --allow-change-held-packages kubeadm=1.34.7-1.1"


class ClusterChecks(unittest.TestCase):
    """Mixed into one test case per kind of node; `lab` is up, with master1, node1 and node2."""

    lab: Lab

    def run_on(self, name: str, command: str, status: int = 0) -> str:
        with self.lab.network.entered():
            done = self.lab.nodes[name].ssh(command, check=False, timeout_s=90)
        self.assertEqual(status, done.returncode, f"{command}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def test_holds_differ_from_node_to_node(self) -> None:
        held = self.lab.held_packages()
        self.assertEqual(["containerd.io", "kubeadm", "kubectl", "kubelet"], held["master1"])
        self.assertEqual(["kubeadm", "kubectl", "kubelet"], held["node1"])
        self.assertEqual(["kubeadm", "kubelet"], held["node2"])

    def test_the_past_of_the_nodes_is_quiet(self) -> None:
        for name in ("master1", "node2"):  # nobody disturbs these two
            node = self.lab.api.node(name)
            moved = {c["type"]: c["lastTransitionTime"] for c in node["status"]["conditions"]}
            self.assertEqual(1, len(set(moved.values())), f"{name}: {moved}")

    def test_a_worker_upgrade_is_noted_once(self) -> None:
        self.run_on("node2", "sudo kubeadm upgrade node")
        self.assertEqual(1, len(self.lab.kubeadm_starts("node2")))
        self.assertIn("kubeadm upgrade node", self.lab.kubeadm_log("node2")[-1])
        self.assertIn(" end ", self.lab.kubeadm_log("node2")[-1])

    def test_kubeadm_takes_the_control_plane_through_an_upgrade(self) -> None:
        plan = self.run_on("master1", "sudo kubeadm upgrade plan v1.34.7")
        self.assertIn("\tkubeadm upgrade apply v1.34.7\n", plan)
        self.assertIn("you have to update kubeadm to v1.34.7", plan)
        self.assertRegex(plan, r"kubelet +node1 +v1\.34\.2 +v1\.34\.7")
        self.assertIn("higher than the kubeadm version",
                      self.run_on("master1", f"{_APPLY} -y", status=1))
        self.run_on("master1", _GET_KUBEADM)
        self.assertIn("user didn't answer", self.run_on("master1", f"{_APPLY} </dev/null", 1))
        self.assertEqual([], self.lab.kubeadm_log("master1"))
        self._hand_set_flag_would_be_dropped()
        self._failures_change_nothing()
        self.run_on("master1", f"{_APPLY} -y --ignore-preflight-errors=CoreDNSMigration")
        self.assertEqual("v1.34.7", self.lab.api.get("/version")["gitVersion"])
        self.assertIn("up-to-date", self.run_on("master1", "sudo kubeadm upgrade plan v1.34.7"))
        kept = self.run_on("master1", "sudo ls /etc/kubernetes/tmp")
        self.assertIn("kubeadm-backup-etcd-", kept)
        self.assertIn("kubeadm-backup-manifests-", kept)

    def _hand_set_flag_would_be_dropped(self) -> None:
        manifest = "/etc/kubernetes/manifests/kube-apiserver.yaml"
        self.run_on("master1", f"sudo sed -i 's/^    - --allow-privileged=true/&\\n    "
                               f"- --profiling=false/' {manifest}")
        self.assertIn("\n-    - --profiling=false",
                      self.run_on("master1", "sudo kubeadm upgrade diff v1.34.7"))

    def _failures_change_nothing(self) -> None:
        master = self.lab.nodes["master1"]
        manifest = "/etc/kubernetes/manifests/kube-apiserver.yaml"
        for switch, status in (("kubeadm-fail", 1), ("kubeadm-noop", 0)):
            master.write(f"/etc/lab/{switch}", "")
            self.run_on("master1", f"{_APPLY} -y", status)
            master.remove(f"/etc/lab/{switch}")
            self.assertIn("kube-apiserver:v1.34.2", master.read(manifest))
        self.assertEqual(2, len(self.lab.kubeadm_starts("master1")))

    def test_an_alert_reaches_the_bot_and_ends(self) -> None:
        with self.lab.network.entered():
            ear = _Ear(self.lab.bot_address, self.lab.webhook_token_file.read_text().strip())
        try:
            self.lab.monitoring.fire("KubeAPIDown", node="node1")
            self.lab.monitoring.await_firing("KubeAPIDown")
            await_or_fail(lambda: ("KubeAPIDown", "firing") in ear.heard, 15, "the bot hears it")
            self.lab.monitoring.resolve("KubeAPIDown")
            self.lab.monitoring.await_resolved("KubeAPIDown")
            await_or_fail(lambda: ("KubeAPIDown", "resolved") in ear.heard, 15, "and its end")
        finally:
            ear.close()

    def test_prometheus_can_go_and_come_back(self) -> None:
        self.lab.monitoring.stop_server("prometheus")
        self.assertEqual([], self._firing_or_nothing())
        self.lab.monitoring.start_server("prometheus")
        self.lab.monitoring.await_firing("Watchdog")

    def test_a_person_can_cordon_and_the_bot_may_not_do_everything(self) -> None:
        self.addCleanup(self.lab.api.cordon, "node2", False)
        self.lab.api.cordon("node2")
        self.assertEqual(["node2"], self.lab.api.cordoned())
        token = self.lab.kubeconfig.read_text().partition("token: ")[2].split()[0]
        self.assertEqual(200, self.lab.api.call("GET", "/api/v1/nodes", token=token).status)
        self.assertEqual(403, self.lab.api.call("DELETE", "/api/v1/namespaces/shop/pods/web-0",
                                                token=token).status)
        self.assertEqual(401, self.lab.api.call("GET", "/api/v1/nodes", token="wrong").status)

    def test_the_backup_job_says_where_its_snapshot_is(self) -> None:
        cronjob = self.lab.api.get("/apis/batch/v1/namespaces/default/cronjobs/backup-etcd")
        job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "backup-by-hand"},
               "spec": cronjob["spec"]["jobTemplate"]["spec"]}
        jobs = "/apis/batch/v1/namespaces/default/jobs"
        self.assertEqual(201, self.lab.api.call("POST", jobs, job).status)
        await_or_fail(lambda: self._job_state(f"{jobs}/backup-by-hand") == "Complete", 20,
                      "the backup job is complete")
        pod = next(pod["metadata"]["name"] for pod in self.lab.api.pods("default")
                   if pod["metadata"]["ownerReferences"][0]["name"] == "backup-by-hand")
        log = self.lab.api.call("GET", f"/api/v1/namespaces/default/pods/{pod}/log").text
        self.assertRegex(log, r"Backup done: /backups/etcd-\S+\.db \(5242912 bytes\)")

    def _job_state(self, path: str) -> str:
        conditions = self.lab.api.get(path).get("status", {}).get("conditions", [])
        return next((c["type"] for c in conditions if c["status"] == "True"
                     and c["type"] in ("Complete", "Failed")), "")

    def _firing_or_nothing(self) -> list[dict[str, str]]:
        try:
            return self.lab.monitoring.firing()
        except LabError:
            return []


class _Ear(http.server.ThreadingHTTPServer):
    """Listens where the bot would, and insists on its token."""

    daemon_threads = True

    def __init__(self, address: str, token: str) -> None:
        self.heard: set[tuple[str, str]] = set()
        self.token = token
        host, _, port = address.rpartition(":")
        super().__init__((host, int(port)), _EarHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _EarHandler(http.server.BaseHTTPRequestHandler):
    server: _Ear

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        allowed = self.headers.get("Authorization") == f"Bearer {self.server.token}"
        if allowed and self.path == "/api/v1/alerts":
            for alert in json.loads(body)["alerts"]:
                self.server.heard.add((alert["labels"]["alertname"], alert["status"]))
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """What was heard is kept in `heard`."""
