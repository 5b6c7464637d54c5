# SPDX-License-Identifier: Apache-2.0
"""Socket Mode of the simulated workspace, frame by frame."""

from __future__ import annotations

import json
import threading
import time
import unittest
from typing import Any

import places  # noqa: F401
import frames
from peer import Peer, Refused, fresh_url
from processes import LabError
from story import Story
from web import call

Json = dict[str, Any]


class SocketStory(Story):
    def dial(self, greeted: bool = True) -> Peer:
        peer = Peer(fresh_url(self.slack))
        self.addCleanup(peer.close)
        if greeted:
            self.assertEqual(peer.next()["type"], "hello")
        return peer

    def slash(self, text: str = "plan") -> Json:
        """Sent without waiting for the ack."""
        return self.slack.slash("ana", text, wait=False)

    def fate(self, envelope_id: str) -> Json:
        return next(d for d in self.slack.deliveries() if d["envelope_id"] == envelope_id)

    def await_entry(self, kind: str, **fields: Any) -> Json:
        return self.slack.wait_for(
            lambda: next((entry for entry in self.slack.journal(kind)
                          if fields.items() <= entry.items()), None), f"{kind} {fields}", 5)


class Dials(SocketStory):
    def test_a_ticket_is_good_once(self) -> None:
        url = fresh_url(self.slack)
        with Peer(url), self.assertRaisesRegex(Refused, "403"):
            Peer(url)

    def test_a_ticket_grows_old(self) -> None:
        url = fresh_url(self.slack)
        self.slack.advance(31)
        with self.assertRaisesRegex(Refused, "403"):
            Peer(url)

    def test_a_refused_ticket_stays_refused_and_costs_one_fault(self) -> None:
        self.slack.faults({"on": "link", "do": "status", "status": 401})
        url = fresh_url(self.slack)
        for _ in range(2):
            with self.assertRaisesRegex(Refused, "401"):
                Peer(url)
        self.dial()

    def test_hello_counts_all_connections(self) -> None:
        self.slack.tell("ghosts", count=2)
        self.dial()
        hello = self.dial(greeted=False).next()
        self.assertEqual(hello["num_connections"], 4)
        self.assertEqual(hello["connection_info"]["app_id"], "A0UPGRADER")
        self.assertEqual(hello["debug_info"]["approximate_connection_time"], 18060)

    def test_the_eleventh_is_turned_away_before_hello(self) -> None:
        self.slack.tell("ghosts", count=9)
        self.dial()
        extra = self.dial(greeted=False)
        frame = extra.next()
        self.assertEqual((frame["type"], frame["reason"]), ("disconnect", "too_many_websockets"))
        self.assertEqual(extra.close_code(), 1000)
        self.slack.await_connected(1)

    def test_socket_mode_can_be_switched_off(self) -> None:
        peer = self.dial()
        self.slack.tell("link", enabled=False)
        self.assertEqual(peer.next()["reason"], "link_disabled")
        self.assertEqual(self.dial(greeted=False).next()["reason"], "link_disabled")
        self.slack.tell("link", enabled=True)
        self.dial()

    def test_without_its_hello_a_connection_gets_nothing(self) -> None:
        self.slack.switches(hello=False)
        peer = self.dial(greeted=False)
        self.assertEqual(self.slash()["state"], "dispatch_failed")
        self.assertTrue(peer.is_silent(0.3))

    def test_a_poor_upgrade_is_refused(self) -> None:
        url = fresh_url(self.slack).replace("ws:", "http:")
        good = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
        for name, value in (("Upgrade", "h2c"), ("Sec-WebSocket-Version", "8"),
                            ("Sec-WebSocket-Key", "short")):
            with self.subTest(name):
                self.assertEqual(call("GET", url, headers=good | {name: value}).status, 400)


