# SPDX-License-Identifier: Apache-2.0
"""The Web API: tokens, scopes, rate limits and faults around each method, and the journal."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import chat_methods as chat
import directory_methods as directory
import uploads
import view_methods as views
from arguments import ApiError, Arguments
from faults import Faults
from http_server import Request, Response, answer
from identity import Token

if TYPE_CHECKING:
    from workspace import Workspace

Json = dict[str, Any]
_JOURNALED_MAX = 100_000


@dataclass(frozen=True)
class Method:
    run: Callable[[Workspace, Arguments], Json]
    # One of these is enough; none means any token of the kind.
    scopes: tuple[str, ...] = ()
    takes_json: bool = True
    token: str = "bot"


_CHAT = ("chat:write",)
_HISTORY = ("channels:history", "groups:history", "im:history")
_SEES = ("channels:read", "groups:read", "im:read")
METHODS: dict[str, Method] = {
    "api.test": Method(directory.api_test, token=""),
    "auth.test": Method(directory.auth_test, token=""),
    "apps.connections.open": Method(directory.connections_open, ("connections:write",),
                                    token="app"),
    "chat.postMessage": Method(chat.post_message, _CHAT),
    "chat.update": Method(chat.update, _CHAT),
    "chat.postEphemeral": Method(chat.post_ephemeral, _CHAT),
    "chat.delete": Method(chat.delete, _CHAT),
    "chat.getPermalink": Method(chat.get_permalink, takes_json=False),
    "users.info": Method(directory.users_info, ("users:read",), False),
    "users.list": Method(directory.users_list, ("users:read",), False),
    "usergroups.list": Method(directory.usergroups_list, ("usergroups:read",), False),
    "usergroups.users.list": Method(directory.usergroups_users_list, ("usergroups:read",), False),
    "conversations.info": Method(directory.conversations_info, _SEES, False),
    "conversations.list": Method(directory.conversations_list, _SEES, False),
    "conversations.members": Method(directory.conversations_members, _SEES, False),
    "conversations.open": Method(directory.conversations_open, ("im:write", "mpim:write")),
    "conversations.history": Method(directory.conversations_history, _HISTORY, False),
    "conversations.replies": Method(directory.conversations_replies, _HISTORY, False),
    "views.open": Method(views.open_view),
    "views.push": Method(views.push_view),
    "views.update": Method(views.update_view),
    "views.publish": Method(views.publish_view),
    "files.getUploadURLExternal": Method(uploads.get_upload_url, ("files:write",), False),
    "files.completeUploadExternal": Method(uploads.complete, ("files:write",), False),
    "reactions.add": Method(directory.reactions_add, ("reactions:write",)),
}


class WebApi:
    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace

    async def call(self, request: Request, name: str) -> Response:
        """Always 200, unless it is a rate limit or a fault."""
        arguments: Json = {}
        token: Token | None = None
        fault = None
        headers = {"x-slack-req-id": uuid.uuid4().hex}
        try:
            given = Arguments.of(request)
            arguments = given.values
            fault = self._ws.faults.take(name, "api", arguments=arguments)
            if fault is not None and Faults.comes_first(fault):
                self._write_down(name, arguments, f"fault: {fault.do}", request)
                return await self._ws.faults.spoil(fault, answer({"ok": False}))
            method, token = self._authorise(request, name, given)
            headers |= _scope_headers(method, token)
            if wait_s := self._ws.buckets.wait_s(name, given.text("channel")):
                self._write_down(name, arguments, "ratelimited", request)
                return answer({"ok": False, "error": "ratelimited"}, 429,
                              {"retry-after": str(wait_s), **headers})
            good = answer({"ok": True, **self._run(method, given)}, 200, headers)
            self._write_down(name, arguments, "", request)
        except ApiError as error:
            self._write_down(name, arguments, error.error, request)
            good = answer({"ok": False, "error": error.error, **error.more}, 200, headers)
        return good if fault is None else await self._ws.faults.spoil(fault, good)

    def _run(self, method: Method, given: Arguments) -> Json:
        if given.is_json and not method.takes_json:
            raise ApiError("invalid_arguments", ["[ERROR] this method takes no JSON"])
        return method.run(self._ws, given)

    def _authorise(self, request: Request, name: str,
                   given: Arguments) -> tuple[Method, Token | None]:
        method = METHODS.get(name)
        if method is None:
            raise ApiError("unknown_method", req_method=name)
        header = request.headers.get("authorization", "")
        if header and not header.startswith("Bearer "):
            raise ApiError("invalid_auth")
        # An app-level token counts in the header only.
        words = header[7:].strip() or (given.text("token") if method.token != "app" else "")
        if not words and name == "api.test":
            return method, None
        if not words:
            raise ApiError("not_authed")
        token = self._ws.me.tokens.get(words)
        if token is None:
            raise ApiError("invalid_auth")
        if method.token and token.kind != method.token:
            raise ApiError("not_allowed_token_type")
        if token.error:
            raise ApiError(token.error)
        if method.scopes and not set(method.scopes) & set(token.scopes):
            raise ApiError("missing_scope", needed=method.scopes[0],
                           provided=",".join(token.scopes))
        return method, token

    def _write_down(self, name: str, arguments: Json, error: str, request: Request) -> None:
        shown = {key: value[:_JOURNALED_MAX] if isinstance(value, str) else value
                 for key, value in arguments.items() if key != "token"}
        self._ws.journal.add("api", method=name, error=error, arguments=shown,
                             content_type=request.content_type,
                             length=request.headers.get("content-length", ""),
                             user_agent=request.headers.get("user-agent", ""))


def _scope_headers(method: Method, token: Token | None) -> dict[str, str]:
    if token is None:
        return {}
    return {"x-oauth-scopes": ",".join(token.scopes),
            "x-accepted-oauth-scopes": ",".join(method.scopes)}
