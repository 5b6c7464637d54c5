# SPDX-License-Identifier: Apache-2.0
"""What apt and dpkg on a node must do, each learnt from the real ones: a node script is only as
good as the lab that it was tried on.
"""

from __future__ import annotations

import subprocess
import unittest

from lab import Lab
from nodes import Node
from processes import wait_until

OLD, NEW = "1.34.2-1.1", "1.34.7-1.1"
_ERROR_MODE = "-o APT::Update::Error-Mode=any"
_MINOR_SWITCH = "sudo sed -i 's,/v1.34/,/v1.35/,' /etc/apt/sources.list.d/kubernetes.list"

# Somebody else's apt, for a few seconds: flock(1) would take another sort of lock.
_LOCK_HOLDER = ('use Fcntl; open(F, "+<", "/var/lib/dpkg/lock-frontend"); '
                '$lock = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0); '
                'fcntl(F, F_SETLK, $lock) or die; sleep 4')


class AptChecks(unittest.TestCase):
    """Mixed into one test case per kind of node; `lab` is up already."""

    lab: Lab
    node: Node  # left as it was found by every test

    def ssh(self, command: str, timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
        with self.lab.network.entered():
            return self.node.ssh(f"export DEBIAN_FRONTEND=noninteractive; {command}", check=False,
                                 timeout_s=timeout_s)

    def expect(self, status: int, command: str, *texts: str) -> str:
        done = self.ssh(command)
        said = done.stdout + done.stderr
        self.assertEqual(status, done.returncode, f"{command}\n{said}")
        for text in texts:
            self.assertIn(text, said)
        return said

    def reset(self) -> None:
        self.lab.packages.set_mode("ok")
        self.expect(0, "sudo sed -i 's,/v1.35/,/v1.34/,' /etc/apt/sources.list.d/kubernetes.list; "
                       f"sudo apt-get update -qq {_ERROR_MODE} && "
                       "sudo apt-get install -y -qq --allow-downgrades "
                       f"--allow-change-held-packages kubeadm={OLD} kubelet={OLD} && "
                       "sudo apt-mark hold kubeadm kubelet kubectl")

    def test_a_held_package_is_not_changed_without_the_flag(self) -> None:
        self.expect(100, f"sudo apt-get install -y kubeadm={NEW}",
                    "Held packages were changed and -y was used without "
                    "--allow-change-held-packages")
        self.expect(0, "kubeadm version -o short", "v1.34.2")

    def test_the_hold_is_gone_after_the_flag_was_used(self) -> None:
        self.addCleanup(self.reset)
        self.expect(0, f"sudo apt-get install -y --allow-change-held-packages kubeadm={NEW}")
        self.assertNotIn("kubeadm", self.ssh("apt-mark showhold").stdout.split())
        self.expect(0, "kubeadm version -o short", "v1.34.7")
        self.expect(100, f"sudo apt-get install -y kubeadm={OLD}", "--allow-downgrades")

    def test_unknown_names_and_versions_have_their_exit_codes(self) -> None:
        self.expect(100, "sudo apt-get install -y --allow-change-held-packages kubeadm=1.34.99-1.1",
                    "Version '1.34.99-1.1' for 'kubeadm' was not found")
        self.expect(0, "sudo apt-mark unhold cri-tools")
        self.expect(100, "sudo apt-mark hold no-such-package")

    def test_a_bad_signature_fails_only_in_strict_error_mode(self) -> None:
        self.addCleanup(self.reset)
        self.lab.packages.set_mode("bad-signature")
        self.expect(0, "sudo apt-get update", "BADSIG")
        self.expect(100, f"sudo apt-get update {_ERROR_MODE}", "BADSIG")
        self.expect(0, "apt-cache madison kubeadm", NEW)  # the old lists are kept

    def test_a_repository_that_is_down_fails_only_in_strict_error_mode(self) -> None:
        def repair() -> None:
            self.lab.packages.start()
            self.lab.packages.await_ready()

        self.addCleanup(repair)
        self.lab.packages.stop()
        self.expect(0, "sudo apt-get update -o Acquire::Retries=0", "Failed to fetch")
        self.expect(100, f"sudo apt-get update -o Acquire::Retries=0 {_ERROR_MODE}")

    def test_a_key_that_has_expired_is_named(self) -> None:
        self.addCleanup(self.lab.packages.renew_key, self.node)
        self.lab.packages.expire_key(self.node)
        self.expect(100, f"sudo apt-get update {_ERROR_MODE}", "EXPKEYSIG")

    def test_empty_and_foreign_answers_are_failures(self) -> None:
        self.addCleanup(self.reset)
        for mode in ("empty-release", "html", "unavailable"):
            self.lab.packages.set_mode(mode)
            self.expect(100, f"sudo apt-get update -o Acquire::Retries=0 {_ERROR_MODE}")

    def test_a_mirror_that_lags_does_not_know_the_newest_version(self) -> None:
        self.addCleanup(self.reset)
        self.lab.packages.set_mode("lagging")
        self.expect(0, f"sudo apt-get update {_ERROR_MODE}")
        self.assertNotIn(NEW, self.expect(0, "apt-cache madison kubeadm", OLD))

    def test_after_the_minor_switch_only_the_new_minor_is_listed(self) -> None:
        self.addCleanup(self.reset)
        listed = self.expect(0, f"{_MINOR_SWITCH}; sudo apt-get update {_ERROR_MODE} -qq; "
                                "apt-cache madison kubeadm", "1.35.1-1.1")
        self.assertNotIn("1.34.7", listed)
        self.assertIn("302", self._redirect())

    def test_a_held_lock_fails_at_once_or_waits_as_told(self) -> None:
        install = "install -y -qq --reinstall cri-tools"
        self.expect(0, f"sudo systemd-run --collect --unit=lock-holder perl -e '{_LOCK_HOLDER}'")
        self.assertTrue(wait_until(
            lambda: "is held by process" in self.ssh(f"sudo apt-get {install}").stderr, 10))
        self.expect(100, f"sudo apt-get {install}", "is held by process")
        self.expect(0, f"sudo apt-get -o DPkg::Lock::Timeout=20 {install}")

    def test_a_changed_configuration_file_is_kept_when_told_so(self) -> None:
        self.expect(0, "echo '# ours' | sudo tee -a /etc/containerd/config.toml")
        options = ("-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "
                   "--allow-downgrades --allow-change-held-packages")
        for version in ("1.7.24-1", "1.7.27-1"):
            self.expect(0, f"sudo DEBIAN_FRONTEND=noninteractive apt-get install -y {options} "
                           f"containerd.io={version}")
        self.expect(0, "tail -n 1 /etc/containerd/config.toml; containerd --version",
                    "# ours", "1.7.27")

    def _redirect(self) -> str:
        url = f"{self.lab.packages.url}/core:/stable:/v1.35/deb/Release"
        return self.ssh(f"curl -s -o /dev/null -w '%{{http_code}}' {url}").stdout
