# SPDX-License-Identifier: Apache-2.0
"""The tree under judgement: its files, and C++ without its comments and strings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PRODUCT = ("rules", "config", "bot", "integrations")
# What a build, a tool or an editor leaves behind is nobody's source.
_SKIPPED = {".git", ".cache", "build", "node_modules", "__pycache__"}
_TEXT_MAX = 2_000_000

_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/
      |R"(?P<mark>[^(\s"]*)\(.*?\)(?P=mark)"
      |"(?:\\.|[^"\\\n])*"
      |(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'""", re.S | re.X)


@dataclass(frozen=True, order=True)
class Finding:
    """One offence; `rule` is the name under which the table of exceptions knows it."""
    path: str
    line: int
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


class Source:
    """One text file; `path` is relative to the root, with slashes."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.lines = text.splitlines()
        self.name = path.rsplit("/", 1)[-1]
        self.folder = path.rsplit("/", 1)[0] if "/" in path else ""
        self.suffix = self.name[self.name.rfind("."):] if "." in self.name[1:] else ""

    @property
    def is_cpp(self) -> bool:
        return self.suffix in (".h", ".cpp")

    @property
    def is_product(self) -> bool:
        return self.path.split("/", 1)[0] in PRODUCT

    @property
    def is_python(self) -> bool:
        return self.suffix == ".py" or self._runs_under(r"python3?")

    @property
    def is_shell(self) -> bool:
        return self.suffix == ".sh" or self._runs_under(r"(ba|da)?sh|kubelet-sh")

    def _runs_under(self, program: str) -> bool:
        first = self.lines[0] if self.lines else ""
        return bool(re.match(rf"#!\S*/(env )?({program})\b", first))

    @property
    def room(self) -> str:
        """The folder that answers for this file: "bot", "integrations/ssh", "tests"."""
        parts = self.path.split("/")
        return "/".join(parts[:2]) if parts[0] == "integrations" else parts[0]

    @cached_property
    def code(self) -> str:
        """C++ with every comment blanked and every literal emptied; lines keep their numbers."""
        return _TOKEN.sub(_blank, self.text)

    @cached_property
    def comment_lines(self) -> set[int]:
        """The numbers of all lines that hold a comment of C++."""
        numbers: set[int] = set()
        for match in _TOKEN.finditer(self.text):
            if match[0].startswith("/"):
                first = self.text.count("\n", 0, match.start()) + 1
                numbers.update(range(first, first + match[0].count("\n") + 1))
        return numbers

    @cached_property
    def includes(self) -> list[tuple[int, str, bool]]:
        """(line, name, whether in angle brackets) of every #include."""
        found = []
        for number, line in enumerate(self.lines, 1):
            if match := re.match(r'#include ([<"])([^>"]+)[>"]', line):
                found.append((number, match[2], match[1] == "<"))
        return found


def _blank(match: re.Match[str]) -> str:
    text = match[0]
    if text.startswith("/"):
        return "\n" * text.count("\n")
    return '""' + "\n" * text.count("\n") if text[-1] == '"' else "' '"


class Tree:
    """All text files below a root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = {source.path: source for source in _read(root, root)}

    def __iter__(self) -> Iterator[Source]:
        return iter(self.files.values())

    def cpp(self) -> list[Source]:
        return [source for source in self if source.is_cpp]

    def product(self) -> list[Source]:
        return [source for source in self.cpp() if source.is_product]


def _read(root: Path, folder: Path) -> Iterator[Source]:
    for entry in sorted(folder.iterdir()):
        if entry.name in _SKIPPED or entry.is_symlink():
            continue
        if entry.is_dir():
            yield from _read(root, entry)
        elif entry.is_file() and entry.stat().st_size <= _TEXT_MAX:
            try:
                text = entry.read_bytes().decode()
            except UnicodeDecodeError:  # A corpus of hostile bytes is data, not text.
                continue
            yield Source(entry.relative_to(root).as_posix(), text)
