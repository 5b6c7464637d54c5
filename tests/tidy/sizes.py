# SPDX-License-Identifier: Apache-2.0
"""Budgets: lines of files and functions, columns, the share of comments."""

import ast
import re
from collections.abc import Iterator

from tree import Finding, Source, Tree

_FILE_MAX = 400
_FILE_USUAL = 300
_FUNCTION_MAX = 60
_FUNCTION_USUAL = 40
_COLUMNS_MAX = 100
# A hash or an address cannot be broken over lines.
_UNBREAKABLE = re.compile(r"[\w./:%-]{80,}")
# Below so many files a percentile says nothing.
_SAMPLE_MIN = 20
# The share of lines with a comment among those with text, in per cent, over all product files of a
# kind (least, most), and what all but one file of twenty stay within.
_COMMENTS = {".h": ((30, 45), (12, 55)), ".cpp": ((5, 15), (1, 15))}

# clang-format gives it a line of its own.
_TEMPLATE = re.compile(r"\btemplate <.*>$", re.M)
_TYPE_HEAD = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")


def check_columns(tree: Tree) -> Iterator[Finding]:
    for source in tree:
        if not (source.is_cpp or source.is_python or source.is_shell):
            continue
        for number, line in enumerate(source.lines, 1):
            if len(line) > _COLUMNS_MAX and not _UNBREAKABLE.search(line):
                yield Finding(source.path, number, "columns",
                              f"{len(line)} columns, {_COLUMNS_MAX} are the limit")


def check_files(tree: Tree) -> Iterator[Finding]:
    sources = [s for s in tree if s.is_cpp or s.is_python or s.is_shell]
    for source in sources:
        if len(source.lines) > _FILE_MAX:
            yield Finding(source.path, len(source.lines), "file length",
                          f"{len(source.lines)} lines, {_FILE_MAX} are the limit")
    yield from _percentile([(len(s.lines), s.path, 1) for s in sources], _FILE_USUAL, "file length",
                           "files")


def check_functions(tree: Tree) -> Iterator[Finding]:
    lengths = []
    for source in tree:
        spans = cpp_functions(source) if source.is_cpp else python_functions(source)
        lengths += [(last - first + 1, source.path, first) for first, last in spans]
    for length, path, line in lengths:
        if length > _FUNCTION_MAX:
            yield Finding(path, line, "function length",
                          f"a function of {length} lines, {_FUNCTION_MAX} are the limit")
    yield from _percentile(lengths, _FUNCTION_USUAL, "function length", "functions")


def _percentile(sizes: list[tuple[int, str, int]], usual: int, rule: str,
                what: str) -> Iterator[Finding]:
    """One of twenty may be larger than `usual`; the smallest of those too many is named."""
    if len(sizes) < _SAMPLE_MIN:
        return
    length, path, line = sorted(sizes)[(len(sizes) * 95 + 99) // 100 - 1]
    if length > usual:
        yield Finding(path, line, rule,
                      f"95 % of the {what} stay within {usual} lines, not {length}")


def cpp_functions(source: Source) -> list[tuple[int, int]]:
    """(first line, last line) of every outermost function body in a file that clang-format wrote.

    A brace after a space opens a block; without the space it is a value (`name_{value}`). The block
    is a function when its head has parentheses and is neither a type nor an initialiser.
    """
    spans = []
    blocks: list[bool] = []  # For every open brace: whether it opened a block.
    function_at = (0, 0)  # The open function, if any: its depth and its first line.
    parentheses = head_at = 0
    code = source.code
    for match in re.finditer(r"[{}();]|^#.*$", code, re.M):
        at, mark = match.start(), match[0]
        if mark in "()":
            parentheses += 1 if mark == "(" else -1
        elif mark == "{":
            blocks.append(parentheses == 0 and code[at - 1] in " \n")
            if blocks[-1]:
                if not function_at[0] and _opens_function(code[head_at:at]):
                    function_at = (len(blocks), _line_of_head(code, head_at))
                head_at = at + 1
        elif mark == "}" and blocks:
            if function_at[0] == len(blocks):
                spans.append((function_at[1], code.count("\n", 0, at) + 1))
                function_at = (0, 0)
            head_at = at + 1 if blocks.pop() else head_at
        elif parentheses == 0:  # A semicolon, or a line of the preprocessor.
            head_at = match.end()
    return spans


def _opens_function(head: str) -> bool:
    if "(" not in head or head.rstrip().endswith(("=", ",", "return")):
        return False
    before_arguments = _TEMPLATE.sub("", head).partition("(")[0]
    return "operator" in before_arguments or not _TYPE_HEAD.search(before_arguments)


def _line_of_head(code: str, head_at: int) -> int:
    head = re.compile(r"(\s|public:|private:|protected:)*").match(code, head_at)
    return code.count("\n", 0, head.end() if head else head_at) + 1


def python_functions(source: Source) -> list[tuple[int, int]]:
    if not source.is_python:
        return []
    try:
        tree = ast.parse(source.text)
    except SyntaxError:  # That is another check's finding.
        return []
    return [(node.lineno, node.end_lineno or node.lineno) for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def check_comments(tree: Tree) -> Iterator[Finding]:
    for suffix, (whole, usual) in _COMMENTS.items():
        sources = [s for s in tree.product() if s.suffix == suffix and len(s.lines) > 1]
        if len(sources) < _SAMPLE_MIN:
            continue
        counts = [comment_lines(source) for source in sources]
        share = 100 * sum(said for said, _ in counts) / sum(written for _, written in counts)
        if not whole[0] <= share <= whole[1]:
            yield Finding("CONTRIBUTING.md", 1, "comments",
                          f"{share:.1f} % of the lines of the product's *{suffix} have comment, "
                          f"{whole[0]} to {whole[1]} % are the budget")
        shares = sorted((100 * said / written, source.path)
                        for (said, written), source in zip(counts, sources))
        one_of_twenty = len(shares) // 20
        for value, path in (shares[one_of_twenty], shares[-1 - one_of_twenty]):
            if not usual[0] <= value <= usual[1]:
                yield Finding(path, 1, "comments",
                              f"95 % of the *{suffix} have {usual[0]} to {usual[1]} % of their "
                              f"lines with comment, not {value:.0f} %")


def comment_lines(source: Source) -> tuple[int, int]:
    """(lines with a comment, lines with text), without the licence line."""
    written = sum(bool(line.strip()) for line in source.lines[1:])
    return len(source.comment_lines - {1}), written
