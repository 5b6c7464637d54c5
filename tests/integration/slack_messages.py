# SPDX-License-Identifier: Apache-2.0
"""What the bot says arrives once, in order, and hurts nobody."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from slack_bot import SlackBot
from slack_workspace import SlackWorkspace

Json = dict[str, Any]
OPS = "ops-upgrades"


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def own(slack: SlackWorkspace, words: str = "") -> list[Json]:
    """The bot's messages in the channel, threads included."""
    return [message for message in slack.channel(OPS) if words in message["text"]]


def posts_edits_threads_files(probe: str, folder: Path) -> None:
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        bot.do("post", name="run:r-1", text="[k8s-upgrade] run 0", blocks=[section("0")])
        bot.do("post", thread_of="run:r-1", text="apps-1 upgraded")
        bot.do("post", thread_of="run:r-1", text="paused", broadcast=True, urgency="alarm")
        bot.do("upload", thread_of="run:r-1", content="the report")
        bot.do("update", name="run:r-1", text="[k8s-upgrade] run 1", blocks=[section("1")])
        bot.do("whisper", user="U0ANA", text="only you")
        slack.await_message(OPS, "run 1")
        bot.await_health("said everything", lambda health: health["waiting"] == 0)
        ts = bot.do("where", name="run:r-1")["ts"]
        replies = [message for message in own(slack) if message.get("thread_ts") == ts]
        assert {reply["text"] for reply in replies} >= {"apps-1 upgraded", "paused"}, replies
        assert len(own(slack, "[k8s-upgrade] run")) == 1
        assert slack.text(OPS, "ana").count("only you") == 1
        assert "the report" not in slack.text(OPS) and "Report" in slack.text(OPS)
        assert bot.health()["bot_user"] == "U0BOT"


def hostile_strings(probe: str, folder: Path) -> None:
    hostile = ["<!channel> <@U0BOB> <!here>", "`*_~```", "\u202eevil\u0000", "<https://x|bank>",
               "&lt;!channel&gt;", "ö" * 5000, "🚀" * 3000, "\ud83d", "<!subteam^S0SRE|@sre>"]
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        for number, text in enumerate(hostile):
            safe = bot.do("escaped", text=text.encode(errors="replace").decode())["text"]
            bot.do("post", text=f"[k8s-upgrade] {number}: {safe}", blocks=[section(safe or "-")])
        bot.await_health("said everything", lambda health: health["waiting"] == 0, 30)
        said = [message for message in own(slack) if message["text"].startswith("[k8s-upgrade]")]
        assert len(said) == len(hostile), len(said)
        called = [entry for entry in slack.journal("message", "ephemeral") if entry["mentions"]]
        assert not called, called
        refused = [call for call in slack.calls("chat.postMessage") if call["error"]]
        assert not refused, refused


def large_messages_fit(probe: str, folder: Path) -> None:
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        blocks = [section(f"node-{number} " + "x" * 200) for number in range(500)]
        bot.do("post", name="nodes", text="[k8s-upgrade] 500 nodes", blocks=blocks)
        message = slack.await_message(OPS, "500 nodes")
        assert len(message["blocks"]) <= 20, len(message["blocks"])
        slack.wait_for(lambda: "The rest of the message" in slack.text(OPS), "the file")


def limited_updates(probe: str, folder: Path) -> None:
    """429 with Retry-After on chat.update: the latest state once, an abort notice at once."""
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        bot.do("post", name="run:r-1", text="run 0")
        slack.await_message(OPS, "run 0")
        slack.faults({"on": "chat.update", "do": "rate_limit", "seconds": 8})
        bot.do("update", name="run:r-1", text="run 1")
        time.sleep(0.5)
        for number in range(2, 40):
            bot.do("update", name="run:r-1", text=f"run {number}", urgency="progress")
        began = time.monotonic()
        bot.do("post", thread_of="run:r-1", text="aborted", urgency="alarm")
        slack.await_message(OPS, "aborted")
        assert time.monotonic() - began < 4
        assert not own(slack, "run 39")
        slack.await_message(OPS, "run 39", 30)
        time.sleep(0.5)
        calls = [call for call in slack.calls("chat.update") if not call["error"]]
        assert len(calls) == 1, calls


