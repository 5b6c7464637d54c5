# SPDX-License-Identifier: Apache-2.0
"""What may not be written: calls, names and marks that this project does without."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree import Finding, Source, Tree

_LICENCE = "SPDX-License-Identifier: Apache-2.0"

# These files hold the forbidden words as patterns and as examples.
_ABOUT_WORDS = "tests/tidy/"


@dataclass(frozen=True)
class Ban:
    pattern: re.Pattern[str]
    what: str
    in_tests: bool = True
    # The one place of the product that may, as the beginning of a path.
    home: str = ""


_BANS = (
    Ban(re.compile(r"\b(system|steady|high_resolution)_clock::now|::time\(|\btime\(nullptr\)"),
        "reads a clock: time comes in through bot/ports.h", False, "integrations/system/"),
    Ban(re.compile(r"\bsleep_(for|until)\b|\b(u|nano)?sleep\("),
        "sleeps: waiting is the clock's business", False, "integrations/system/"),
    Ban(re.compile(r"\brandom_device\b|\bs?rand\(\)|\bstd::rand\b"),
        "draws lots: the simulation could not repeat it", True, "integrations/system/"),
    Ban(re.compile(r"\bstd::w?regex\b"), "std::regex recurses on its input: RE2 does not"),
    Ban(re.compile(r"\bstd::system\(|\bpopen\("), "starts a shell", False,
        "integrations/kubernetes/exec_plugin"),
    Ban(re.compile(r"\b((un)?setenv|putenv|setlocale)\("),
        "changes what all threads read without a lock", False),
    Ban(re.compile(r"\b(localtime|gmtime|asctime|ctime|strtok|inet_ntoa|gethostbyname)\("),
        "shares its answer with all threads", False),
    Ban(re.compile(r"(?<!=)(?<!= )\bdelete\b(?! ?\()"), "raw delete: give it an owner"),
)

_RAW_NEW = re.compile(r"(?<!operator )\bnew\b[ (]")
_USING_NAMESPACE = re.compile(r"\busing namespace (?!std::(\w+::)*\w*literals\b)([\w:]+)")
_EMPTY_NAME = re.compile(r"\b(?:class|struct)\s+(\w*(?:Manager|Helper|Utils?|Impl))\b")
_LATER = re.compile(r"\b(TODO|FIXME|XXX)\b")
# The lab's nodes have a user ops, whose home is on the node.
_MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(work|home/(?!ops\b)\w+)/")


def check_licence(tree: Tree) -> Iterator[Finding]:
    for source in tree:
        if source.is_cpp and source.lines[:1] != [f"// {_LICENCE}"]:
            yield Finding(source.path, 1, "licence", f"must begin with // {_LICENCE}")
        is_script = source.is_python or source.is_shell or source.suffix == ".mjs"
        if is_script and not any(_LICENCE in line for line in source.lines[:2]):
            yield Finding(source.path, 1, "licence", f"names no licence ({_LICENCE}) at its top")


def check_pragma(tree: Tree) -> Iterator[Finding]:
    for source in tree.cpp():
        if source.suffix == ".h" and source.lines[1:2] != ["#pragma once"]:
            yield Finding(source.path, 2, "pragma", "#pragma once must follow the licence")


def check_bans(tree: Tree) -> Iterator[Finding]:
    for source in tree.cpp():
        bans = [ban for ban in _BANS if ban.in_tests or source.is_product]
        bans = [ban for ban in bans if not (ban.home and source.path.startswith(ban.home))]
        for number, line in enumerate(source.code.splitlines(), 1):
            if line.startswith("#"):
                continue
            for ban in bans:
                if ban.pattern.search(line):
                    yield Finding(source.path, number, "banned", ban.what)
        yield from _raw_new(source)
        yield from _using_namespace(source)


def _raw_new(source: Source) -> Iterator[Finding]:
    """A private constructor leaves only unique_ptr<T>(new T(...)); any other `new` is loose."""
    for match in _RAW_NEW.finditer(source.code):
        before = source.code[:match.start()]
        statement = before[max(before.rfind(mark) for mark in ";{}") + 1:]
        if "#include" not in statement.splitlines()[-1] and "unique_ptr<" not in statement:
            line = before.count("\n") + 1
            yield Finding(source.path, line, "banned", "raw new: give it an owner")


def _using_namespace(source: Source) -> Iterator[Finding]:
    """The source of a test may open our own namespaces, nobody else may open any."""
    for match in _USING_NAMESPACE.finditer(source.code):
        ours = match[2].split("::")[0] == "lockkeeper"
        if not ours or source.is_product or source.suffix == ".h":
            line = source.code.count("\n", 0, match.start()) + 1
            yield Finding(source.path, line, "banned", f"using namespace {match[2]}")


def check_names(tree: Tree) -> Iterator[Finding]:
    for source in tree:
        if not (source.is_cpp or source.is_python):
            continue
        text = source.code if source.is_cpp else source.text
        for match in _EMPTY_NAME.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield Finding(source.path, line, "name", f"{match[1]}: a name that says nothing")


def check_marks(tree: Tree) -> Iterator[Finding]:
    """All text counts here: scripts, documents and settings, too."""
    for source in tree:
        if source.path.startswith(_ABOUT_WORDS):
            continue
        for number, line in enumerate(source.lines, 1):
            if match := _LATER.search(line):
                yield Finding(source.path, number, "later", f"{match[1]}: do it now or say why not")
            if match := _MACHINE_PATH.search(line):
                yield Finding(source.path, number, "machine path",
                              f"{match[0]} is a path of one machine")
