# SPDX-License-Identifier: Apache-2.0
"""PID 1 of a node without root: starts the enabled services, watches them, obeys `systemctl`.

Listens on a UNIX socket for one JSON object per connection and answers with one: {"argv": [...]}
in, {"rc", "out", "err"} back. Exit status 133 asks the loop outside to boot the node again.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import time

from units import (JOURNAL, ROOT_NAMESPACE, STOP_LIMIT_S, WANTS, Unit, add_setting, fragment,
                   full_name, load)
from verbs import Answer, answer

SOCKET = "/run/init.sock"
REBOOT_STATUS = 133
_REQUEST_LIMIT_BYTES = 1 << 20


class Init:
    """The one owner of all units. Single-threaded: one request at a time, as they come."""

    def __init__(self) -> None:
        self.units: dict[str, Unit] = {}
        self.end_status: int | None = None

    def find(self, name: str) -> Unit | None:
        """The unit as it runs, or freshly read from its file."""
        name = full_name(name)
        if name not in self.units and fragment(name):
            self.units[name] = Unit(name, load(name))
        return self.units.get(name)

    def start(self, unit: Unit) -> None:
        if not unit.transient and not unit.pid:
            unit.settings = load(unit.name)
        unit.start()

    def stop(self, unit: Unit) -> None:
        unit.begin_stop()
        end = time.monotonic() + STOP_LIMIT_S
        while unit.pid and time.monotonic() < end:
            self.reap()
            time.sleep(0.005)
        while unit.pid:
            unit.signal(signal.SIGKILL)
            self.reap()
            time.sleep(0.005)

    def run_transient(self, request: dict) -> Answer:
        name = full_name(request["unit"])
        if name in self.units or fragment(name):
            return Answer(1, err=f"Failed to start transient service unit: Unit {name} was already "
                                 "loaded or has a fragment file.\n")
        unit = Unit(name, command=request["command"], transient=True, collect=request["collect"])
        for setting in request["settings"]:
            key, _, value = setting.partition("=")
            add_setting(unit.settings, key, value)
        if request["delay_s"] > 0:
            unit.active, unit.sub = "inactive", "waiting"
            unit.restart_at = time.monotonic() + request["delay_s"]
        else:
            unit.start()
        self.units[name] = unit
        return Answer(0, err=f"Running as unit: {name}\n")

    def reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for unit in list(self.units.values()):
                if unit.pid == pid:
                    unit.ended(status)
                    if unit.is_forgotten():
                        del self.units[unit.name]

    def tick(self) -> None:
        self.reap()
        for unit in list(self.units.values()):
            if unit.restart_at is not None and unit.restart_at <= time.monotonic():
                if unit.sub == "auto-restart":
                    unit.restarts += 1
                unit.start()

    def hold_root_namespace(self) -> None:
        """All that runs as root shares one user namespace, or one could not look at the other."""
        holder = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "sh", "-c", "echo ready; exec sleep infinity"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        holder.returncode = 0
        holder.stdout.readline()
        ROOT_NAMESPACE.write_text(f"{holder.pid}\n")

    def boot(self) -> None:
        self.hold_root_namespace()
        WANTS.mkdir(parents=True, exist_ok=True)
        JOURNAL.mkdir(parents=True, exist_ok=True)
        for link in sorted(WANTS.iterdir()):
            unit = self.find(link.name)
            if unit is not None:
                self.start(unit)

    def shut_down(self) -> None:
        """Everything is asked at once, then killed; the process namespace takes the rest."""
        for unit in self.units.values():
            unit.begin_stop()
        end = time.monotonic() + 1.0
        while any(unit.pid for unit in self.units.values()) and time.monotonic() < end:
            self.reap()
            time.sleep(0.005)


def serve(init: Init) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(SOCKET)
    listener.listen(16)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    while init.end_status is None:
        if selector.select(timeout=0.05):
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(2.0)
                try:
                    handle(init, connection)
                except (OSError, ValueError, KeyError):
                    pass  # a client that went away or spoke nonsense changes nothing
        init.tick()


def handle(init: Init, connection: socket.socket) -> None:
    data = b""
    while not data.endswith(b"\n"):
        piece = connection.recv(65536)
        if not piece or len(data) > _REQUEST_LIMIT_BYTES:
            raise ValueError("no whole request")
        data += piece
    request = json.loads(data)
    done = init.run_transient(request) if "command" in request else answer(init, request["argv"])
    connection.sendall(json.dumps(done.__dict__).encode() + b"\n")


def main() -> None:
    init = Init()

    def power_off(*_: object) -> None:
        init.end_status = 0

    signal.signal(signal.SIGTERM, power_off)
    signal.signal(signal.SIGINT, power_off)
    init.boot()
    serve(init)
    init.shut_down()
    os._exit(init.end_status or 0)


if __name__ == "__main__":
    main()
