# SPDX-License-Identifier: Apache-2.0
"""views.*: modals for those who hold a trigger, home tabs for anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arguments import ApiError, Arguments
from linter import check_view
from triggers import Trigger
from views import View

if TYPE_CHECKING:
    from workspace import Workspace

Json = dict[str, Any]


def open_view(ws: Workspace, given: Arguments) -> Json:
    body = _view_of(given, "modal")
    trigger = _trigger_of(ws, given)
    return _done(ws, "view_opened", ws.views.open(trigger.user, body))


def push_view(ws: Workspace, given: Arguments) -> Json:
    body = _view_of(given, "modal")
    trigger = _trigger_of(ws, given)
    if not trigger.view:
        raise ApiError("invalid_trigger_id")
    view = ws.views.push(trigger.user, body)
    if view is None:
        raise ApiError("push_limit_reached")
    return _done(ws, "view_opened", view)


def update_view(ws: Workspace, given: Arguments) -> Json:
    view = ws.views.find(given.text("view_id"), given.text("external_id"))
    if view is None:
        raise ApiError("not_found")
    body = _view_of(given, view.body["type"])
    _check_hash(given, view)
    view.change(body)
    return _done(ws, "view_changed", view)


def publish_view(ws: Workspace, given: Arguments) -> Json:
    user = given.required("user_id")
    if user not in ws.people.users:
        raise ApiError("user_not_found")
    if not ws.home_enabled:
        raise ApiError("not_enabled")
    body = _view_of(given, "home")
    if user in ws.views.homes:
        _check_hash(given, ws.views.homes[user])
    return _done(ws, "home_published", ws.views.publish(user, body))


def _view_of(given: Arguments, kind: str) -> Json:
    view = given.nested("view", "invalid_arguments")
    if view is None:
        raise ApiError("invalid_arguments", ["[ERROR] missing required field: view"])
    error, messages = check_view(view)
    if error:
        raise ApiError(error, messages)
    if view["type"] != kind:
        raise ApiError("invalid_arguments", [f"[ERROR] expected a {kind} view "
                                             "[json-pointer:/view/type]"])
    return dict(view)


def _trigger_of(ws: Workspace, given: Arguments) -> Trigger:
    trigger = ws.triggers.redeem(given.required("trigger_id"))
    if isinstance(trigger, str):
        raise ApiError(trigger)
    return trigger


def _check_hash(given: Arguments, view: View) -> None:
    if given.text("hash") and given.text("hash") != view.hash:
        raise ApiError("hash_conflict")


def _done(ws: Workspace, kind: str, view: View) -> Json:
    ws.journal.add(kind, view=view.id, user=view.user,
                   callback_id=view.body.get("callback_id", ""))
    return {"view": view.describe(ws.me)}
