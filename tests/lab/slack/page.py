# SPDX-License-Identifier: Apache-2.0
"""A channel as a person would see it: as lines of text, and as a page for a browser."""

from __future__ import annotations

import html
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from channels import Channel, Message
from mrkdwn import in_html, readable

if TYPE_CHECKING:
    from workspace import Workspace

Json = dict[str, Any]
_STYLE = """
body{font:15px/1.45 sans-serif;max-width:52em;margin:1em auto;color:#1d1c1d}
.message{border-top:1px solid #ddd;padding:.5em 0}.thread{margin-left:3em}
.ephemeral{background:#f8f5e8}.who{font-weight:bold}.note{color:#666;font-size:85%}
.header{font-size:120%;font-weight:bold}.context{color:#666;font-size:85%}
.button{border:1px solid #888;border-radius:4px;padding:.1em .6em;margin-right:.4em}
.primary{color:#fff;background:#007a5a}.danger{color:#fff;background:#e01e5a}
.mention{background:#e8f5fa;color:#1264a3}.fields{display:grid;grid-template-columns:1fr 1fr}
pre,code{background:#f4f4f4}"""


def visible(channel: Channel, user: str) -> list[Message]:
    """Everything at the channel's level; without a user also every ephemeral."""
    return [m for m in channel.messages.values() if _seen(m, user) and (
        not m.thread_ts or m.broadcast or m.thread_ts not in channel.messages)]


def _seen(message: Message, user: str) -> bool:
    return not message.only_for or not user or message.only_for == user


def _replies(channel: Channel, message: Message, user: str) -> list[Message]:
    return [m for m in channel.messages.values() if m.thread_ts == message.ts and _seen(m, user)]


def as_text(ws: Workspace, channel: Channel, user: str) -> str:
    lines = [f"#{channel.name}" + (" (archived)" if channel.archived else "")]
    for message in visible(channel, user):
        lines += _message_lines(ws, message, "")
        for reply in _replies(channel, message, user):
            lines += _message_lines(ws, reply, "    | ")
    return "\n".join(lines) + "\n"


def _message_lines(ws: Workspace, message: Message, indent: str) -> Iterator[str]:
    notes = [f"only {ws.people.name(message.only_for)} sees this"] if message.only_for else []
    notes += ["edited"] if message.edited else []
    notes += ["also sent to the channel"] if message.broadcast else []
    shown = f" ({', '.join(notes)})" if notes else ""
    yield f"{indent}{_clock(message.ts)} {ws.people.name(message.user)}{shown}"
    lines = [line for block in message.blocks for line in block_lines(ws, block)]
    for line in lines or readable(message.text, ws.people).split("\n"):
        yield f"{indent}    {line}"
    for file in message.files:
        yield f"{indent}    [file {file['title']}, {file['size']} bytes]"


def _clock(ts: str) -> str:
    return time.strftime("%H:%M:%S", time.gmtime(float(ts)))


def block_lines(ws: Workspace, block: Json) -> list[str]:
    """One block as lines."""
    kind = block["type"]
    if kind == "divider":
        return ["----"]
    lines: list[str] = []
    if isinstance(block.get("text"), str):
        lines += block["text"].split("\n")
    elif "text" in block:
        lines += _words(ws, block["text"]).split("\n")
    if kind == "input":
        lines.append(f"{_words(ws, block['label'])}: <{block['element']['type']}>")
    lines += [line for one in block.get("fields", []) for line in _words(ws, one).split("\n")]
    elements = [*block.get("elements", []), *([block["accessory"]] if "accessory" in block else [])]
    if kind == "context":
        lines.append("  ".join(_words(ws, one) for one in elements))
    elif elements:
        lines.append("  ".join(_element(ws, one) for one in elements))
    return lines or [f"<{kind}>"]


def _words(ws: Workspace, text: Json) -> str:
    if text.get("type") == "mrkdwn":
        return readable(text["text"], ws.people)
    return str(text.get("text", text.get("alt_text", "")))


def _element(ws: Workspace, element: Json) -> str:
    if element["type"] == "button":
        return f"[ {_words(ws, element['text'])} ]"
    options = [_words(ws, option["text"]) for option in element.get("options", [])]
    return f"<{element['type']}{': ' if options else ''}{' | '.join(options)}>"


def as_html(ws: Workspace, channel: Channel, user: str) -> str:
    parts = []
    for message in visible(channel, user):
        parts.append(_message_html(ws, message, "message"))
        parts += [_message_html(ws, reply, "message thread")
                  for reply in _replies(channel, message, user)]
    title = html.escape("#" + channel.name)
    return (f"<!doctype html><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>"
            f"<h1>{title}</h1>{''.join(parts)}\n")


def _message_html(ws: Workspace, message: Message, kind: str) -> str:
    notes = _clock(message.ts) + (" edited" if message.edited else "")
    if message.only_for:
        kind += " ephemeral"
        notes += f", only {ws.people.name(message.only_for)} sees this"
    body = "".join(_block_html(ws, block) for block in message.blocks)
    files = "".join(f'<div class="note">file {html.escape(file["title"])}, {file["size"]} bytes'
                    "</div>" for file in message.files)
    return (f'<div class="{kind}"><span class="who">{html.escape(ws.people.name(message.user))}'
            f'</span> <span class="note">{html.escape(notes)}</span>'
            f"<div>{body or in_html(message.text, ws.people)}</div>{files}</div>")


def _block_html(ws: Workspace, block: Json) -> str:
    kind = html.escape(block["type"])
    if kind == "divider":
        return "<hr>"
    parts = [_words_html(ws, block["text"])] if isinstance(block.get("text"), dict) else []
    if block.get("fields"):
        cells = "".join(f"<div>{_words_html(ws, one)}</div>" for one in block["fields"])
        parts.append(f'<div class="fields">{cells}</div>')
    elements = [*block.get("elements", []), *([block["accessory"]] if "accessory" in block else [])]
    for element in elements:
        if element["type"] == "button":
            parts.append(f'<span class="button {html.escape(element.get("style", ""))}" title='
                         f'"{html.escape(element.get("action_id", ""))}">'
                         f"{_words_html(ws, element['text'])}</span>")
        else:
            known = element["type"] in ("plain_text", "mrkdwn")
            parts.append(_words_html(ws, element) if known else html.escape(_element(ws, element)))
    if not parts:
        parts = [html.escape(line) + "<br>" for line in block_lines(ws, block)]
    return f'<div class="{kind}">{" ".join(parts)}</div>'


def _words_html(ws: Workspace, text: Json) -> str:
    if text.get("type") == "mrkdwn":
        return in_html(text["text"], ws.people)
    return html.escape(str(text.get("text", ""))).replace("\n", "<br>")
