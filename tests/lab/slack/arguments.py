# SPDX-License-Identifier: Apache-2.0
"""What a caller of the Web API gave: a form, JSON or a query, nested values as JSON in a field."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from http_server import Request


class ApiError(Exception):
    """An answer with ok:false; `more` are further members."""

    def __init__(self, error: str, messages: list[str] | None = None, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more | ({"response_metadata": {"messages": messages}} if messages else {})


class Arguments:
    def __init__(self, values: dict[str, Any], is_json: bool) -> None:
        self.values = values
        self.is_json = is_json

    @staticmethod
    def of(request: Request) -> Arguments:
        values: dict[str, Any] = dict(request.query)
        if request.content_type == "application/json":
            if request.body.strip():
                try:
                    given = json.loads(request.body)
                except ValueError as error:
                    raise ApiError("invalid_json") from error
                if not isinstance(given, dict):
                    raise ApiError("json_not_object")
                values |= given
            return Arguments(values, bool(request.body.strip()))
        try:
            values |= dict(parse_qsl(request.body.decode(), True))
        except UnicodeDecodeError as error:
            raise ApiError("invalid_form_data") from error
        return Arguments(values, False)

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    def required(self, name: str) -> str:
        if not self.text(name):
            raise ApiError("invalid_arguments", [f"[ERROR] missing required field: {name}"])
        return self.text(name)

    def flag(self, name: str) -> bool:
        return str(self.values.get(name, "")).lower() in ("1", "true")

    def number(self, name: str, otherwise: int) -> int:
        text = self.text(name)
        if text and not text.isdigit():
            raise ApiError("invalid_arguments", [f"[ERROR] {name} must be an integer"])
        return int(text) if text else otherwise

    def nested(self, name: str, error: str) -> Any:
        """A list or an object, however it came; None when it was not given."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as bad:
            raise ApiError(error) from bad
