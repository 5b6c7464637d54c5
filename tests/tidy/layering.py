# SPDX-License-Identifier: Apache-2.0
"""Arrows point down only: who may include whom, and which libraries reach which room."""

import re
from collections.abc import Iterator

from tree import Finding, Source, Tree

# The files of bot/ that know everybody; the rest of bot/ knows neither them nor integrations/.
_COMPOSITION = re.compile(
    r"bot/(main|cli|cli_\w+|daemon|daemon_\w+|config_watch|metered_journal|gauges"
    r"|build_info)\.(h|cpp)")

# What each neighbour uses of the other neighbours. A new arrow is a decision: it is written here.
ARROWS: dict[str, tuple[str, ...]] = {
    "http": (),
    "json": (),
    "metrics": (),
    "system": (),
    "console": (),
    "sqlite": ("system",),
    "alertmanager": ("http", "json"),
    "prometheus": ("http", "json", "system"),
    "pushgateway": ("http", "metrics", "system"),
    "eyes": ("alertmanager", "prometheus", "system"),
    "web": ("alertmanager", "http", "json", "metrics", "system"),
    "ssh": ("system",),
    "node": ("ssh",),
    "kubernetes": ("http", "system"),
    "packages": ("http", "system"),
    "slack": ("http", "metrics", "sqlite", "system"),
    "world": ("http", "kubernetes", "node", "packages", "prometheus", "ssh", "system"),
}

_BELOW = {
    "rules": ("rules",),
    "config": ("rules", "config"),
    "bot": ("rules", "config", "bot"),
}

# Libraries beside the standard one, as the beginnings of include names. Rooms of integrations/ use
# what their neighbour needs.
_LIBRARIES = {
    "rules": ("re2/", "fmt/", "date/"),
    "config": ("re2/", "fmt/", "date/", "ini.h", "fcntl.h", "unistd.h", "sys/", "arpa/inet.h"),
    "bot": ("re2/", "fmt/", "date/", "nlohmann/"),
}

# They cost seconds in every file that sees them: a header with one of them stays in its room.
_HEAVY = ("boost/", "CLI/", "spdlog/", "yaml-cpp/", "prometheus/")


def check_layering(tree: Tree) -> Iterator[Finding]:
    for source in tree.product():
        for line, name, angled in source.includes:
            what = _strange_library(source, name) if angled else _upward(source, name)
            if what:
                yield Finding(source.path, line, "layering", what)


def _upward(source: Source, name: str) -> str:
    room = source.room
    target = Source(name, "").room
    if "/" not in name:
        return f'include "{name}" by its path from the root'
    if room == "bot" and _COMPOSITION.fullmatch(source.path):
        return ""
    if _COMPOSITION.fullmatch(name):
        return f"{room} may not include {name}: only the composition root does"
    if room in _BELOW:
        return "" if target in _BELOW[room] else f"{room} may not include {name}"
    if target in (*_BELOW, room):
        return ""
    allowed = ARROWS.get(room.removeprefix("integrations/"), ())
    if target.removeprefix("integrations/") in allowed:
        return ""
    return f"{room} may not include {name} (the arrows are in tests/tidy/layering.py)"


def _strange_library(source: Source, name: str) -> str:
    if source.room not in _LIBRARIES or _COMPOSITION.fullmatch(source.path):
        return ""
    if re.fullmatch(r"[a-z_]+", name) or name.startswith(_LIBRARIES[source.room]):
        return ""
    return f"{source.room} does not use <{name}>"


def check_heavy_headers(tree: Tree) -> Iterator[Finding]:
    heavy = {
        source.path
        for source in tree.product() if source.suffix == ".h"
        if any(angled and name.startswith(_HEAVY) for _, name, angled in source.includes)
    }
    for source in tree.product():
        for line, name, _ in source.includes:
            if name in heavy and tree.files[name].room != source.room:
                yield Finding(source.path, line, "heavy header",
                              f"{name} brings a heavy library: it stays in its room")


def check_cycles(tree: Tree, arrows: dict[str, tuple[str, ...]] | None = None) -> Iterator[Finding]:
    """The table itself must point down only."""
    del tree
    table = ARROWS if arrows is None else arrows
    settled: set[str] = set()
    while len(settled) < len(table):
        ready = {room for room, below in table.items() if settled.issuperset(below)} - settled
        if not ready:
            circle = ", ".join(sorted(table.keys() - settled))
            yield Finding("tests/tidy/layering.py", 1, "layering", f"arrows in a circle: {circle}")
            return
        settled |= ready
