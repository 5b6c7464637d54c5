# SPDX-License-Identifier: Apache-2.0
"""What a person reads: mentions become names, links their labels, entities characters."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from people import People

_ANGLES = re.compile(r"<([^<>]+)>")


def readable(text: str, people: People) -> str:
    return html.unescape(_ANGLES.sub(lambda match: _one(match[1], people), text))


def in_html(text: str, people: People) -> str:
    """The same with bold, italic, code and links."""
    links: list[str] = []

    def keep(match: re.Match[str]) -> str:
        links.append(f'<span class="mention">{html.escape(readable(match[0], people))}</span>')
        return f"\0{len(links) - 1}\0"
    words = html.escape(html.unescape(_ANGLES.sub(keep, text)))
    for mark, tag in (("`", "code"), (r"\*", "b"), ("_", "i"), ("~", "s")):
        words = re.sub(rf"(?<!\w){mark}([^\n{mark}]+){mark}(?!\w)", rf"<{tag}>\1</{tag}>", words)
    return re.sub("\0(\\d+)\0", lambda match: links[int(match[1])], words).replace("\n", "<br>")


def _one(inside: str, people: People) -> str:
    target, _, label = inside.partition("|")
    kinds: tuple[tuple[str, Callable[[], str]], ...] = (
        ("@", lambda: "@" + people.name(target[1:])),
        ("#", lambda: "#" + (label or target[1:])),
        ("!subteam^", lambda: "@" + (people.groups[target[9:]].handle
                                     if target[9:] in people.groups else target[9:])),
        ("!date^", lambda: label),
        ("!", lambda: "@" + target[1:]))
    for mark, name in kinds:
        if target.startswith(mark):
            return name()
    return f"{label} ({target})" if label else target