def lost_answers(probe: str, folder: Path) -> None:
    """Stored and then cut off, refused with a 500, garbage: one message each."""
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        for number, fault in enumerate(({"do": "reset_after"}, {"do": "status", "status": 500},
                                        {"do": "garbage"}, {"do": "truncate"})):
            slack.faults({"on": "chat.postMessage", **fault})
            bot.do("post", name=f"run:{number}", text=f"message-{number}")
            slack.await_message(OPS, f"message-{number}", 20)
            bot.await_health("said", lambda health: health["waiting"] == 0)
        time.sleep(0.5)
        for number in range(4):
            assert len(own(slack, f"message-{number}")) == 1, slack.text(OPS)
            assert bot.do("where", name=f"run:{number}")["ts"]


def a_crash_in_the_middle_of_a_post(probe: str, folder: Path) -> None:
    """The same message is resumed, whether the post had arrived or not."""
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        for number, fault in enumerate(("delay", "drop")):
            slack.faults({"on": "chat.postMessage", "do": fault, "seconds": 1.0})
            bot.do("post", name=f"run:{number}", text=f"run {number} begins")
            time.sleep(0.3)
            bot.kill()
            slack.mend()
            bot.start()
            bot.do("post", name=f"run:{number}", text=f"run {number} goes on")
            slack.await_message(OPS, f"run {number} goes on")
            bot.await_health("said", lambda health: health["waiting"] == 0)
            time.sleep(1)
            assert len(own(slack, f"run {number}")) == 1, slack.text(OPS)
        bot.kill()
        bot.start()
        bot.do("update", name="run:0", text="run 0 ends", urgency="alarm")
        slack.await_message(OPS, "run 0 ends")
        assert len(own(slack, "run 0")) == 1, slack.text(OPS)


def channels_that_refuse(probe: str, folder: Path) -> None:
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        bot.do("post", name="run:r-1", text="run 0")
        slack.await_message(OPS, "run 0")
        slack.faults({"on": "chat.update", "do": "error", "error": "edit_window_closed"})
        bot.do("update", name="run:r-1", text="run 1")
        assert "an earlier message>" in slack.await_message(OPS, "run 1")["text"]
        assert len(own(slack, "run ")) == 2
        slack.tell("channel", id="C0OPS", archived=True)
        bot.do("post", thread_of="run:r-1", text="paused", urgency="alarm")
        bot.do("post", thread_of="run:r-1", text="goes on")
        slack.await_message("C0ADMIN", "goes on")
        notices = [message for message in slack.channel("C0ADMIN")
                   if "refuses messages" in message["text"]]
        assert len(notices) == 1 and "is_archived" in notices[0]["text"], notices


def away_and_back(probe: str, folder: Path) -> None:
    with SlackWorkspace(folder / "slack") as slack, SlackBot(probe, folder, slack) as bot:
        slack.await_connected()
        slack.stop()
        for number in range(5):
            bot.do("post", text=f"news {number}")
        bot.await_health("noticed", lambda health: health["down"] and not health["connected"])
        slack.start()
        slack.await_message(OPS, "news 4")
        texts = [message["text"] for message in own(slack, "news")]
        assert texts == [f"news {number}" for number in range(5)], texts
        bot.await_health("connected", lambda health: health["connected"])
        slack.tell("token", kind="bot", error="token_revoked")
        bot.do("post", text="unheard")
        health = bot.await_health("halted", lambda health: health["halted"])
        assert any("token_revoked" in problem for problem in health["problems"]), health
        slack.tell("token", kind="bot", error="")
        assert bot.stop() < 5


CASES = (posts_edits_threads_files, hostile_strings, large_messages_fit, limited_updates,
         lost_answers, a_crash_in_the_middle_of_a_post, channels_that_refuse, away_and_back)