class Frames(SocketStory):
    def test_pings_go_both_ways(self) -> None:
        self.slack.switches(ping_interval_s=0.1)
        peer = self.dial()
        self.assertEqual(peer.frame(), (frames.PING, b"Ping from applink-1"))
        peer.send(frames.PONG, b"Ping from applink-1")
        self.await_entry("client_pong", payload="Ping from applink-1")
        self.slack.switches(pings=False)
        peer.send(frames.PING, b"me")
        while (frame := peer.frame())[0] == frames.PING:
            pass
        self.assertEqual(frame, (frames.PONG, b"me"))

    def test_pongs_can_be_withheld(self) -> None:
        self.slack.switches(pongs=False)
        peer = self.dial()
        peer.send(frames.PING, b"me")
        self.assertTrue(peer.is_silent(0.3))

    def test_a_half_open_connection_answers_nothing(self) -> None:
        peer = self.dial()
        self.slack.switches(scope="open", half_open=True)
        peer.send(frames.PING, b"me")
        self.slash()
        self.assertTrue(peer.is_silent(0.3))
        self.assertEqual(len(self.slack.sockets()), 1)
        self.dial()

    def test_a_frame_above_the_limit_ends_the_connection(self) -> None:
        peer = self.dial()
        peer.send(frames.TEXT, b"x" * 20_480)
        self.await_entry("bad_frame")
        peer.send(frames.TEXT, b"x" * 20_481)
        self.assertEqual(peer.close_code(), 1009)

    def test_or_it_is_dropped_in_silence(self) -> None:
        self.slack.switches(oversize="drop")
        peer = self.dial()
        peer.send(frames.TEXT, b"x" * 70_000)
        self.await_entry("oversized_frame", reaction="drop")
        sent = self.slash()
        peer.ack(peer.next())
        self.await_entry("ack", envelope_id=sent["envelope_id"])

    def test_wrong_frames_of_a_client_are_protocol_errors(self) -> None:
        wrongs: list[tuple[int, bytes, Json]] = [
            (frames.TEXT, b"{}", {"masked": False}), (frames.TEXT, b"{}", {"reserved": 4}),
            (5, b"", {}), (frames.PING, b"x" * 126, {}), (frames.PING, b"", {"final": False}),
            (frames.CONTINUATION, b"{}", {}), (frames.CLOSE, frames.close_payload(1006), {}),
            (frames.CLOSE, b"x", {})]
        for opcode, payload, more in wrongs:
            with self.subTest(opcode=opcode, **more):
                peer = self.dial()
                peer.send(opcode, payload, **more)
                self.assertEqual(peer.close_code(), 1002)
                peer.close()
        peer = self.dial()
        peer.send(frames.TEXT, b"\xff")
        self.assertEqual(peer.close_code(), 1007)

    def test_a_client_may_send_fragments(self) -> None:
        peer = self.dial()
        sent = self.slash()
        text = json.dumps({"envelope_id": peer.next()["envelope_id"]}).encode()
        peer.send(frames.TEXT, text[:9], final=False)
        peer.send(frames.PING, b"between")
        peer.send(frames.CONTINUATION, text[9:])
        self.await_entry("ack", envelope_id=sent["envelope_id"])

    def test_the_server_may_send_fragments_with_pings_between(self) -> None:
        self.slack.switches(fragment_bytes=100)
        peer = Peer(fresh_url(self.slack))
        self.addCleanup(peer.close)
        opcodes: list[int] = []
        text = b""
        while len(opcodes) < 4 or not text.endswith(b"}}"):
            opcode, payload = peer.frame()
            opcodes.append(opcode)
            text += payload if opcode != frames.PING else b""
        self.assertEqual(opcodes[:4], [frames.TEXT, frames.PING, frames.CONTINUATION,
                                       frames.PING])
        self.assertEqual(json.loads(text)["type"], "hello")

    def test_after_the_close_handshake_tcp_ends_or_lingers(self) -> None:
        for linger in (False, True):
            with self.subTest(linger=linger):
                self.slack.switches(linger=linger)
                peer = self.dial()
                peer.send(frames.CLOSE, frames.close_payload(1000))
                self.assertEqual(peer.close_code(), 1000)
                self.assertEqual(peer.is_silent(0.3), linger)

    def test_raw_bytes_go_out_as_they_are(self) -> None:
        peer = self.dial()
        self.slack.tell("raw", hex=frames.encode(frames.BINARY, b"\1\2").hex())
        self.assertEqual(peer.frame(), (frames.BINARY, b"\1\2"))
        self.slack.tell("raw", text="not json")
        self.assertEqual(peer.frame(), (frames.TEXT, b"not json"))
        self.slack.tell("close", code=1011, reason="oops")
        self.assertEqual(peer.close_code(), 1011)


