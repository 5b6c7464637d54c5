# SPDX-License-Identifier: Apache-2.0
"""A simulated Slack workspace for a test, so that the test reads like a story:

    with SlackWorkspace(folder) as slack:
        ...start the bot with slack.api_url, slack.app_token, slack.bot_token, slack.ca...
        slack.await_connected()
        fate = slack.slash("ana", "plan v1.33.2", "ops-upgrades")
        message = slack.await_message("ops-upgrades", "v1.33.2")
        slack.click("bob", "run.approve", message["ts"])
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

from processes import LabError
from web import Answer, call, expect

Json = dict[str, Any]
Found = TypeVar("Found")
APP_TOKEN = "xapp-1-A0UPGRADER-111-lab"
BOT_TOKEN = "xoxb-111-222-lab"
OPS, ADMIN = "C0OPS", "C0ADMIN"
SERVER = Path(__file__).parent / "slack" / "server.py"
_START_LIMIT_S = 20.0
_STOP_LIMIT_S = 10.0
_STEP_S = 0.02


@dataclass
class SlackWorkspace:
    """Started by `start` or `with`, ended by `stop`; it also ends when this process is gone."""

    folder: Path
    # With TLS there is a certificate of its own for 127.0.0.1 and localhost, `ca`.
    tls: bool = True
    port: int = 0
    app_token: str = APP_TOKEN
    bot_token: str = BOT_TOKEN
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def ca(self) -> Path:
        return self.folder / "slack.crt"

    @property
    def base(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        return f"{self.base}/api/"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        port_file = self.folder / "slack.port"
        port_file.unlink(missing_ok=True)
        command = [sys.executable, "-B", str(SERVER), "--port", str(self.port), "--port-file",
                   str(port_file), "--until-eof"]
        if self.tls:
            command += ["--tls", str(self._certify()), str(self.folder / "slack.key")]
        with (self.folder / "slack.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log,
                                             stderr=log)
        _await(port_file.exists, "the Slack simulator is ready", _START_LIMIT_S)
        self.port = int(port_file.read_text())

    def stop(self) -> None:
        """Slack is away; a later `start` is an empty workspace on the same port."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.terminate()
        try:
            process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_STOP_LIMIT_S)
            raise LabError("the Slack simulator did not end") from None
        finally:
            if process.stdin is not None:
                process.stdin.close()
        if process.returncode != 0:
            raise LabError(f"the Slack simulator ended with {process.returncode}: {self.log()}")

    def log(self) -> str:
        return (self.folder / "slack.log").read_text()[-2000:]

    def __enter__(self) -> SlackWorkspace:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()

    # What people do. Each answers with the fate of its envelope: {"state": "acked", "acks": ...}.

    def slash(self, user: str, text: str, channel: str = OPS, **more: Any) -> Json:
        return dict(self.tell("slash", user=user, text=text, channel=channel, **more))

    def burst(self, user: str, text: str, count: int, per_second: float) -> list[Json]:
        slash = {"user": user, "text": text}
        return list(self.tell("burst", count=count, per_second=per_second, slash=slash))

    def click(self, user: str, action_id: str, ts: str, channel: str = OPS, **more: Any) -> Json:
        """`stale=True` clicks what an earlier version showed, `confirm=False` says no."""
        return dict(self.tell("click", user=user, action_id=action_id, ts=ts, channel=channel,
                              **more))

    def submit(self, user: str, values: Json, view: str = "", **more: Any) -> Json:
        """The topmost view of that person; values are {block_id: text, option or list}."""
        return dict(self.tell("submit", user=user, view=view, values=values, **more))

    def close_view(self, user: str, view: str = "") -> Json:
        return dict(self.tell("close_view", user=user, view=view))

    def click_in_view(self, user: str, action_id: str, view: str = "", **more: Any) -> Json:
        return dict(self.tell("click_in_view", user=user, action_id=action_id, view=view, **more))

    def open_home(self, user: str) -> Json:
        return dict(self.tell("home", user=user))

    def event(self, event: Json) -> Json:
        return dict(self.tell("event", event=event))

    def say(self, user: str, text: str, channel: str = OPS, thread_ts: str = "") -> str:
        """The ts of what somebody wrote."""
        return str(self.tell("say", user=user, text=text, channel=channel,
                             thread_ts=thread_ts)["ts"])

    # What goes wrong.

    def faults(self, *faults: Json) -> None:
        self.tell("faults", faults=list(faults))

    def mend(self) -> None:
        self.tell("faults", clear=True)

    def switches(self, scope: str = "all", **switches: Any) -> None:
        self.tell("switches", scope=scope, **switches)

    def disconnect(self, reason: str = "refresh_requested", socket: str = "all") -> int:
        return int(self.tell("disconnect", reason=reason, socket=socket)["sockets"])

    def cut(self, socket: str = "all") -> int:
        return int(self.tell("cut", socket=socket)["sockets"])

    def away(self, mode: str = "reset") -> None:
        """All of Slack: "reset", "status" or "silence"; what it knows it keeps, unlike `stop`."""
        self.tell("away", mode=mode)

    def back(self) -> None:
        self.tell("away", mode="")

    def advance(self, seconds: float) -> None:
        self.tell("advance", seconds=seconds)

    # What there is to see.

    def channel(self, name: str = OPS, user: str = "") -> list[Json]:
        """The messages in order; those with `only_for` are ephemeral."""
        return self._list(f"messages/{quote(name, safe='')}?user={user}")

    def text(self, name: str = OPS, user: str = "") -> str:
        """The channel as a person would see it."""
        return self.ask(f"text/{quote(name, safe='')}?user={user}").text

    def view(self, user: str) -> Json:
        """The topmost open view of that person."""
        return self.ask(f"view/{user}").json()

    def home(self, user: str) -> Json:
        return self.ask(f"home/{user}").json()

    def journal(self, *kinds: str, since: int = 0) -> list[Json]:
        query = f"?since={since}" + (f"&kind={','.join(kinds)}" if kinds else "")
        return [json.loads(line) for line in self.ask(f"journal{query}").text.splitlines()]

    def sockets(self) -> list[Json]:
        return self._list("sockets")

    def deliveries(self) -> list[Json]:
        return self._list("deliveries")

    def calls(self, method: str) -> list[Json]:
        return [entry for entry in self.journal("api") if entry["method"] == method]

    def wait_for(self, condition: Callable[[], Found | None], what: str,
                 limit_s: float = 15.0) -> Found:
        """Looks every 20 ms; what the condition gave, once it is true."""
        return _await(condition, what, limit_s)

    def await_connected(self, count: int = 1, limit_s: float = 15.0) -> None:
        self.wait_for(lambda: len([s for s in self.sockets() if s["state"] == "active"]) == count,
                      f"{count} connections", limit_s)

    def await_message(self, channel: str, words: str, limit_s: float = 15.0) -> Json:
        """The latest message whose text or blocks have these words."""
        return self.wait_for(lambda: next(
            (message for message in reversed(self.channel(channel))
             if words in message["text"] or words in json.dumps(message["blocks"],
                                                                ensure_ascii=False)), None),
            f"a message with {words!r} in {channel}", limit_s)

    def tell(self, command: str, **body: Any) -> Any:
        answer = call("POST", f"{self.base}/_sim/{command}", body, timeout_s=120.0,
                      ca_file=self.ca if self.tls else None)
        return expect(200, answer, f"Slack simulator, {command}").json()

    def ask(self, question: str) -> Answer:
        """What /_sim/ answers to a GET."""
        answer = call("GET", f"{self.base}/_sim/{question}", timeout_s=20.0,
                      ca_file=self.ca if self.tls else None)
        return expect(200, answer, f"Slack simulator, {question}")

    def _list(self, question: str) -> list[Json]:
        return list(json.loads(self.ask(question).text))

    def _certify(self) -> Path:
        if not self.ca.exists():
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "slack.key", "-out",
                 "slack.crt", "-days", "2", "-subj", "/CN=slack",
                 "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
                cwd=self.folder, check=True, capture_output=True, timeout=30)
        return self.ca


def _await(condition: Callable[[], Found | None], what: str, limit_s: float) -> Found:
    end = time.monotonic() + limit_s
    while not (found := condition()):
        if time.monotonic() > end:
            raise LabError(f"not within {limit_s:g} s: {what}")
        time.sleep(_STEP_S)
    return found
