# SPDX-License-Identifier: Apache-2.0
"""The socket through the environment's proxy: a small one that only knows CONNECT."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from slack_bot import SlackBot
from slack_workspace import SlackWorkspace

_LIMIT_S = 20.0


class ConnectProxy:
    """Answers CONNECT for one name, which it takes for loopback; refuses everything else."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join(_LIMIT_S)
        for one in self._sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
        for thread in self._threads:
            thread.join(_LIMIT_S)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(_LIMIT_S)
        head = b""
        while b"\r\n\r\n" not in head and (piece := client.recv(4096)):
            head += piece
        text = head.decode()
        self.asked.append(text)
        target = text.split(" ")[1] if text.startswith("CONNECT ") else ""
        if "Proxy-Authorization: Basic YW5hOnNlY3JldA==" not in text:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        if not target.startswith(self.name + ":"):
            client.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            return
        server = socket.create_connection(("127.0.0.1", int(target.split(":")[1])))
        self._sockets.append(server)
        client.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
        client.settimeout(None)
        for pair in ((client, server), (server, client)):
            self._threads.append(threading.Thread(target=_pipe, args=pair))
            self._threads[-1].start()


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class NamedWorkspace(SlackWorkspace):
    """A workspace whose sockets are at a name that only the proxy knows."""

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        port_file = self.folder / "slack.port"
        server = Path(__file__).resolve().parents[1] / "lab" / "slack" / "server.py"
        with (self.folder / "slack.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-B", str(server), "--port-file", str(port_file), "--until-eof",
                 "--name", "applink.slack.test"],
                stdin=subprocess.PIPE, stdout=log, stderr=log)
        self.wait_for(port_file.exists, "the Slack simulator is ready")
        self.port = int(port_file.read_text())


def through_a_proxy(probe: str, folder: Path) -> None:
    with NamedWorkspace(folder / "slack", tls=False) as slack, \
            ConnectProxy("applink.slack.test") as proxy:
        bot = SlackBot(probe, folder, slack, 10)
        bot.env["http_proxy"] = f"http://ana:secret@127.0.0.1:{proxy.port}"
        with bot:
            slack.await_connected()
            assert proxy.asked[0].startswith(f"CONNECT applink.slack.test:{slack.port} HTTP/1.1")
            assert slack.slash("ana", "status")["state"] == "acked"
        other = folder / "refused"
        other.mkdir()
        bot = SlackBot(probe, other, slack, 10)
        bot.env["http_proxy"] = f"http://127.0.0.1:{proxy.port}"
        with bot:
            health = bot.await_health("told", lambda health: health["problem"])
            assert "the proxy refuses (407)" in health["problem"], health
            assert "secret" not in bot.log()
