# SPDX-License-Identifier: Apache-2.0
"""What people do with modals and the home tab: fill in, submit, close, click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import envelopes
from deliveries import Delivery
from linter import check_view
from people_acts import CannotDo, action_of, deliver_actions, find_element, send_event
from views import View

if TYPE_CHECKING:
    from workspace import Workspace

Json = dict[str, Any]
# The member of an input's state that holds what was chosen.
_SELECTED = {"static_select": "selected_option", "radio_buttons": "selected_option",
             "external_select": "selected_option", "multi_static_select": "selected_options",
             "checkboxes": "selected_options", "users_select": "selected_user",
             "multi_users_select": "selected_users", "channels_select": "selected_channel",
             "conversations_select": "selected_conversation", "datepicker": "selected_date",
             "timepicker": "selected_time", "datetimepicker": "selected_date_time"}


def view_by(ws: Workspace, user: str, view_id: str) -> View:
    view = ws.views.top(user, view_id)
    if view is None:
        raise CannotDo(f"{user} has no view {view_id or 'open'}")
    return view


def submit(ws: Workspace, body: Json) -> Delivery:
    """`values` by block_id: text, the value of an option, or a list of them."""
    view = view_by(ws, body["user"], body.get("view", ""))
    values = _fill_in(view, body.get("values", {}))
    payload = envelopes.interaction(ws.me, "view_submission", view.user,
                                    ws.people.name(view.user), ws.triggers.make(view.user, view.id))
    payload |= {"view": view.describe(ws.me, values) | body.get("change", {}),
                "response_urls": []}
    ws.journal.add("submit", user=view.user, view=view.id)
    return ws.deliveries.deliver(envelopes.envelope("interactive", payload, True),
                                 lambda given: _take_answer(ws, view, given))


def close_view(ws: Workspace, body: Json) -> Delivery | None:
    """No envelope goes out unless the view asked for it."""
    view = view_by(ws, body["user"], body.get("view", ""))
    ws.views.close(view)
    ws.journal.add("view_closed", user=view.user, view=view.id)
    if not view.body.get("notify_on_close"):
        return None
    payload = envelopes.interaction(ws.me, "view_closed", view.user, ws.people.name(view.user), "")
    del payload["trigger_id"]
    payload |= {"view": view.describe(ws.me), "is_cleared": False}
    return ws.deliveries.deliver(envelopes.envelope("interactive", payload, False))


def click_in_view(ws: Workspace, body: Json) -> Delivery:
    """In the modal that is open, or in the home tab when none is."""
    user = body["user"]
    view = ws.views.top(user, body.get("view", "")) or ws.views.homes.get(user)
    if view is None:
        raise CannotDo(f"{user} looks at no view")
    block, element = find_element(view.body.get("blocks", []), body)
    if "confirm" in element and not body.get("confirm", True):
        raise CannotDo("the person said no")
    payload = envelopes.interaction(ws.me, "block_actions", user, ws.people.name(user),
                                    ws.triggers.make(user, view.id))
    payload |= {"container": {"type": "view", "view_id": view.id}, "view": view.describe(ws.me),
                "actions": [action_of(ws, block, element, body)]}
    return deliver_actions(ws, payload | body.get("payload", {}))


def open_home(ws: Workspace, body: Json) -> Delivery:
    user = body["user"]
    home = ws.views.homes.get(user)
    channel = ws.channels.direct(user, ws.me.bot_user)
    return send_event(ws, envelopes.app_home_opened(
        user, "home", f"{ws.clock.now():.6f}", channel.id, home.describe(ws.me) if home else None))


def _fill_in(view: View, given: Json) -> Json:
    """The state of all inputs; refuses what Slack's own form would not let go."""
    values: Json = {}
    inputs = {block["block_id"]: block for block in view.body.get("blocks", [])
              if block["type"] == "input"}
    if unknown := set(given) - set(inputs):
        raise CannotDo(f"the view has no input {sorted(unknown)}; it has {sorted(inputs)}")
    for block_id, block in inputs.items():
        element = block["element"]
        state = _state_of(element, given.get(block_id))
        chosen = next((state[name] for name in ("value", *_SELECTED.values()) if name in state),
                      None)
        if not chosen and not block.get("optional"):
            raise CannotDo(f"{block_id}: please complete this required field")
        if isinstance(chosen, str) and element["type"] == "plain_text_input":
            _check_length(block_id, element, chosen)
        values[block_id] = {element.get("action_id", "input"): state}
    return values


def _check_length(block_id: str, element: Json, text: str) -> None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if text and not least <= len(text) <= most:
        raise CannotDo(f"{block_id}: {len(text)} characters, {least} to {most} are asked for")


def _state_of(element: Json, given: Any) -> Json:
    kind = element["type"]
    member = _SELECTED.get(kind, "value")
    if given is None:
        given = element.get("initial_" + ("value" if member == "value" else member[9:]))
    elif member == "selected_option":
        given = _option(element, given)
    elif member == "selected_options":
        given = [_option(element, one) for one in given]
    if given is None and member.endswith("s"):
        given = []
    return {"type": kind, member: given}


def _option(element: Json, value: str) -> Json:
    groups = element.get("option_groups", [])
    options = element.get("options", []) + [one for group in groups for one in group["options"]]
    for option in options:
        if option["value"] == value:
            return dict(option)
    raise CannotDo(f"there is no option {value}")


def _take_answer(ws: Workspace, view: View, given: Json) -> list[str]:
    """The ack of a submission decides what becomes of the view."""
    action = given.get("response_action")
    if not given:
        ws.views.close(view)
    elif action == "clear":
        ws.views.close(view, whole=True)
    elif action == "errors":
        return _show_errors(view, given.get("errors"))
    elif action in ("update", "push"):
        error, messages = check_view(given.get("view"))
        if error:
            return [error, *messages]
        if action == "update":
            view.change(given["view"])
        elif ws.views.push(view.user, given["view"]) is None:
            return ["push_limit_reached"]
    else:
        return [f"no response_action {action}"]
    return []


def _show_errors(view: View, errors: Any) -> list[str]:
    inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        return [f"errors must name input blocks: {sorted(inputs)}"]
    view.errors = {name: str(words) for name, words in errors.items()}
    return []
