# SPDX-License-Identifier: Apache-2.0
"""Connections that break, fall silent, are refused, or may not be."""

from __future__ import annotations

import time
from pathlib import Path

from slack_bot import SlackBot
from slack_workspace import SlackWorkspace


def half_open(probe: str, folder: Path) -> None:
    """TCP lives, nobody is there. The limit of 30 s is shortened to 3."""
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack, 10) as bot:
        slack.await_connected()
        slack.switches("open", half_open=True)
        began = time.monotonic()
        bot.await_health("found", lambda health: not health["connected"])
        assert 2 < time.monotonic() - began < 10
        bot.await_health("recovered", lambda health: health["connected"])
        assert slack.slash("ana", "status", wait=True)["state"] in ("acked", "timed_out")


def silence_is_no_death(probe: str, folder: Path) -> None:
    """A server that sends no pings but answers ours is alive; one that answers none is not."""
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack, 10) as bot:
        slack.await_connected()
        slack.switches(pings=False)
        time.sleep(4)
        assert bot.health()["dials"] == 1
        slack.switches(pongs=False)
        bot.await_health("found", lambda health: health["dials"] > 1)


def warning_then_cut(probe: str, folder: Path) -> None:
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        slack.await_connected()
        slack.faults({"on": "apps.connections.open", "do": "delay", "seconds": 0.5})
        slack.disconnect("warning")
        slack.cut()
        began = time.monotonic()
        bot.await_health("connected again",
                         lambda health: health["connected"] and health["dials"] == 2)
        assert time.monotonic() - began < 5


def crowded(probe: str, folder: Path) -> None:
    """Ten ghosts: ours is closed first, and the delays grow. Ten seconds are shortened to one."""
    with SlackWorkspace(folder / "slack") as slack:
        slack.tell("ghosts", count=10)
        with SlackBot(probe, folder, slack, 10) as bot:
            health = bot.await_health("three dials", lambda health: health["dials"] >= 3)
            assert "too many sockets" in health["problem"], health
            dials = [entry["at"] for entry in slack.journal("dial")]
            assert dials[1] - dials[0] >= 0.9 and dials[2] - dials[1] > dials[1] - dials[0], dials
            slack.tell("ghosts", count=0)
            bot.await_health("connected", lambda health: health["connected"])


def no_hello_and_refused_upgrades(probe: str, folder: Path) -> None:
    with SlackWorkspace(folder / "slack") as slack:
        slack.switches("new", hello=False)
        slack.faults(*({"on": "link", "do": "status", "status": status} for status in (401, 503)))
        with SlackBot(probe, folder, slack, 10) as bot:
            bot.await_health("four tickets", lambda health: health["tickets"] >= 4, 30)
            assert not bot.health()["connected"]
            slack.switches(hello=True)
            bot.await_health("connected", lambda health: health["connected"], 30)
            tickets = [entry["ticket"] for entry in slack.journal("dial", "dial_refused")]
            assert len(tickets) == len(set(tickets)) >= 4, tickets


def switched_off(probe: str, folder: Path) -> None:
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack, 30) as bot:
        slack.await_connected()
        slack.tell("link", enabled=False)
        health = bot.await_health("away", lambda health: not health["connected"])
        assert "switched off" in health["problem"], health
        assert health["lost_ms"] >= 0, health
        slack.tell("link", enabled=True)
        bot.await_health("back", lambda health: health["connected"])


def fatal_refusals(probe: str, folder: Path) -> None:
    """A revoked token is not tried again; swapped tokens are told by name, without a call."""
    with SlackWorkspace(folder / "slack") as slack:
        slack.tell("token", kind="app", error="token_revoked")
        with SlackBot(probe, folder, slack, 30) as bot:
            health = bot.await_health("fatal", lambda health: health["fatal"])
            assert "[slack] app_token: apps.connections.open: token_revoked" in health["problem"]
            time.sleep(1.5)
            assert len(slack.calls("apps.connections.open")) == 1
        slack.tell("token", kind="app", error="")
        other = folder / "swapped"
        other.mkdir()
        with SlackBot(probe, other, slack, 30, slack.bot_token, slack.app_token) as bot:
            health = bot.await_health("fatal", lambda health: health["fatal"])
            problems = " ".join(health["problems"])
            assert "app_token is no app-level token" in problems, problems
            assert "bot_token is no bot token" in problems, problems


def untrusted_certificate(probe: str, folder: Path) -> None:
    with SlackWorkspace(folder / "slack") as slack, SlackWorkspace(folder / "other") as other:
        bot = SlackBot(probe, folder, slack, 10)
        bot.command[3] = str(other.ca)
        with bot:
            bot.await_health("refused", lambda health: health["problem"])
            assert not slack.calls("apps.connections.open")


CASES = (half_open, silence_is_no_death, warning_then_cut, crowded, no_hello_and_refused_upgrades,
         switched_off, fatal_refusals, untrusted_certificate)
