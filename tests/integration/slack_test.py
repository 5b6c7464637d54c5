# SPDX-License-Identifier: Apache-2.0
"""The bot's Slack side against the lab's workspace: slack_test.py PROBE socket|outages|..."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))

import slack_commands  # noqa: E402
import slack_messages  # noqa: E402
import slack_outages  # noqa: E402
import slack_proxy  # noqa: E402
import slack_socket  # noqa: E402

Case = Callable[[str, Path], None]
THEMES: dict[str, tuple[Case, ...]] = {
    "socket": slack_socket.CASES, "outages": (*slack_outages.CASES, slack_proxy.through_a_proxy),
    "commands": slack_commands.CASES, "messages": slack_messages.CASES}


def main() -> int:
    """Runs all cases of a theme, or those that are named."""
    probe, theme, *names = sys.argv[1:]
    for case in THEMES[theme]:
        if names and case.__name__ not in names:
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="lockkeeper-slack.") as folder:
            try:
                case(probe, Path(folder))
            except BaseException:
                for log in Path(folder).rglob("*.log"):
                    print(f"--- {log.name}\n{log.read_text()[-3000:]}")
                print(f"failed: {case.__name__}")
                raise
        print(f"{case.__name__}: as promised, {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
