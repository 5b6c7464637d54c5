# SPDX-License-Identifier: Apache-2.0
"""The shipped configuration as it is, in a mount namespace of its own that has the folders which an
installation has: /etc/lockkeeper and /var/lib/lockkeeper.
"""

from __future__ import annotations

import shutil
import subprocess

from bench import NEW, E2eCase
from bot import ROOT, until
from node_files import Layout

# Nothing of it is seen outside: the host's folders are only read. Each process has layers of its
# own, since two mounts that begin at once over one work folder take it from each other.
_ENTER = """
layers=$1/$$
for folder in etc var/lib; do
  mkdir -p "$layers/$folder/upper" "$layers/$folder/work"
  mount -t overlay overlay \
    -o "lowerdir=/$folder,upperdir=$layers/$folder/upper,workdir=$layers/$folder/work" "/$folder"
done
mkdir -p /etc/lockkeeper /var/lib/lockkeeper
mount --bind "$2" /etc/lockkeeper
mount --bind "$3" /var/lib/lockkeeper
shift 3
exec "$@"
"""


class Shipped(E2eCase):
    layout = Layout(nodes=2)

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.etc, cls.state = cls.folder / "etc", cls.folder / "state"
        cls.etc.mkdir()
        cls.state.mkdir()
        for name in ("lockkeeper.ini", "rules.ini"):
            shutil.copy(ROOT / "config" / name, cls.etc)
        shutil.copy(cls.lab.kubeconfig, cls.etc / "kubeconfig")
        shutil.copy(cls.lab.ssh_key, cls.etc / "id_ed25519")

    def installed(self, *words: str) -> list[str]:
        return ["unshare", "--mount", "sh", "-euc", _ENTER, "sh", str(self.folder / "layers"),
                str(self.etc), str(self.state), str(self.bot.binary), *words]

    def test_1_check_has_nothing_to_complain_about(self) -> None:
        done = self.lab.run(self.installed("check"), check=False)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertIn("Configuration /etc/lockkeeper/lockkeeper.ini\n", done.stdout)
        self.assertNotIn("ERROR: ", done.stdout)
        self.assertNotIn("warning: ", done.stdout)

    def test_2_the_plan_is_made_from_the_cluster(self) -> None:
        done = self.lab.run(self.installed("plan", NEW), check=False)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertIn("1.34.2 -> 1.34.7 (patch), 2 nodes", done.stdout)

    def test_3_the_daemon_serves_a_terminal(self) -> None:
        with self.lab.network.entered():
            daemon = subprocess.Popen(self.installed("serve", "--console"), text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE)
        self.addCleanup(daemon.kill)
        out, log = daemon.communicate("/upgrade status\n/upgrade nodes\n/upgrade whoami\n",
                                      timeout=30)
        self.assertEqual(0, daemon.returncode, log)
        self.assertRegex(out, r"no run is open\n +gate: blind")
        self.assertIn("node1 v1.34.2 Ready worker", out)
        self.assertIn("you are console:root, roles admin", out)
        self.assertTrue((self.state / "journal.db").is_file())

    def test_4_one_client_more_and_the_command_line_reaches_it(self) -> None:
        with (self.etc / "lockkeeper.ini").open("a") as file:
            file.write("\n[client ops]\ntoken_file = /etc/lockkeeper/client-ops.token\n")
        text = (self.etc / "lockkeeper.ini").read_text()
        (self.etc / "lockkeeper.ini").write_text(
            text.replace("\nadmin = console:*, cli:root\n", "\nadmin = console:*, http:ops\n"))
        token = self.etc / "client-ops.token"
        token.touch(mode=0o600)
        token.write_text("a token for this test\n")
        with self.lab.network.entered():
            daemon = subprocess.Popen(self.installed("serve"), stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(daemon.kill)

        def status() -> subprocess.CompletedProcess[str]:
            return self.lab.run(self.installed("upgrade", "status"), check=False)

        until(15, lambda: status().returncode == 0, "the daemon answers", lambda: status().stderr)
        self.assertIn("no run is open\ngate: blind", status().stdout)  # nobody is at port 9090
        daemon.terminate()
        _, log = daemon.communicate(timeout=20)
        self.assertEqual(0, daemon.returncode, log)
