# SPDX-License-Identifier: Apache-2.0
"""One simulator for all tests of a file, and the Web API as a plain client calls it."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import places  # noqa: F401
from slack_workspace import BOT_TOKEN, SlackWorkspace
from web import Answer, call

Json = dict[str, Any]
FORM = "application/x-www-form-urlencoded"


class Story(unittest.TestCase):
    """Every test has a fresh workspace on a port of its own."""

    slack: SlackWorkspace

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="slack-")
        self.addCleanup(folder.cleanup)
        self.slack = SlackWorkspace(Path(folder.name), tls=False)
        self.slack.start()
        self.addCleanup(self.slack.stop)

    def send(self, method: str, arguments: Json, token: str = BOT_TOKEN, as_json: bool = False,
             ) -> Answer:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if as_json:
            body = json.dumps(arguments)
            headers["Content-Type"] = "application/json; charset=utf-8"
        else:
            body = urlencode({name: value if isinstance(value, str) else json.dumps(value)
                              for name, value in arguments.items()})
            headers["Content-Type"] = FORM
        return call("POST", self.slack.api_url + method, body, headers)

    def api(self, method: str, **arguments: Any) -> Json:
        """The answer of a form with the bot's token."""
        return self.send(method, arguments).json()

    def error(self, method: str, **arguments: Any) -> str:
        answer = self.api(method, **arguments)
        self.assertFalse(answer["ok"], answer)
        return str(answer["error"])

    def post(self, text: str = "hello", channel: str = "C0OPS", **more: Any) -> str:
        answer = self.api("chat.postMessage", channel=channel, text=text, **more)
        self.assertTrue(answer["ok"], answer)
        return str(answer["ts"])

    def respond(self, url: str, **body: Any) -> Answer:
        return call("POST", url, body)
