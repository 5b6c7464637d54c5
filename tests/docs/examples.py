# SPDX-License-Identifier: Apache-2.0
"""The examples of the documentation, tried: every ini block loads, every local command says what
the page shows.

usage: examples.py LOCKKEEPER DOCS_FOLDER

An ini block that begins with a section's header is a lockkeeper.ini or, when it has only [rule
NAME] sections, a rules.ini; what it leaves out and a configuration must have is filled in. In a
console block, commands that need no cluster are run with the page's last one of each as their
configuration; a line `...` in the output stands for any lines. An ini or YAML block whose first
line is the comment `# NAME` is the file of that name in the folder in which the commands are run.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "replay"))

import recorded_polls  # noqa: E402

# Needs neither a cluster nor a daemon. `check` looks at files that only an installation has, so its
# findings are not compared: pages end its output with `...`.
_LOCAL = re.compile(r"(sudo -u lockkeeper )?lockkeeper (rules [a-z]+|check|--version)\b")
_FILE = re.compile(r"# ([a-z_]+\.(?:ini|yml))\n")
_INSTALLED = "/etc/lockkeeper"
_NEEDED = {
    "ssh": "user = ops\nkey_file = /etc/lockkeeper/id_ed25519\n",
    "prometheus": "url = http://127.0.0.1:9090\n",
}
_SOME_RULE = '[rule some]\nmatch = alertname="Some"\naction = pause\n'
_LIMIT_S = 20
_REFUSED = 2  # the exit code for a configuration that does not load


@dataclass(frozen=True)
class Block:
    """What stands between two fences."""

    page: Path
    line: int  # of the opening fence
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    opened: tuple[int, str] | None = None
    lines: list[str] = []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if not line.startswith("```"):
            lines.append(line)
        elif opened is None:
            opened, lines = (number, line[3:].strip()), []
        else:
            yield Block(page, *opened, "\n".join(lines))
            opened = None
    if opened is not None:
        raise ValueError(f"{page.name}:{opened[0]}: a block without an end")


class Installation:
    """A configuration folder that stands for /etc/lockkeeper."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self.binary = binary
        self.folder = folder
        self.install("")
        self.install(_SOME_RULE)
        self.desk = folder / "desk"  # where the commands are run
        self.desk.mkdir()
        # As a page says: a full disk from 9:34 to 9:50, nothing seen from 11:00 to 11:03.
        recorded_polls.write(self.desk / "polls.jsonl", 180)

    def install(self, ini: str) -> None:
        sections = re.findall(r"^\[(\w+)", ini, re.MULTILINE)
        if set(sections) == {"rule"}:
            (self.folder / "rules.ini").write_text(ini + "\n")
            return
        for section, text in _NEEDED.items():
            if section not in sections:
                ini += f"\n[{section}]\n{text}"
        (self.folder / "lockkeeper.ini").write_text(ini + "\n")

    def run(self, command: str) -> tuple[int, str]:
        words = shlex.split(command.removeprefix("sudo -u lockkeeper "))
        done = subprocess.run(
            [str(self.binary), *words[1:]], capture_output=True, text=True, timeout=_LIMIT_S,
            check=False, cwd=self.desk,
            env={"LOCKKEEPER_CONFIG": str(self.folder / "lockkeeper.ini")})
        return done.returncode, (done.stdout + done.stderr).replace(str(self.folder), _INSTALLED)


def commands(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Each command of a console block with the lines that are shown behind it."""
    command, shown = "", []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line[2:], []
        else:
            shown.append(line)
    if command:
        yield command, shown


def agrees(shown: list[str], said: list[str]) -> bool:
    """Whether the output is what is shown, where a line `...` stands for any number of lines."""
    if not shown:
        return not said
    if shown[0] == "...":
        return any(agrees(shown[1:], said[at:]) for at in range(len(said) + 1))
    return bool(said) and shown[0] == said[0] and agrees(shown[1:], said[1:])


def trials(block: Block, installation: Installation) -> Iterator[str]:
    """Tries one block; yields what is wrong with it."""
    if named := _FILE.match(block.text):
        (installation.desk / named[1]).write_text(block.text + "\n")
    elif block.language == "ini" and block.text.startswith("["):
        installation.install(block.text)
        code, said = installation.run("lockkeeper check")
        if code >= _REFUSED:
            yield f"{block.place}: the example is refused: {said.strip()}"
    if block.language == "console":
        for command, shown in commands(block):
            if not _LOCAL.match(command):
                continue
            _, said = installation.run(command)
            if not agrees(shown, said.splitlines()):
                yield f"{block.place}: `{command}` says\n{said}"


def main(binary: Path, docs: Path) -> int:
    wrong: list[str] = []
    tried = 0
    for page in sorted(docs.glob("*.md")):
        with tempfile.TemporaryDirectory() as folder:
            installation = Installation(binary, Path(folder))
            for block in blocks(page):
                tried += block.language in ("ini", "console", "yaml")
                wrong += trials(block, installation)
    for line in wrong:
        print(line)
    print(f"{tried} blocks looked at, {len(wrong)} wrong")
    return 1 if wrong or tried == 0 else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
