# SPDX-License-Identifier: Apache-2.0
"""/_sim/: what tests tell the simulator to do, and what they ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import page
import people_acts as acts
import view_acts
from deliveries import Delivery
from faults import Fault
from http_server import Request, Response, answer
from identity import Token

if TYPE_CHECKING:
    from workspace import Workspace

Json = dict[str, Any]
# How long an answer waits, in real time, for the ack of what it sent.
_SETTLED_LIMIT_S = 30.0


class Control:
    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace
        self._commands: dict[str, Callable[[Json], Awaitable[Any]]] = {
            "slash": self._slash, "click": self._click, "event": self._event,
            "envelope": self._envelope, "redeliver": self._redeliver, "burst": self._burst,
            "say": self._say, "faults": self._faults, "switches": self._switches,
            "disconnect": self._disconnect, "cut": self._cut, "away": self._away, "raw": self._raw,
            "close": self._close, "ghosts": self._ghosts, "link": self._link,
            "advance": self._advance, "freeze": self._freeze, "user": self._user,
            "group": self._group, "channel": self._channel, "token": self._token,
            "settings": self._settings, "limits": self._limits, "submit": self._submit,
            "close_view": self._close_view, "click_in_view": self._click_in_view,
            "home": self._home}

    async def handle(self, request: Request) -> Response:
        """Every command is a POST with JSON; questions are GETs."""
        words = request.path.split("/")[2:]
        try:
            if request.method == "GET":
                return self._ask(words, request.query)
            command = self._commands.get(words[0])
            if command is None:
                return answer({"error": f"no command {words[0]}"}, 404)
            return answer(await command(self._named(request.json())))
        except acts.CannotDo as error:
            return answer({"error": str(error)}, 409)
        except (KeyError, TypeError, ValueError) as error:
            return answer({"error": f"{type(error).__name__}: {error}"}, 400)

    def _named(self, body: Json) -> Json:
        """People may be called by their names, too."""
        if "user" not in body:
            return body
        user = self._ws.people.find(body["user"])
        if not user:
            raise acts.CannotDo(f"nobody is called {body['user']}")
        return {**body, "user": user}

    def _ask(self, words: list[str], query: dict[str, str]) -> Response:
        ws = self._ws
        if words[0] == "journal":
            kinds = set(query["kind"].split(",")) if "kind" in query else set()
            lines = ws.journal.lines(ws.journal.since(int(query.get("since", "0")), kinds))
            return Response(200, lines.encode(), "application/x-ndjson")
        if words[0] == "sockets":
            return answer([link.describe() for link in ws.sockets.all_links()])
        if words[0] == "deliveries":
            return answer([delivery.describe() for delivery in ws.deliveries.all()])
        if words[0] == "status":
            return answer({"now": ws.clock.now(), "faults": ws.faults.left(),
                           "sockets": len(ws.sockets.open_links())})
        return self._show(words, query)

    def _show(self, words: list[str], query: dict[str, str]) -> Response:
        """What somebody sees: a channel, the topmost modal, the home tab, a file."""
        ws = self._ws
        if words[0] in ("messages", "text", "page"):
            user = ws.people.find(query.get("user", ""))
            channel = acts.channel_by(ws, words[1], user)
            if words[0] == "text":
                return _text(page.as_text(ws, channel, user), "plain")
            if words[0] == "page":
                return _text(page.as_html(ws, channel, user), "html")
            return answer([vars(message) for message in channel.messages.values()])
        if words[0] in ("view", "home"):
            user = ws.people.find(words[1])
            view = ws.views.top(user) if words[0] == "view" else ws.views.homes.get(user)
            return answer({**view.describe(ws.me), "errors": view.errors} if view else {})
        if words[0] == "file":
            content = ws.uploads.files[words[1]].content or b""
            return Response(200, content, "application/octet-stream")
        return answer({"error": f"no question {words[0]}"}, 404)

    async def _settled(self, delivery: Delivery, body: Json) -> Json:
        if body.get("wait", True):
            try:
                await asyncio.wait_for(delivery.settled.wait(), _SETTLED_LIMIT_S)
            except asyncio.TimeoutError:
                pass
        return delivery.describe()

    async def _slash(self, body: Json) -> Json:
        return await self._settled(acts.slash(self._ws, body), body)

    async def _click(self, body: Json) -> Json:
        return await self._settled(acts.click(self._ws, body), body)

    async def _submit(self, body: Json) -> Json:
        return await self._settled(view_acts.submit(self._ws, body), body)

    async def _close_view(self, body: Json) -> Json:
        delivery = view_acts.close_view(self._ws, body)
        return await self._settled(delivery, body) if delivery else {"state": "not sent"}

    async def _click_in_view(self, body: Json) -> Json:
        return await self._settled(view_acts.click_in_view(self._ws, body), body)

    async def _home(self, body: Json) -> Json:
        return await self._settled(view_acts.open_home(self._ws, body), body)

    async def _event(self, body: Json) -> Json:
        return await self._settled(acts.send_event(self._ws, body["event"]), body)

    async def _envelope(self, body: Json) -> Json:
        """Any envelope at all, as it stands."""
        return await self._settled(self._ws.deliveries.deliver(body["envelope"]), body)

    async def _redeliver(self, body: Json) -> Json:
        return self._ws.deliveries.redeliver(body["envelope_id"]).describe()

    async def _burst(self, body: Json) -> list[Json]:
        """Many commands at a steady pace; all of their fates."""
        sent = []
        for number in range(min(int(body["count"]), 5000)):
            one = {**body["slash"], "text": f"{body['slash'].get('text', '')} {number}".strip()}
            sent.append(acts.slash(self._ws, one))
            await asyncio.sleep(1 / float(body.get("per_second", 50)))
        return [await self._settled(delivery, {}) for delivery in sent]

    async def _say(self, body: Json) -> Json:
        return {"ts": acts.say(self._ws, body).ts}

    async def _faults(self, body: Json) -> Json:
        if body.get("clear"):
            self._ws.faults.clear()
        for one in body.get("faults", []):
            self._ws.faults.add(Fault(**one))
        return {"faults": self._ws.faults.left()}

    async def _switches(self, body: Json) -> Json:
        scope = body.pop("scope", "all")
        self._ws.sockets.change(body, scope)
        return {"scope": scope}

    async def _disconnect(self, body: Json) -> Json:
        count = self._ws.sockets.disconnect(body.get("reason", "refresh_requested"),
                                            body.get("socket", "all"))
        return {"sockets": count}

    async def _cut(self, body: Json) -> Json:
        return {"sockets": self._each(body, lambda link: link.cut())}

    async def _away(self, body: Json) -> Json:
        """All of Slack is gone, connections included, until it is told to be back."""
        mode = body.get("mode", "reset")
        if mode not in ("", "reset", "status", "silence"):
            raise ValueError(f"no way to be away: {mode}")
        self._ws.away = mode
        for link in self._ws.sockets.all_links() if mode else []:
            if mode == "silence":
                link.change({"half_open": True})
            else:
                link.cut()
        return {"mode": mode}

    async def _raw(self, body: Json) -> Json:
        """Bytes as they are, in hex, or a text frame."""
        raw = bytes.fromhex(body.get("hex", ""))
        return {"sockets": self._each(body, lambda link: (
            link.send_text(body["text"]) if "text" in body else link.send_raw(raw)))}

    async def _close(self, body: Json) -> Json:
        return {"sockets": self._each(body, lambda link: link.close(
            int(body.get("code", 1000)), body.get("reason", "")))}

    def _each(self, body: Json, act: Callable[[Any], Any]) -> int:
        links = [link for link in self._ws.sockets.all_links()
                 if body.get("socket", "all") in ("all", link.id)]
        for link in links:
            act(link)
        return len(links)

    async def _ghosts(self, body: Json) -> Json:
        self._ws.sockets.ghosts = min(int(body["count"]), 10)
        return {}

    async def _link(self, body: Json) -> Json:
        """Socket Mode on or off in the app's settings."""
        self._ws.sockets.link_enabled = bool(body["enabled"])
        if not body["enabled"]:
            self._ws.sockets.disconnect("link_disabled")
        return {}

    async def _advance(self, body: Json) -> Json:
        self._ws.clock.advance(float(body["seconds"]))
        return {"now": self._ws.clock.now()}

    async def _freeze(self, body: Json) -> Json:
        self._ws.clock.freeze(bool(body.get("frozen", True)))
        return {"now": self._ws.clock.now()}

    async def _user(self, body: Json) -> Json:
        return vars(self._ws.people.put_user(body))

    async def _group(self, body: Json) -> Json:
        return vars(self._ws.people.put_group(body))

    async def _channel(self, body: Json) -> Json:
        return self._ws.channels.put(body).describe(self._ws.me.bot_user)

    async def _token(self, body: Json) -> Json:
        """`kind` with an `error` for every call, or other `scopes`."""
        token: Token = self._ws.me.of_kind(body["kind"])
        token.error = body.get("error", token.error)
        token.scopes = body.get("scopes", token.scopes)
        return {}

    async def _settings(self, body: Json) -> Json:
        ws = self._ws
        ws.new_blocks = body.get("new_blocks", ws.new_blocks)
        ws.refuses_lost_threads = body.get("refuses_lost_threads", ws.refuses_lost_threads)
        ws.home_enabled = body.get("home_enabled", ws.home_enabled)
        ws.edit_window_s = body.get("edit_window_s", ws.edit_window_s)
        ws.commands |= set(body.get("commands", []))
        ws.deliveries.ack_from_any_connection = body.get(
            "ack_from_any_connection", ws.deliveries.ack_from_any_connection)
        return {}

    async def _limits(self, body: Json) -> Json:
        """`enabled`, and calls per minute by method."""
        self._ws.buckets.enabled = body.get("enabled", self._ws.buckets.enabled)
        self._ws.buckets.limits |= body.get("per_minute", {})
        return {}


def _text(words: str, kind: str) -> Response:
    return Response(200, words.encode(errors="replace"), f"text/{kind}; charset=utf-8")
