# SPDX-License-Identifier: Apache-2.0
"""A patch release: the probe before it, the control plane, workers, containerd, starting again."""

from __future__ import annotations

from bench import NEW, OLD, NodeCase

# Every file that the probe might touch, with its times and sizes.
_STATE = ("sudo find /var/lib/dpkg /var/lib/apt /var/cache/apt /etc /var/lib/lockkeeper "
          "-printf '%p %T@ %s %m\\n' 2>/dev/null || true; ls /tmp")


class PatchCase(NodeCase):
    def test_a_probe_finds_everything_and_changes_nothing(self) -> None:
        master, worker = self.fresh("master1"), self.fresh("node1")
        before = self.on(master, _STATE)
        seen = self.ask(master, "probe")
        self.assertEqual(before, self.on(master, _STATE))
        self.assertTrue(seen["reached"] and seen["sudo"], seen)
        self.assertEqual((f"{OLD}-1.1", f"{NEW}-1.1", ""),
                         (seen["kubeadm"], seen["package"], seen["package_failure"]))
        self.assertEqual((NEW, "", []), (seen["plan_offers"], seen["plan_failure"],
                                         seen["dropped_flags"]))
        self.assertGreater(seen["root_free_bytes"], 0)
        self.assertGreaterEqual(seen["etcd_bytes"], 2 << 20)
        self.assertEqual("unknown", self.ask(worker, "probe")["plan_offers"])

    def test_a_flag_set_by_hand_is_found_by_the_probe(self) -> None:
        master = self.fresh("master1")
        self.on(master, "sudo sed -i 's|^\\( *\\)- kube-apiserver$|&\\n\\1- --oidc-issuer-url="
                        "https://dex.example|' /etc/kubernetes/manifests/kube-apiserver.yaml")
        self.assertEqual(["--oidc-issuer-url=https://dex.example"],
                         self.ask(master, "probe")["dropped_flags"])

    def test_a_worker_reaches_the_release_and_a_second_start_does_nothing(self) -> None:
        node = self.fresh("node1")
        with self.holds_kept(node):
            outcome = self.done(node, action="upgrade")
        self.assert_runs(node, NEW)
        self.assertEqual(f"{OLD}-1.1", outcome["notes"]["previous_kubelet"])
        self.assertEqual("kubeadm kubectl kubelet", outcome["notes"]["holds"])
        self.assertEqual(1, len(self.lab.kubeadm_starts("node1")))
        pid = self.on(node, "systemctl show -P MainPID kubelet")
        with self.holds_kept(node):
            again = self.done(node, action="upgrade")
        self.assertIn("already", again["detail"])
        self.assertEqual(pid, self.on(node, "systemctl show -P MainPID kubelet"))
        self.assertEqual(1, len(self.lab.kubeadm_starts("node1")))

    def test_a_package_that_was_free_stays_free(self) -> None:
        node = self.fresh("node2")
        self.assertNotIn("kubectl", self.holds(node))
        with self.holds_kept(node):
            self.done(node, action="upgrade")
        self.assert_runs(node, NEW)
        self.assertIn(f"{NEW}-1.1", self.on(node, "dpkg-query -W -f '${Version}' kubectl"))

    def test_a_control_plane_is_raised_with_its_containerd_and_its_scratch_copies_go(self) -> None:
        master = self.fresh("master1")
        with self.holds_kept(master):
            outcome = self.done(master, action="containerd", containerd="1.7.27")
        self.assertIn("1.7.27", outcome["detail"])
        self.assertEqual("containerd.io=1.7.24-1", outcome["notes"]["previous_containerd"])
        with self.holds_kept(master):
            self.done(master, action="upgrade", flags="--skip-phases=addon/coredns")
        self.assert_runs(master, NEW)
        starts = self.lab.kubeadm_starts("master1")
        self.assertEqual(1, len(starts))
        self.assertIn(f"upgrade apply v{NEW} --yes --skip-phases=addon/coredns", starts[0])
        folder = "/etc/kubernetes/tmp"
        self.on(master, f"cd {folder}; for i in 1 2 3 4 5; do sudo mkdir kubeadm-backup-etcd-$i; "
                        "sudo touch -d \"-$((i + 3)) days\" kubeadm-backup-etcd-$i; done")
        self.assertEqual("4", self.done(master, action="prune")["notes"]["pruned"])
        self.assertIn("kubeadm-backup-etcd-1", self.on(master, f"ls {folder}"))
        self.assertNotIn("kubeadm-backup-etcd-5", self.on(master, f"ls {folder}"))

    def test_a_hook_runs_with_its_environment(self) -> None:
        node = self.fresh("node1")
        self.done(node, action="hook", hook="echo \"$NODE $ROLE $RELEASE\" >/root/hook; id -u")
        self.assertEqual(f"node1 worker {NEW}\n", self.on(node, "sudo cat /root/hook"))
        outcome = self.done(node, action="hook", hook="echo no way; exit 3")
        self.assertIn("the hook failed, going on", outcome["detail"])
        self.assertIn("no way", outcome["detail"])