class Ends(SocketStory):
    def test_a_warning_comes_before_the_close(self) -> None:
        self.slack.switches(close_after_s=0.2)
        peer = self.dial()
        began = time.monotonic()
        self.slack.disconnect("warning")
        self.assertEqual(peer.next()["reason"], "warning")
        self.assertEqual(peer.close_code(), 1000)
        self.assertGreater(time.monotonic() - began, 0.15)

    def test_a_connection_can_be_cut(self) -> None:
        peer = self.dial()
        self.slack.cut()
        with self.assertRaises(ConnectionError):
            peer.next()

    def test_all_of_slack_can_be_away_and_come_back_with_its_memory(self) -> None:
        ts = self.post("before")
        peer = self.dial()
        self.slack.away()
        with self.assertRaises(ConnectionError):
            peer.next()
        with self.assertRaises(LabError):
            self.post()
        self.slack.away("status")
        self.assertEqual(self.send("auth.test", {}).status, 503)
        self.slack.back()
        self.dial()
        self.assertEqual([message["ts"] for message in self.slack.channel()], [ts])

    def test_silence_leaves_tcp_alone(self) -> None:
        peer = self.dial()
        self.slack.away("silence")
        peer.send(frames.PING, b"me")
        self.assertTrue(peer.is_silent(0.3))

    def test_refreshes_can_come_by_themselves(self) -> None:
        self.slack.switches(refresh_after_s=0.2, ping_interval_s=0.1)
        self.assertEqual(self.dial().next()["reason"], "refresh_requested")


