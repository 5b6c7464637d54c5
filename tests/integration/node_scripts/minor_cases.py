# SPDX-License-Identifier: Apache-2.0
"""A minor release: the repository first, then the nodes."""

from __future__ import annotations

from bench import NEXT_MINOR, OLD, NodeCase

_LIST = "/etc/apt/sources.list.d/kubernetes.list"


class MinorCase(NodeCase):
    def test_the_next_minor_is_found_before_anything_points_to_it(self) -> None:
        master = self.fresh("master1")
        seen = self.ask(master, "probe", release=NEXT_MINOR)
        self.assertEqual((f"{NEXT_MINOR}-1.1", NEXT_MINOR), (seen["package"], seen["plan_offers"]))
        self.assertIn("/v1.34/", master.read(_LIST))

    def test_control_plane_and_worker_reach_the_next_minor(self) -> None:
        for name in ("master1", "node1"):
            node = self.fresh(name)
            before = node.read(_LIST)
            with self.holds_kept(node):
                self.done(node, action="repository", release=NEXT_MINOR)
            self.assertEqual(before.replace("/v1.34/", "/v1.35/"), node.read(_LIST))
            self.assertEqual(before, self.on(
                node, "sudo cat /var/lib/lockkeeper/backup/kubernetes.list.before-1.35"))
            again = self.done(node, action="repository", release=NEXT_MINOR)
            self.assertIn("verifies", again["detail"])
            with self.holds_kept(node):
                self.done(node, action="upgrade", release=NEXT_MINOR)
            self.assert_runs(node, NEXT_MINOR)

    def test_without_the_repository_step_the_script_says_what_is_missing(self) -> None:
        node = self.fresh("node1")
        with self.holds_kept(node):
            self.failed(node, "the apt source is for 1.34, not 1.35: stage repo comes first",
                        action="upgrade", release=NEXT_MINOR)
        self.assert_runs(node, OLD)

    def test_deb822_sources_work_as_well(self) -> None:
        node = self.fresh("node1")
        line = node.read(_LIST).split()
        url = next(word for word in line if word.startswith("http"))
        node.remove(_LIST)
        node.write("/etc/apt/sources.list.d/kubernetes.sources",
                   f"# ours\nTypes: deb\nURIs: {url}\nSuites: /\n"
                   "Signed-By: /etc/apt/keyrings/kubernetes-apt-keyring.gpg\n")
        seen = self.ask(node, "probe", release=NEXT_MINOR)
        self.assertEqual((f"{NEXT_MINOR}-1.1", ""), (seen["package"], seen["package_failure"]))
        self.done(node, action="repository", release=NEXT_MINOR)
        with self.holds_kept(node):
            self.done(node, action="upgrade", release=NEXT_MINOR)
        self.assert_runs(node, NEXT_MINOR)

    def test_an_expired_key_leaves_the_source_alone(self) -> None:
        node = self.fresh("node1")
        before = node.read(_LIST)
        self.lab.packages.expire_key(node)
        self.failed(node, "kubernetes-apt-keyring.gpg expired on", "Release.key",
                    action="repository", release=NEXT_MINOR)
        self.assertIn("EXPKEYSIG", self.ask(node, "probe", release=NEXT_MINOR)["package_failure"])
        self.assertEqual(before, node.read(_LIST))

    def test_a_repository_that_does_not_verify_leaves_the_source_alone(self) -> None:
        node = self.fresh("node1")
        before = node.read(_LIST)
        self.addCleanup(self.lab.packages.set_mode, "ok")
        for mode in ("bad-signature", "empty-release", "html", "unavailable"):
            self.lab.packages.set_mode(mode)
            self.failed(node, "the package repository of 1.35 does not answer or verify",
                        action="repository", release=NEXT_MINOR)
            self.assertEqual(before, node.read(_LIST))
        self.lab.packages.set_mode("ok")
        self.done(node, action="repository", release=NEXT_MINOR)
