# SPDX-License-Identifier: Apache-2.0
"""The socket under load and under attack."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from slack_bot import SlackBot
from slack_workspace import SlackWorkspace


def renewals_under_load(probe: str, folder: Path) -> None:
    """50 envelopes a second while the connection is renewed every 2 s: none unacknowledged."""
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        slack.await_connected()
        over = threading.Event()
        most = 0

        def renew() -> None:
            nonlocal most
            while not over.wait(2):
                slack.disconnect("refresh_requested")
                for _ in range(20):
                    most = max(most, len(slack.sockets()))
                    time.sleep(0.01)
        renewing = threading.Thread(target=renew)
        renewing.start()
        try:
            fates = slack.burst("ana", "status", 500, 50)
        finally:
            over.set()
            renewing.join()
        lost = [fate for fate in fates if fate["state"] != "acked"]
        assert len(fates) == 500 and not lost, lost[:3]
        slowest = max(fate["acks"][0]["after_s"] for fate in fates)
        assert slowest < 1.5, slowest  # of three seconds
        health = bot.health()
        assert health["dials"] >= 5 and most <= 2, (health, most)
        slack.wait_for(lambda: len(bot.effects()) == 500, "500 effects")
        assert len(set(bot.effects())) == 500
        print(f"slowest acknowledgement {slowest * 1000:.0f} ms, {health['dials']} connections")


def a_slow_bot_is_acknowledged_in_time(probe: str, folder: Path) -> None:
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        slack.await_connected()
        bot.do("slow", ms=2500)
        fate = slack.slash("ana", "status")
        ack = fate["acks"][0]
        assert 0.05 < ack["after_s"] < 2 and ack["payload"] is None, fate
        slack.wait_for(lambda: bot.deeds, "the deed is dealt with")
        assert bot.deeds[0]["rode"] is False, bot.deeds
        assert bot.health()["slowest_ack_ms"] < 2000, bot.health()


def a_late_acknowledgement(probe: str, folder: Path) -> None:
    """The socket dies between an envelope and its acknowledgement, which leaves on the next one."""
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack, 100) as bot:
        slack.await_connected()
        bot.do("slow", ms=500)
        fate = slack.slash("ana", "status", wait=False)
        slack.wait_for(lambda: bot.health()["envelopes"] == 1, "it has arrived")
        slack.cut()
        slack.wait_for(lambda: slack.deliveries()[0]["state"] == "acked", "acknowledged")
        ack = slack.deliveries()[0]["acks"][0]
        assert ack["socket"] not in fate["sockets"] and ack["after_s"] < 3, ack


def copies_in_a_crowd(probe: str, folder: Path) -> None:
    """Envelopes that come twice, at once or later and out of order: one effect each."""
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        slack.await_connected()
        slack.faults({"on": "envelope", "do": "duplicate", "times": 30, "seconds": 0.2},
                     {"on": "envelope", "do": "reorder", "times": 10})
        fates = slack.burst("ana", "status", 60, 100)
        assert {fate["state"] for fate in fates} == {"acked"}, fates
        slack.wait_for(lambda: bot.health()["repeated"] == 30, "thirty copies")
        slack.wait_for(lambda: len(bot.effects()) == 60, "sixty effects")


def strange_frames(probe: str, folder: Path) -> None:
    """Scenario: unknown types, odd payloads, large, binary and fragmented messages."""
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        slack.await_connected()
        odd = [{"type": "future", "payload": {"a": 1}},
               {"type": "slash_commands", "payload": [1]},
               {"type": "interactive", "payload": "text"}, {"type": "events_api", "payload": None},
               {"type": "events_api", "payload": {"type": "app_rate_limited"}},
               {"type": "", "payload": {}},
               {"type": "interactive", "payload": {"type": "block_actions", "actions": []}}]
        for number, envelope in enumerate(odd):
            fate = slack.tell("envelope", envelope={"envelope_id": f"odd-{number}", **envelope})
            assert fate["state"] == "acked", fate
        large = {"envelope_id": "large", "type": "interactive",
                 "payload": {"type": "shortcut", "padding": "x" * 1_000_000}}
        assert slack.tell("envelope", envelope=large)["state"] == "acked"
        slack.switches(fragment_bytes=700)
        large["envelope_id"] = "large-2"
        large["payload"]["padding"] = "ä" * 50_000
        assert slack.tell("envelope", envelope=large)["state"] == "acked"
        slack.switches(fragment_bytes=0)
        for text in ("no JSON", "[1,2]", "{", '{"type":"future"}', "7", '"x"'):
            slack.tell("raw", text=text)
        slack.tell("raw", hex="8203010203")  # A binary message.
        assert slack.slash("ana", "status")["state"] == "acked"
        health = bot.health()
        assert health["dials"] == 1, health
        assert health["strange"] >= 7, health


def violations(probe: str, folder: Path) -> None:
    """What RFC 6455 forbids is answered with its close code, and never becomes a storm."""
    forbidden = {"reserved bits": "c10161", "a masked frame": "818100000000" + "61",
                 "an unknown opcode": "8300", "a long ping": "897e0080" + "00" * 128,
                 "a continuation of nothing": "800161", "invalid UTF-8": "8102c328",
                 "a huge frame": "817f0000000100000000"}
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack, 10) as bot:
        for what, frame in forbidden.items():
            slack.await_connected()
            before = bot.health()["dials"]
            slack.tell("raw", hex=frame)
            bot.await_health(f"a new connection after {what}",
                             lambda health: health["dials"] > before and health["connected"])
        for code in (1000, 1006, 1009, 1011):
            slack.await_connected()
            before = bot.health()["dials"]
            if code == 1006:
                slack.cut()
            else:
                slack.tell("close", code=code)
            bot.await_health(f"a new connection after {code}",
                             lambda health: health["dials"] > before and health["connected"])
        slack.await_connected()
        assert slack.slash("ana", "status")["state"] == "acked"
        assert bot.health()["dials"] < 16, bot.health()


def a_stop_leaves_no_ghost(probe: str, folder: Path) -> None:
    """With a close frame, and soon, even where Slack leaves TCP open behind it."""
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        for linger in (False, True):
            slack.await_connected()
            slack.switches(linger=linger)
            since = len(slack.journal())
            assert bot.stop() < 3
            slack.wait_for(lambda: slack.journal("socket_closed", since=since), "it is closed")
            ends = [entry["why"] for entry in slack.journal("socket_closed")]
            assert linger or ends == ["closed"], ends
            bot.start()
        slack.await_connected()
        bot.do("deafen")
        slack.wait_for(lambda: not slack.sockets(), "a standby holds no socket")
        bot.do("listen")
        slack.await_connected()


CASES = (renewals_under_load, a_slow_bot_is_acknowledged_in_time, a_late_acknowledgement,
         copies_in_a_crowd, strange_frames, violations, a_stop_leaves_no_ghost)