class Envelopes(SocketStory):
    def test_a_command_without_anybody_fails_at_once(self) -> None:
        self.assertEqual(self.slack.slash("ana", "plan")["state"], "dispatch_failed")

    def test_an_ack_in_three_seconds_or_a_timeout(self) -> None:
        peer = self.dial()
        self.slack.tell("freeze")
        sent = self.slash()
        envelope = peer.next()
        self.slack.advance(2.9)
        self.assertEqual(self.fate(sent["envelope_id"])["state"], "waiting")
        self.slack.advance(0.2)
        self.await_entry("operation_timeout", envelope_id=sent["envelope_id"])
        peer.ack(envelope, {"text": "too late"})
        self.assertTrue(self.await_entry("ack")["late"])
        self.assertEqual(self.slack.channel(), [])

    def test_the_words_of_an_ack_are_for_the_caller_alone(self) -> None:
        peer = self.dial()
        for payload, only_for in (({"text": "hi"}, "U0ANA"),
                                  ({"text": "all", "response_type": "in_channel"}, "")):
            self.slash()
            peer.ack(peer.next(), payload)
            message = self.slack.await_message("C0OPS", payload["text"])
            self.assertEqual(message["only_for"], only_for)

    def test_a_bad_ack_is_complained_about(self) -> None:
        peer = self.dial()
        self.slash()
        peer.ack(peer.next(), {"text": "x", "blocks": [{"type": "sparkle"}]})
        self.assertEqual(self.await_entry("ack")["complaints"][0], "invalid_blocks")

    def test_each_envelope_goes_to_one_connection_by_lot(self) -> None:
        peers = [self.dial() for _ in range(3)]
        for _ in range(30):
            self.slash()
        sockets = [delivery["sockets"][0] for delivery in self.slack.deliveries()]
        self.assertEqual(set(sockets), {"s-1", "s-2", "s-3"})
        self.assertEqual(len(peers), 3)

    def test_ghosts_swallow_envelopes(self) -> None:
        self.dial()
        self.slack.tell("ghosts", count=9)
        for _ in range(20):
            self.slash()
        swallowed = [d for d in self.slack.deliveries() if d["sockets"] == ["a ghost"]]
        self.assertGreater(len(swallowed), 10)

    def test_events_come_again_three_times(self) -> None:
        peer = self.dial()
        self.slack.tell("event", wait=False, event={"type": "app_mention"})
        attempts = [peer.next()["retry_attempt"]]
        for pause in (3.1, 60, 300):
            self.slack.advance(pause)
            attempts.append(peer.next()["retry_attempt"])
        self.assertEqual(attempts, [0, 1, 2, 3])

    def test_an_ack_on_another_connection_counts_unless_switched_off(self) -> None:
        for allowed, kind in ((True, "ack"), (False, "foreign_ack")):
            with self.subTest(allowed=allowed):
                self.slack.tell("settings", ack_from_any_connection=allowed)
                first = self.dial()
                sent = self.slash()
                envelope = first.next()
                first.close()
                self.dial().ack(envelope)
                self.await_entry(kind, envelope_id=sent["envelope_id"])
                self.slack.cut()
                self.slack.wait_for(lambda: not self.slack.sockets(), "all connections are gone")

    def test_the_same_envelope_can_come_twice_and_be_acked_twice(self) -> None:
        self.slack.faults({"on": "envelope:slash_commands", "do": "duplicate", "seconds": 0.1})
        peers = [self.dial(), self.dial()]
        sent = self.slash()
        envelopes = [peer.next() for peer in peers]
        for peer, envelope in zip(peers, envelopes):
            self.assertEqual(envelope["envelope_id"], sent["envelope_id"])
            peer.ack(envelope)
        self.await_entry("ack", repeated=True)
        self.assertEqual(len(self.fate(sent["envelope_id"])["acks"]), 2)

    def test_envelopes_can_be_lost_late_swapped_and_cut_off(self) -> None:
        self.slack.faults({"on": "envelope", "do": "drop"}, {"on": "envelope", "do": "reorder"},
                          {"on": "envelope", "do": "delay", "seconds": 0.2, "skip": 1},
                          {"on": "envelope", "do": "garbage"}, {"on": "envelope", "do": "cut"})
        peer = self.dial()
        for text in ("lost", "second", "first", "late"):
            self.slash(text)
        self.assertEqual([peer.next()["payload"]["text"] for _ in range(3)],
                         ["first", "second", "late"])
        self.slash("after garbage")
        self.assertEqual(peer.frame(), (frames.TEXT, b'{"envelope_id": not json'))
        self.assertEqual(peer.frame()[0], frames.BINARY)
        self.assertEqual(peer.next()["payload"]["text"], "after garbage")
        self.slash("cut")
        self.assertEqual(peer.next()["payload"]["text"], "cut")
        with self.assertRaises(ConnectionError):
            peer.next()

    def test_a_mention_is_an_event_where_the_bot_is(self) -> None:
        peer = self.dial()
        self.slack.say("ana", "<@U0BOT> status", "lobby")
        ts = self.slack.say("ana", "<@U0BOT> status")
        event = peer.next()["payload"]["event"]
        self.assertEqual((event["type"], event["channel"], event["ts"]),
                         ("app_mention", "C0OPS", ts))

    def test_acks_can_be_lost(self) -> None:
        self.slack.faults({"on": "ack", "do": "drop"})
        peer = self.dial()
        self.slash()
        peer.ack(peer.next())
        self.await_entry("ack_dropped")

    def test_what_is_no_ack_is_written_down(self) -> None:
        peer = self.dial()
        peer.send(frames.TEXT, b"[1]")
        peer.send(frames.TEXT, b'{"envelope_id":"nobody"}')
        self.await_entry("unknown_ack", envelope_id="nobody")
        self.assertEqual(self.slack.journal("bad_frame")[0]["what"], "[1]")

    def test_a_burst_keeps_its_pace(self) -> None:
        peer = self.dial()

        def answer() -> None:
            for _ in range(20):
                peer.ack(peer.next())
        thread = threading.Thread(target=answer)
        thread.start()
        fates = self.slack.burst("ana", "plan", 20, per_second=100)
        thread.join(5)
        self.assertEqual({fate["state"] for fate in fates}, {"acked"})


if __name__ == "__main__":
    unittest.main()
