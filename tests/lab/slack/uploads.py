# SPDX-License-Identifier: Apache-2.0
"""Files in three steps: an address, the bytes, the post."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arguments import ApiError, Arguments
from faults import Faults
from http_server import Request, Response, answer
from posting import Draft, channel_to_post, check_thread, place

if TYPE_CHECKING:
    from workspace import Workspace

Json = dict[str, Any]
_ALL_LIMIT_BYTES = 64 << 20
_FILES_MAX = 2_000


@dataclass
class File:
    id: str
    name: str
    length: int
    secret: str
    content: bytes | None = None
    title: str = ""

    def describe(self) -> Json:
        return {"id": self.id, "name": self.name, "title": self.title or self.name,
                "size": self.length, "mode": "hosted", "permalink":
                f"https://acme.example.test/files/U0BOT/{self.id}/{self.name}"}


class Uploads:
    def __init__(self) -> None:
        self.files: dict[str, File] = {}

    def expect(self, name: str, length: int) -> File:
        held = sum(len(file.content or b"") for file in self.files.values())
        if held + length > _ALL_LIMIT_BYTES or len(self.files) >= _FILES_MAX:
            raise ApiError("file_uploads_disabled")
        file = File(f"F{len(self.files) + 1:08d}", name, length, secrets.token_urlsafe(24))
        self.files[file.id] = file
        return file

    def by_secret(self, secret: str) -> File | None:
        return next((file for file in self.files.values() if file.secret == secret), None)


def get_upload_url(ws: Workspace, given: Arguments) -> Json:
    name = given.required("filename")
    length = given.number("length", 0)
    if length <= 0:
        raise ApiError("invalid_arguments", ["[ERROR] length must be greater than 0"])
    file = ws.uploads.expect(name, length)
    return {"upload_url": f"{ws.base}/upload/v1/{file.secret}", "file_id": file.id}


async def take_bytes(ws: Workspace, request: Request, secret: str) -> Response:
    """POST to the upload_url: a form with one file, or the bytes as they are."""
    fault = ws.faults.take("upload")
    if fault is not None and Faults.comes_first(fault):
        return await ws.faults.spoil(fault, answer({"ok": False}))
    file = ws.uploads.by_secret(secret)
    content = request.body
    if request.content_type == "multipart/form-data":
        content = _part_of(request)
    good = file is not None and file.content is None and len(content) == file.length
    ws.journal.add("upload", file=file.id if file else "", bytes=len(content), accepted=good,
                   content_type=request.content_type,
                   authorised="authorization" in request.headers)
    if file is None or not good:
        return Response(400 if file else 404, b"bad upload", "text/plain")
    file.content = content
    done = Response(200, f"OK - {len(content)}".encode(), "text/plain")
    return done if fault is None else await ws.faults.spoil(fault, done)


def complete(ws: Workspace, given: Arguments) -> Json:
    wanted = given.nested("files", "invalid_arguments")
    if not isinstance(wanted, list) or not wanted:
        raise ApiError("invalid_arguments", ["[ERROR] missing required field: files"])
    files = []
    for one in wanted:
        file = ws.uploads.files.get(str(one.get("id"))) if isinstance(one, dict) else None
        if file is None or file.content is None:
            raise ApiError("file_not_found")
        file.title = str(one.get("title") or "")
        files.append(file.describe())
    name = given.text("channel_id") or given.text("channels").partition(",")[0]
    if name:
        channel = channel_to_post(ws, name)
        draft = Draft(given.text("initial_comment"), thread_ts=given.text("thread_ts"),
                      files=files)
        check_thread(ws, channel, draft)
        place(ws, channel, draft)
    return {"files": files}


def _part_of(request: Request) -> bytes:
    """The content of the first part that is a file, or of the first part."""
    found = re.search(r'boundary="?([^";]+)', request.headers["content-type"])
    if found is None:
        return b""
    parts = request.body.split(b"--" + found[1].encode())[1:-1]
    parts.sort(key=lambda part: b"filename=" not in part.partition(b"\r\n\r\n")[0])
    return parts[0].partition(b"\r\n\r\n")[2][:-2] if parts else b""
