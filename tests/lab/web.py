# SPDX-License-Identifier: Apache-2.0
"""One HTTP request, as the lab's programs and tests send it. Call it inside the lab's network."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from processes import LabError

_ANSWER_LIMIT_BYTES = 64 << 20


@dataclass(frozen=True)
class Answer:
    status: int
    text: str

    def json(self) -> dict:
        try:
            return json.loads(self.text)
        except ValueError as error:
            raise LabError(f"not JSON (status {self.status}): {self.text[:80]}") from error


def call(method: str, url: str, body: object = None, headers: dict[str, str] | None = None,
         timeout_s: float = 5.0, ca_file: Path | None = None) -> Answer:
    """Any status is an answer; no answer is a LabError. A body that is not text is sent as JSON."""
    data = None
    headers = dict(headers or {})
    if body is not None:
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        headers.setdefault("Content-Type", "application/json")
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    context = ssl.create_default_context(cafile=str(ca_file)) if ca_file else None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                         urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(request, timeout=timeout_s) as answer:
            return Answer(answer.status, answer.read(_ANSWER_LIMIT_BYTES).decode(errors="replace"))
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read(_ANSWER_LIMIT_BYTES).decode(errors="replace"))
    except OSError as error:
        raise LabError(f"{method} {url}: {getattr(error, 'reason', error)}") from error


def expect(status: int, answer: Answer, what: str) -> Answer:
    if answer.status != status:
        raise LabError(f"{what}: status {answer.status}, wanted {status}: {answer.text[:200]}")
    return answer


def answers(url: str, ca_file: Path | None = None) -> bool:
    """Whether the address gives a 200 right now."""
    try:
        return call("GET", url, timeout_s=1.0, ca_file=ca_file).status == 200
    except LabError:
        return False
