# SPDX-License-Identifier: Apache-2.0
"""What a node must do: its services, its kubelet and what the API server learns of it, reboots, cut
cables.
"""

from __future__ import annotations

import unittest

from api_server import ready_status
from lab import Lab
from nodes import Node
from processes import LabError, await_or_fail

_SHOW = "systemctl show kubelet -p MainPID,ActiveState,NRestarts"


class NodeChecks(unittest.TestCase):
    """Mixed into one test case per kind of node; `lab` is up already."""

    lab: Lab
    node: Node

    def run_on(self, command: str, status: int = 0) -> str:
        with self.lab.network.entered():
            done = self.node.ssh(command, check=False, timeout_s=60)
        self.assertEqual(status, done.returncode, f"{command}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def await_ready(self, wanted: str, limit_s: float = 20.0) -> None:
        await_or_fail(lambda: ready_status(self.lab.api.node(self.node.name)) == wanted, limit_s,
                      f"{self.node.name} is Ready={wanted}")

    def node_info(self) -> dict[str, str]:
        return self.lab.api.node(self.node.name)["status"]["nodeInfo"]

    def show(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.run_on(_SHOW).splitlines())

    def test_the_login_is_ops_with_sudo_and_no_more(self) -> None:
        self.assertEqual("1000\n0\n", self.run_on("id -u; sudo -n id -u"))
        self.addCleanup(self.node.refuse_sudo, False)
        self.node.refuse_sudo(True)
        self.assertIn("password", self.run_on("sudo -n true", status=1))

    def test_a_new_kubelet_package_shows_only_after_a_restart(self) -> None:
        def back() -> None:
            self.run_on("sudo apt-get install -y -qq --allow-downgrades "
                        "--allow-change-held-packages kubelet=1.34.2-1.1 && "
                        "sudo apt-mark hold kubelet && sudo systemctl restart kubelet")

        self.addCleanup(back)
        before = self.show()
        self.run_on("sudo apt-get install -y -qq --allow-change-held-packages kubelet=1.34.7-1.1")
        self.assertEqual("Kubernetes v1.34.7\n", self.run_on("kubelet --version"))
        self.assertEqual(before["MainPID"], self.show()["MainPID"])
        self.assertIn("(deleted)", self.run_on(f"sudo readlink /proc/{before['MainPID']}/exe"))
        self.assertEqual("v1.34.2", self.node_info()["kubeletVersion"])
        self.run_on("sudo systemctl daemon-reload; sudo systemctl restart kubelet")
        after = self.show()
        self.assertNotIn("(deleted)", self.run_on(f"sudo readlink /proc/{after['MainPID']}/exe"))
        await_or_fail(lambda: self.node_info()["kubeletVersion"] == "v1.34.7", 10,
                      "the API server knows the new version")

    def test_a_stopped_kubelet_makes_the_node_not_ready(self) -> None:
        self.addCleanup(self.await_ready, "True")
        self.addCleanup(self.run_on, "sudo systemctl start kubelet")
        self.run_on("sudo systemctl stop kubelet")
        self.await_ready("Unknown")

    def test_a_stopped_runtime_makes_the_node_not_ready_with_its_own_words(self) -> None:
        self.addCleanup(self.await_ready, "True")
        self.addCleanup(self.run_on, "sudo systemctl start containerd")
        self.run_on("sudo systemctl stop containerd")
        self.await_ready("False")

    def test_a_kubelet_with_a_removed_flag_crashes_in_a_loop(self) -> None:
        def repair() -> None:
            self.node.remove("/etc/lab/kubelet-crash")
            self.run_on("sudo systemctl reset-failed kubelet; sudo systemctl restart kubelet")
            self.await_ready("True")

        self.addCleanup(repair)
        self.node.write("/etc/lab/kubelet-crash", "")
        self.run_on("sudo systemctl restart kubelet")
        await_or_fail(lambda: int(self.show()["NRestarts"]) >= 2, 15, "the kubelet restarts twice")
        self.assertIn("unknown flag", self.run_on("sudo journalctl -u kubelet -n 20"))

    def test_a_reboot_takes_seconds_and_changes_the_boot_id(self) -> None:
        with self.lab.network.entered():
            before = self.node.boot_id()
            self.assertEqual(before, self.node_info()["bootID"])
            self.node.reboot()
            await_or_fail(lambda: self._boot_id() not in ("", before), 15, "a new boot id")
            after = self.node.boot_id()
        await_or_fail(lambda: self.node_info()["bootID"] == after, 15,
                      "the API server knows the new boot id")
        self.await_ready("True")

    def test_a_killed_node_is_not_ready_until_it_is_started(self) -> None:
        self.node.kill()
        self.await_ready("Unknown")
        with self.lab.network.entered(), self.assertRaises(LabError):
            self.node.await_login(1.0)
        self.node.start()
        with self.lab.network.entered():
            self.node.await_login()
        self.await_ready("True")

    def test_a_cut_cable_silences_the_node_and_heals(self) -> None:
        if not self.node.can_cut:
            with self.assertRaises(LabError):
                self.node.cut()
            return
        self.node.cut()
        self.addCleanup(self.node.heal)
        self.await_ready("Unknown")
        self.assertEqual("alive\n", self.node.inside("echo alive").stdout)
        self.node.heal()
        self.await_ready("True")

    def test_a_detached_job_outlives_its_session_and_is_never_doubled(self) -> None:
        start = "sudo systemd-run --unit=lab-job sh -c 'sleep 2; echo done >/run/lab-job'"
        self.run_on(start)
        self.assertEqual("active\n", self.run_on("systemctl is-active lab-job"))
        self.assertIn("already", self.run_on(start, status=1))
        await_or_fail(lambda: self.run_on("cat /run/lab-job 2>&1 || true") == "done\n", 10,
                      "the job is done")
        self.assertEqual("inactive\n", self.run_on("systemctl is-active lab-job", status=3))

    def test_a_failed_job_keeps_its_exit_status(self) -> None:
        self.addCleanup(self.run_on, "sudo systemctl reset-failed lab-bad")
        self.run_on("sudo systemd-run --unit=lab-bad sh -c 'exit 7'")
        show = "systemctl show lab-bad -p ActiveState,Result,ExecMainStatus"
        wanted = {"ActiveState=failed", "Result=exit-code", "ExecMainStatus=7"}
        await_or_fail(lambda: set(self.run_on(show).splitlines()) == wanted, 10, "the unit failed")

    def _boot_id(self) -> str:
        done = self.node.ssh("cat /proc/sys/kernel/random/boot_id", check=False)
        return done.stdout.strip() if done.returncode == 0 else ""
