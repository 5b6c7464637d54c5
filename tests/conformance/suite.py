# SPDX-License-Identifier: Apache-2.0
"""What the suites share: one server, a namespace for each test, and how refusals are compared."""

from __future__ import annotations

import unittest
from typing import Any

import world
from lab_server import Answer, LabServer

Json = dict[str, Any]
PODS = "/api/v1/namespaces/{}/pods"


class Suite(unittest.TestCase):
    """Every test works in a namespace of its own."""

    server: LabServer
    ns = ""

    def setUp(self) -> None:
        self.ns = self._testMethodName.replace("_", "-")[:60].rstrip("-")
        self.server.put_object(world.namespace(self.ns))

    def create(self, path: str, body: Json) -> Json:
        answer = self.server.call("POST", path.format(self.ns), body)
        self.assertEqual(answer.status, 201, answer.text)
        return answer.body

    def assert_refused(self, answer: Answer, code: int, reason: str | None, message: str) -> None:
        self.assertEqual(answer.status, code, answer.text)
        self.assertEqual((answer.body["kind"], answer.body["status"]), ("Status", "Failure"))
        self.assertEqual((answer.body["code"], answer.body.get("reason")), (code, reason))
        self.assertEqual(answer.body["message"], message)
