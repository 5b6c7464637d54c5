# SPDX-License-Identifier: Apache-2.0
"""The feed of k3s against the lab's channel server: channels_test.py PROBE"""

import sys
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))

from channel_server import ChannelServer  # noqa: E402
from peers import Probe  # noqa: E402

# What becomes of `stable` and `v1.35` in each mode: a version, or a part of the failure.
_EXPECTED = {
    "ok": ("v1.34.6+k3s1", "v1.35.2+k3s1"),
    "old-form": ("v1.34.6+k3s1", "v1.35.2+k3s1"),
    "collection-only": ("v1.34.6+k3s1", "v1.35.2+k3s1"),
    "bare-plus": ("v1.34.6+k3s1", "v1.35.2+k3s1"),
    # As it is: whoever compares versions refuses it (bot/detection.h).
    "pre-release": ("v1.36.0-rc1+k3s1", "v1.35.2+k3s1"),
    "elsewhere": ("its redirect leads to no release",) * 2,
    "html": ("a web page instead of JSON",) * 2,
    "cut": ("it is no list of channels",) * 2,
    "unavailable": ("HTTP 503",) * 2,
}


def told(answer: dict[str, Any]) -> str:
    """The versions, or why there are none."""
    return str(answer.get("failure", ", ".join(answer.get("versions", []))))


def main() -> None:
    """Each mode of the server, then channels that are empty, absent, or gone with the server."""
    server = ChannelServer(("127.0.0.1", 0))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with Probe(sys.argv[1], server.url) as probe:
            for mode, expected in _EXPECTED.items():
                server.mode = mode
                found = tuple(told(probe.ask(name)) for name in ("stable", "v1.35"))
                assert found == expected, (mode, found)
            server.mode = "ok"
            for name in ("v1.36", "v1.99"):
                answer = probe.ask(name)
                assert answer["versions"] == [] and answer["may_be_absent"], answer
            assert not probe.ask("stable")["may_be_absent"]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    # A new client: a connection that was kept would still be served.
    with Probe(sys.argv[1], server.url) as probe:
        lost = probe.ask("stable")
        assert "connection refused" in lost["failure"], lost
    print("channels: as promised")


if __name__ == "__main__":
    main()
