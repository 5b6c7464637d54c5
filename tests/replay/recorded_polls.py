# SPDX-License-Identifier: Apache-2.0
"""A file of recorded polls, as `rules backtest --file` reads it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)


def write(file: Path, minutes: int) -> None:
    """A poll each 15 s: a full disk from 9:34 to 9:50, nothing seen from 11:00 to 11:03."""
    lines = []
    for at in (NINE + timedelta(seconds=15 * i) for i in range(4 * minutes + 1)):
        minute = (at - NINE).total_seconds() / 60
        firing = [{"alertname": "Watchdog"}]
        if 34 <= minute < 50:
            firing.append({"alertname": "DiskFull", "node": "w1"})
        dark = 120 <= minute < 123
        seen: dict[str, object] = {"failed": "refused"} if dark else {"firing": firing}
        lines.append(json.dumps({"at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), **seen}))
    file.write_text("\n".join(lines) + "\n")
