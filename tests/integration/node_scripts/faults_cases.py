# SPDX-License-Identifier: Apache-2.0
"""What goes wrong around a node script: each is named in one line, and the holds are kept."""

from __future__ import annotations

from bench import NEW, OLD, NodeCase
from check_apt import _LOCK_HOLDER


class FaultCase(NodeCase):
    def test_a_dpkg_lock_that_somebody_holds_is_waited_for(self) -> None:
        node = self.fresh("node1")
        self.on(node, f"sudo systemd-run --collect perl -e '{_LOCK_HOLDER}'")
        with self.holds_kept(node):
            self.done(node, action="upgrade")
        self.assert_runs(node, NEW)

    def test_a_repository_that_is_down_changes_nothing(self) -> None:
        def repair() -> None:
            self.lab.packages.start()
            self.lab.packages.await_ready()

        node = self.fresh("node1")
        self.lab.packages.stop()
        try:
            with self.holds_kept(node):
                self.failed(node, "apt-get update: ", action="upgrade")
            self.assertNotEqual("", self.ask(node, "probe")["package_failure"])
        finally:
            repair()
        self.assert_runs(node, OLD)
        with self.holds_kept(node):
            self.done(node, action="upgrade")
        self.assert_runs(node, NEW)

    def test_a_bad_signature_and_an_expired_key_are_named(self) -> None:
        node = self.fresh("node1")
        self.addCleanup(self.lab.packages.set_mode, "ok")
        self.lab.packages.set_mode("bad-signature")
        with self.holds_kept(node):
            self.failed(node, "BADSIG", action="upgrade")
        self.lab.packages.set_mode("ok")
        self.lab.packages.expire_key(node)
        with self.holds_kept(node):
            self.failed(node, "EXPKEYSIG", action="upgrade")
        self.assert_runs(node, OLD)

    def test_a_mirror_that_lags_has_no_such_release(self) -> None:
        node = self.fresh("node1")
        self.addCleanup(self.lab.packages.set_mode, "ok")
        self.lab.packages.set_mode("lagging")
        with self.holds_kept(node):
            self.failed(node, f"kubeadm {NEW} is not in the package repository", action="upgrade")
        self.assertEqual("", self.ask(node, "probe")["package"])

    def test_a_full_disk_is_named_and_a_second_start_finishes(self) -> None:
        node = self.fresh("node1")
        self.on(node, "sudo mount -t tmpfs -o size=16k tmpfs /var/cache/apt/archives")
        with self.holds_kept(node):
            self.failed(node, "enough free space", action="upgrade")
        self.on(node, "sudo umount /var/cache/apt/archives")
        with self.holds_kept(node):
            self.done(node, action="upgrade")
        self.assert_runs(node, NEW)

    def test_a_kubelet_that_crashes_is_found_with_its_own_words(self) -> None:
        node = self.fresh("node1")
        node.write("/etc/lab/kubelet-crash", f"{NEW}\n")
        with self.holds_kept(node):
            self.failed(node, "unknown flag", action="upgrade")
        node.remove("/etc/lab/kubelet-crash")
        with self.holds_kept(node):
            self.done(node, action="upgrade")
        self.assert_runs(node, NEW)

    def test_a_failed_apply_keeps_the_old_kubelet_and_can_be_started_again(self) -> None:
        master = self.fresh("master1")
        master.write("/etc/lab/kubeadm-fail", "")
        with self.holds_kept(master):
            self.failed(master, "kubeadm upgrade apply ended with 1", "did not change",
                        action="upgrade")
        self.assertIn(OLD, self.on(master, "kubelet --version"))
        master.remove("/etc/lab/kubeadm-fail")
        master.write("/etc/lab/kubeadm-noop", "")
        with self.holds_kept(master):
            self.failed(master, "kubeadm reports success, but the manifests", action="upgrade")
        master.remove("/etc/lab/kubeadm-noop")
        with self.holds_kept(master):
            self.done(master, action="upgrade")
        self.assert_runs(master, NEW)

    def test_a_refused_sudo_is_a_finding_and_a_failure(self) -> None:
        node = self.fresh("node1")
        node.refuse_sudo(True)
        self.addCleanup(node.refuse_sudo, False)
        seen = self.ask(node, "probe")
        self.assertEqual((True, False), (seen["reached"], seen["sudo"]))
        self.failed(node, "sudo refuses user ops", "NOPASSWD", action="upgrade")

    def test_a_node_that_was_made_anew_has_another_host_key(self) -> None:
        node = self.fresh("node1")
        self.assertTrue(self.ask(node, "probe")["reached"])
        self.on(node, "sudo rm /etc/ssh/ssh_host_ed25519_key*; sudo ssh-keygen -q -t ed25519 -N '' "
                      "-f /etc/ssh/ssh_host_ed25519_key; sudo systemctl restart ssh")
        seen = self.ask(node, "probe")
        self.assertFalse(seen["reached"])
        self.assertIn("has changed", seen["failure"])
        self.assertIn(f"lockkeeper ssh forget {node.spec.address}", seen["failure"])
