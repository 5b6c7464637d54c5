# SPDX-License-Identifier: Apache-2.0
"""Loose ends: files that nothing uses, links that lead nowhere, scripts that cannot run."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import PurePosixPath

from tree import Finding, Source, Tree

_FENCE = re.compile(r"\s*(```|~~~)")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?: [^)]*)?\)")
_SHELLCHECK_SECONDS = 60


def check_sources_are_built(tree: Tree) -> Iterator[Finding]:
    """Every .cpp is named, from its place, in a CMakeLists.txt; ${...} stands for anything."""
    named = []
    for source in tree:
        if source.name == "CMakeLists.txt":
            for word in re.findall(r"[\w./${}-]+\.cpp\b", source.text):
                path = "/".join(part for part in (source.folder, word) if part)
                named.append(re.sub(r"\\\$\\\{\w+\\\}", ".*", re.escape(path)))
    built = re.compile("|".join(named) or r"(?!)")
    for source in tree:
        if source.suffix == ".cpp" and not built.fullmatch(source.path):
            yield Finding(source.path, 1, "dead file", "no CMakeLists.txt names it")


def check_includes(tree: Tree) -> Iterator[Finding]:
    """Every header has a reader, every "include" has a file."""
    included = set()
    for source in tree.cpp():
        for line, name, angled in source.includes:
            beside = (PurePosixPath(source.folder) / name).as_posix()
            found = next((path for path in (name, beside) if path in tree.files), "")
            if found:
                included |= {found} - {source.path}
            elif not angled and "/" in name:
                yield Finding(source.path, line, "include", f"{name} does not exist")
    for source in tree.cpp():
        if source.suffix == ".h" and source.path not in included:
            yield Finding(source.path, 1, "dead file", "nothing includes it")


def check_scripts_are_used(tree: Tree) -> Iterator[Finding]:
    """Every .sh and .py is named in another file; Python names its modules without the .py, and
    f"{theme}_cases" or "*_cases.py" in a file names all of that ending beside it."""
    words_of: dict[str, set[str]] = {}
    endings = set()
    for source in tree:
        for word in set(re.findall(r"\w[\w-]*", source.text)):
            words_of.setdefault(word, set()).add(source.path)
        if source.is_python:
            endings |= {(source.folder, end) for end in re.findall(r"[}*](_\w+)", source.text)}
    for source in tree:
        stem = source.name.removesuffix(source.suffix)
        if source.suffix not in (".sh", ".py") or words_of.get(stem, set()) - {source.path}:
            continue
        if not any(source.folder == at and stem.endswith(end) for at, end in endings):
            yield Finding(source.path, 1, "dead file", "no other file names it")


def check_markdown(tree: Tree) -> Iterator[Finding]:
    for source in tree:
        if source.suffix != ".md":
            continue
        titles = 0
        for number, line in _prose(source):
            titles += line.startswith("# ")
            if titles > 1 and line.startswith("# "):
                yield Finding(source.path, number, "title", "a second title: one # per document")
            for target in _LINK.findall(line):
                if not _leads_somewhere(tree, source, target):
                    yield Finding(source.path, number, "link", f"{target} leads nowhere")
        if titles == 0:
            yield Finding(source.path, 1, "title", "no title: one # per document")


def _prose(source: Source) -> Iterator[tuple[int, str]]:
    """The lines outside of fenced code."""
    fenced = False
    for number, line in enumerate(source.lines, 1):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield number, line


def _leads_somewhere(tree: Tree, source: Source, target: str) -> bool:
    if re.match(r"[a-z]+:", target):
        return True
    path, _, anchor = target.partition("#")
    file = (tree.root / source.folder / path) if path else tree.root / source.path
    if not file.exists():
        return False
    if not anchor or file.suffix != ".md":
        return True
    return anchor in {_anchor(line) for line in file.read_text().splitlines() if line[:1] == "#"}


def _anchor(heading: str) -> str:
    """As the forges make them: lower case, spaces to dashes, punctuation gone."""
    text = heading.lstrip("#").strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def check_python(tree: Tree) -> Iterator[Finding]:
    for source in tree:
        if source.is_python:
            try:
                compile(source.text, source.path, "exec", dont_inherit=True)
            except SyntaxError as error:
                yield Finding(source.path, error.lineno or 1, "python", str(error.msg))


def check_shell(tree: Tree) -> Iterator[Finding]:
    """As shellcheck sees it, where it is installed."""
    scripts = [source.path for source in tree if source.is_shell]
    shellcheck = shutil.which("shellcheck")
    if not scripts or not shellcheck:
        return
    done = subprocess.run([shellcheck, "--format=gcc", "--severity=info", *scripts], cwd=tree.root,
                          capture_output=True, text=True, timeout=_SHELLCHECK_SECONDS, check=False)
    for line in done.stdout.splitlines():
        if match := re.match(r"([^:]+):(\d+):\d+: (.*)", line):
            yield Finding(match[1], int(match[2]), "shell", match[3])
