# SPDX-License-Identifier: Apache-2.0
"""A short run over nodes that need no root: real sshd, apt and dpkg over a view of this machine."""

from __future__ import annotations

from bench import NEW, E2eCase


class ProcessNodes(E2eCase):
    def test_a_patch_upgrade(self) -> None:
        holds = self.lab.held_packages()
        self.bot.start()
        self.run_through(NEW)
        self.assert_all_on(NEW)
        self.assert_one_start_each()
        self.assertEqual(holds, self.lab.held_packages())
        self.assertEqual([], self.lab.api.cordoned())
