# SPDX-License-Identifier: Apache-2.0
"""Which path belongs to whom."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import chat_methods
import uploads
from arguments import ApiError, Arguments
from control import Control
from faults import Fault, Faults
from http_server import Request, Response, Takeover, answer
from web_api import WebApi

if TYPE_CHECKING:
    from workspace import Workspace


class Routes:
    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace
        self._api = WebApi(workspace)
        self._control = Control(workspace)

    async def handle(self, request: Request) -> Response | Takeover:
        """A mistake of the simulator itself is journaled as a crash, and a 500."""
        try:
            return await self._find(request)
        except Exception as error:
            self._ws.journal.add("crash", path=request.path, error=repr(error)[:500])
            traceback.print_exc()
            return Response(500, b"the simulator has a bug\n", "text/plain")

    async def _find(self, request: Request) -> Response | Takeover:
        words = request.path.split("/")
        if words[1] == "_sim" and len(words) > 2:
            return await self._control.handle(request)
        if self._ws.away:
            return await self._be_away(request)
        if words[1] == "api" and len(words) == 3:
            return await self._api.call(request, words[2])
        if words[1] == "link":
            return await self._ws.sockets.dial(request)
        if words[1] in ("commands", "actions") and len(words) == 5:
            return await self._respond(request, words[4])
        if words[1] == "upload" and len(words) == 4:
            return await uploads.take_bytes(self._ws, request, words[3])
        return Response(404, b"not found\n", "text/plain")

    async def _be_away(self, request: Request) -> Response:
        self._ws.journal.add("nobody_home", path=request.path)
        do = {"status": "status", "silence": "drop"}.get(self._ws.away, "reset")
        return await self._ws.faults.spoil(Fault("api", do, status=503), answer({"ok": False}))

    async def _respond(self, request: Request, name: str) -> Response:
        """POST to a response_url; the answer is the text "ok"."""
        fault = self._ws.faults.take("response_url")
        if fault is not None and Faults.comes_first(fault):
            return await self._ws.faults.spoil(fault, answer({"ok": False}))
        good = self._use(request, name)
        return good if fault is None else await self._ws.faults.spoil(fault, good)

    def _use(self, request: Request, name: str) -> Response:
        target = self._ws.response_urls.redeem(name)
        error = target if isinstance(target, str) else ""
        try:
            given = Arguments.of(request)
            if not isinstance(target, str):
                channel = self._ws.channels.all[target.channel]
                chat_methods.respond(self._ws, given, channel, target.user, target.source_ts)
        except ApiError as bad:
            given, error = Arguments({}, True), bad.error
        self._ws.journal.add("response", error=error, arguments=given.values)
        if error:
            status = 404 if error.endswith("_url") else 400
            return answer({"ok": False, "error": error}, status)
        return Response(200, b"ok", "text/html")
