// SPDX-License-Identifier: Apache-2.0
// Socket Mode through both majors of the official client, which bring two different WebSockets.
// Each line of what was seen of them against the real thing is a test.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import socketMode2 from 'socket-mode-2';
import { SocketModeClient as Client3 } from 'socket-mode-3';
import { APP_TOKEN, startAlone, story, until } from './simulator.mjs';

// clientPingTimeout, ms: cadence of pings, time for a pong, and pause before a reconnect. Tests that
// want no reconnect are calm, so that a busy machine gives them none.
const PING = 400;
const calm = { clientPingTimeout: 5000 };
const silent = { setLevel() {}, setName() {}, getLevel: () => 'error',
  debug() {}, info() {}, warn() {}, error() {} };

const majors = [['2.0.7', socketMode2.SocketModeClient], ['3.1.0', Client3]];

for (const [version, Client] of majors) {
  const make = (slack, cleanup, options = {}) => {
    const client = new Client({ appToken: APP_TOKEN, clientPingTimeout: PING, logger: silent,
      clientOptions: { slackApiUrl: slack.api, retryConfig: { retries: 2, minTimeout: 10 } },
      ...options });
    let dialling = false;
    client.on('connecting', () => { dialling = true; });
    for (const end of ['connected', 'disconnected']) client.on(end, () => { dialling = false; });
    // A client of major 2 that is told to disconnect between its dial and the hello rejects a
    // promise which nobody holds.
    cleanup(async () => {
      for (let i = 0; dialling && i < 100; i += 1) await sleep(20);
      await client.disconnect().catch(() => {});
    });
    return client;
  };
  const start = async (slack, cleanup, options) => {
    const client = make(slack, cleanup, options);
    await client.start();
    return client;
  };
  const gaps = (entries) => entries.slice(1).map((e, i) => (e.at - entries[i].at) * 1000);
  const it = (name, work) => test(name, { timeout: 20_000 }, story(work));
  const slash = (slack, more) => slack.tell('slash', { user: 'ana', text: 'plan', ...more });

  describe(`socket-mode ${version}: the ordinary`, { concurrency: 8 }, () => {
    it('it opens with an empty form and dials with the ticket', async (slack, cleanup) => {
      await start(slack, cleanup, calm);
      const [open] = await slack.calls('apps.connections.open');
      assert.equal(open.error, '');
      assert.equal(open.content_type, 'application/x-www-form-urlencoded');
      assert.equal(open.length, '0');
      const [dial] = await slack.journal('dial');
      assert.ok(dial.query.ticket && dial.query.app_id);
      assert.equal(dial.headers['sec-websocket-version'], '13');
      const offered = dial.headers['sec-websocket-extensions'] ?? '';
      assert.equal(offered.startsWith('permessage-deflate'), version.startsWith('3'));
      assert.equal(dial.headers.authorization, undefined);
    });

    it('the words of an ack reach the caller, an empty ack says nothing', async (slack, cleanup) => {
      const client = await start(slack, cleanup, calm);
      client.on('slash_commands', ({ body, ack }) =>
        ack(body.text === 'plan' ? { text: 'planning' } : undefined));
      assert.equal((await slash(slack)).state, 'acked');
      const empty = await slash(slack, { text: 'other' });
      assert.deepEqual(empty.acks.map((ack) => ack.payload), [{}]);
      assert.deepEqual((await slack.messages()).map((m) => [m.text, m.only_for]),
        [['planning', 'U0ANA']]);
    });

    it('each kind of envelope comes to its own listener', async (slack, cleanup) => {
      const client = await start(slack, cleanup, calm);
      const seen = [];
      for (const kind of ['interactive', 'app_home_opened', 'slash_commands']) {
        client.on(kind, async ({ ack }) => { seen.push(kind); await ack(); });
      }
      const message = await slack.tell('say', { user: 'ana', text: 'x' });
      assert.ok(message.ts);
      await slash(slack);
      assert.equal((await slack.tell('home', { user: 'ana' })).state, 'acked');
      await slack.tell('envelope', { envelope: { envelope_id: 'e-1', type: 'interactive',
        accepts_response_payload: true, payload: { type: 'block_actions', actions: [] } } });
      assert.deepEqual(seen, ['slash_commands', 'app_home_opened', 'interactive']);
    });

    it('its pings are answered and so are ours', async (slack, cleanup) => {
      await slack.tell('switches', { ping_interval_s: 0.1 });
      await start(slack, cleanup, calm);
      const ping = await slack.entry('client_ping');
      assert.match(ping.payload, /^Ping from client/);
      const pong = await slack.entry('client_pong');
      assert.equal(pong.payload, 'Ping from applink-1');
      await until(async () => (await slack.journal('client_pong')).length >= 5, 'five pongs');
      assert.equal((await slack.journal('dial')).length, 1);
    });

    it('200 kB inbound, also in fragments with pings between, are taken', async (slack, cleanup) => {
      const client = await start(slack, cleanup, calm);
      const sizes = [];
      client.on('slash_commands', async ({ body, ack }) => {
        sizes.push(body.text.length);
        await ack();
      });
      await slash(slack, { text: 'x'.repeat(200_000) });
      await slack.tell('switches', { fragment_bytes: 5000 });
      await slash(slack, { text: 'x'.repeat(200_000) });
      assert.deepEqual(sizes, [200_000, 200_000]);
    });

    it('a goodbye is a close with 1000', async (slack, cleanup) => {
      const client = await start(slack, cleanup, calm);
      await client.disconnect();
      assert.equal((await slack.entry('client_close')).code, 1000);
      await until(async () => (await slack.ask('sockets')).length === 0, 'the connection is gone');
    });
  });

  describe(`socket-mode ${version}: apps.connections.open fails`, { concurrency: 8 }, () => {
    it('invalid_auth: start() rejects at once and is not repeated', async (slack, cleanup) => {
      await slack.tell('token', { kind: 'app', error: 'invalid_auth' });
      await assert.rejects(make(slack, cleanup).start(), /invalid_auth/);
      await sleep(3 * PING);
      assert.equal((await slack.calls('apps.connections.open')).length, 1);
    });

    it('internal_error four times: the pauses grow by one ping timeout each', async (slack, cleanup) => {
      await slack.fault('apps.connections.open', 'error', { times: 4 });
      await start(slack, cleanup);
      const pauses = gaps(await slack.calls('apps.connections.open'));
      assert.equal(pauses.length, 4);
      pauses.forEach((ms, i) => assert.ok(ms >= (i + 1) * PING - 20 && ms < (i + 1) * PING + 1500,
        `${pauses}`));
    });

    for (const [what, more] of [['status', { status: 500 }], ['reset', {}]]) {
      it(`${what}: the Web API's own policy repeats it`, async (slack, cleanup) => {
        await slack.fault('apps.connections.open', what, more);
        await start(slack, cleanup);
        assert.equal((await slack.calls('apps.connections.open')).length, 2);
      });
    }

    it('429 with Retry-After 1: connected after about two seconds', async (slack, cleanup) => {
      await slack.fault('apps.connections.open', 'rate_limit', { seconds: 1 });
      const client = make(slack, cleanup, { clientOptions: { slackApiUrl: slack.api } });
      const began = Date.now();
      await client.start();
      const took = Date.now() - began;
      assert.ok(took > 950 && took < 8000, `${took} ms`);
    });

    it('429 without Retry-After: again after one ping timeout', async (slack, cleanup) => {
      await slack.fault('apps.connections.open', 'rate_limit', { seconds: -1 });
      await start(slack, cleanup);
      const [pause] = gaps(await slack.calls('apps.connections.open'));
      assert.ok(pause >= PING - 20 && pause < PING + 1500, `${pause} ms`);
    });

    it('the bot token instead of the app token: start() never succeeds', async (slack, cleanup) => {
      const client = make(slack, cleanup, { appToken: 'xoxb-111-222-lab' });
      const began = client.start();
      began.catch(() => {});
      assert.equal((await slack.entry('api')).error, 'not_allowed_token_type');
      assert.equal((await slack.journal('dial')).length, 0);
    });
  });

  describe(`socket-mode ${version}: the dial fails`, { concurrency: 8 }, () => {
    for (const status of [401, 403, 429, 500, 503]) {
      const dials = status === 401 && version.startsWith('3') ? 2 : 1;
      it(`${status}: ${dials} dial(s) per ticket, then a new ticket`, async (slack, cleanup) => {
        await slack.fault('link', 'status', { status });
        await start(slack, cleanup);
        const refused = await slack.journal('dial_refused');
        assert.deepEqual(refused.map((entry) => entry.status), Array(dials).fill(status));
        assert.equal(new Set(refused.map((entry) => entry.ticket)).size, 1);
        const [dial] = await slack.journal('dial');
        assert.notEqual(dial.ticket, refused[0].ticket);
      });
    }

    it('no hello: start() stays pending while pings go on', async (slack, cleanup) => {
      await slack.tell('switches', { hello: false });
      const client = make(slack, cleanup);
      let started = false;
      client.start().then(() => { started = true; }, () => {});
      await until(async () => (await slack.journal('client_ping')).length >= 2, 'two pings');
      await sleep(2 * PING);
      assert.equal(started, false);
      assert.equal((await slack.journal('hello')).length, 0);
      // One that is told to disconnect while it still waits may reject a promise of nobody.
      await slack.tell('switches', { hello: true });
      await slack.tell('cut', { socket: 'all' });
      await until(() => started, 'a hello');
    });

    it('too_many_websockets before hello: it dials again and again', async (slack, cleanup) => {
      await slack.tell('ghosts', { count: 10 });
      const client = make(slack, cleanup);
      const started = client.start();
      await until(async () => (await slack.journal('disconnect')).length >= 2, 'two refusals');
      assert.equal((await slack.journal('hello')).length, 0);
      await slack.tell('ghosts', { count: 0 });
      await started;
      await slack.connected();
    });

    it('disconnect() during a failing dial: an undefined rejection escapes', async (slack, cleanup) => {
      await slack.fault('link', 'status', { status: 503 });
      await slack.fault('link', 'delay', { seconds: 0.5, times: 10 });
      const client = startAlone(slack, version);
      cleanup(client.stop);
      await until(async () => (await slack.calls('apps.connections.open')).length === 2,
        'the second attempt');
      await sleep(100);
      client.tell('disconnect');
      await client.said('escaped undefined');
    });
  });

  describe(`socket-mode ${version}: a connection ends`, { concurrency: 8 }, () => {
    for (const reason of ['warning', 'refresh_requested', 'too_many_websockets', 'link_disabled',
      'something_new']) {
      it(`${reason}: a close with 1000 at once, then a new ticket`, async (slack, cleanup) => {
        await start(slack, cleanup);
        await slack.tell('disconnect', { reason });
        const close = await slack.entry('client_close');
        const [sent] = await slack.journal('disconnect');
        assert.equal(close.code, 1000);
        assert.ok(close.at - sent.at < 1, `${close.at - sent.at} s`);
        const again = await slack.entry('dial', (entry) => entry.at > close.at);
        assert.ok((again.at - close.at) * 1000 > PING - 30, 'a gap of one ping timeout');
        const tickets = (await slack.journal('dial')).map((entry) => entry.ticket);
        assert.equal(new Set(tickets).size, tickets.length);
      });
    }

    it('no pong: it closes with 1000 after a few pings and dials again', async (slack, cleanup) => {
      await slack.tell('switches', { pongs: false });
      await start(slack, cleanup);
      const close = await slack.entry('client_close');
      assert.equal(close.code, 1000);
      const pings = (await slack.journal('client_ping')).filter((entry) => entry.at < close.at);
      assert.ok(pings.length >= 2 && pings.length <= 8, `${pings.length} pings`);
      await slack.tell('switches', { pongs: true });
      await slack.entry('dial', (entry) => entry.at > close.at);
    });

    it('our pings stop: it closes after its server ping timeout', async (slack, cleanup) => {
      await slack.tell('switches', { ping_interval_s: 0.1 });
      await start(slack, cleanup, { ...calm, serverPingTimeout: 600 });
      await slack.entry('client_pong');
      await slack.tell('switches', { pings: false });
      const last = (await slack.journal('client_pong')).at(-1);
      const close = await slack.entry('client_close');
      assert.ok(close.at - last.at > 0.5 && close.at - last.at < 5);
    });

    it('our pings never come: that is not noticed', async (slack, cleanup) => {
      await slack.tell('switches', { pings: false });
      await start(slack, cleanup, { ...calm, serverPingTimeout: 300 });
      await sleep(900);
      assert.equal((await slack.journal('client_close')).length, 0);
    });

    it('half-open: its own pings tell', async (slack, cleanup) => {
      await start(slack, cleanup);
      await slack.tell('switches', { scope: 'open', half_open: true });
      await until(async () => (await slack.journal('dial')).length >= 2, 'a second dial');
    });

    it('a reset of TCP: it dials again after one ping timeout', async (slack, cleanup) => {
      await start(slack, cleanup);
      await slack.tell('cut');
      const gone = await slack.entry('socket_closed');
      const dial = await slack.entry('dial', (entry) => entry.at > gone.at);
      assert.ok((dial.at - gone.at) * 1000 > PING - 30);
    });

    it('TCP that lingers after the close does not keep it from going on', async (slack, cleanup) => {
      await slack.tell('switches', { linger: true });
      await start(slack, cleanup);
      await slack.tell('disconnect', { reason: 'refresh_requested' });
      await until(async () => (await slack.journal('hello')).length >= 2, 'a second hello');
    });
  });

  describe(`socket-mode ${version}: envelopes and acks`, { concurrency: 8 }, () => {
    it('garbage, binary frames and unknown kinds are survived', async (slack, cleanup) => {
      const client = await start(slack, cleanup, calm);
      client.on('slash_commands', ({ ack }) => ack());
      await slack.fault('envelope', 'garbage');
      assert.equal((await slash(slack)).state, 'acked');
      await slack.tell('envelope', { wait: false, envelope: { envelope_id: 'e-1', type: 'future',
        payload: [1, 2] } });
      assert.equal((await slash(slack)).state, 'acked');
      assert.equal((await slack.journal('dial')).length, 1);
    });

    it('the same envelope twice runs the listener twice', async (slack, cleanup) => {
      const client = await start(slack, cleanup, calm);
      let runs = 0;
      client.on('slash_commands', async ({ ack }) => { runs += 1; await ack(); });
      await slack.fault('envelope', 'duplicate', { seconds: 0.05 });
      await slash(slack);
      await until(() => runs === 2, 'two runs');
      await slack.entry('ack', (entry) => entry.repeated);
    });

    it('an ack after the connection died is refused; on the next one it counts', async (slack, cleanup) => {
      const client = await start(slack, cleanup);
      let first;
      client.on('slash_commands', ({ ack }) => { first = ack; });
      const fate = slash(slack);
      await until(() => first, 'the command is there');
      await slack.tell('cut');
      await slack.entry('socket_closed');
      await assert.rejects(async () => first());
      await slack.connected();
      await until(async () => first().then(() => true, () => false), 'the ack is sent');
      const { state, sockets, acks } = await fate;
      assert.equal(state, 'acked');
      assert.notEqual(acks[0].socket, sockets[0]);
    });

    it('an event is repeated until it is acked', async (slack, cleanup) => {
      const client = await start(slack, cleanup, calm);
      const attempts = [];
      client.on('app_home_opened', async ({ ack, retry_num: number }) => {
        attempts.push(number);
        if (attempts.length > 1) await ack();
      });
      const fate = slack.tell('home', { user: 'ana' });
      await until(() => attempts.length === 1, 'the first');
      await slack.tell('advance', { seconds: 3.1 });
      assert.equal((await fate).state, 'acked');
      assert.deepEqual(attempts, [0, 1]);
    });

    it('an event without its inner event hurts the client, not the connection', async (slack, cleanup) => {
      const client = startAlone(slack, version);
      cleanup(client.stop);
      await client.said('connected');
      await slack.tell('envelope', { wait: false, envelope: { envelope_id: 'e-2',
        type: 'events_api', accepts_response_payload: false, payload: { type: 'app_rate_limited' } } });
      await client.said('escaped');
      assert.equal((await slash(slack)).state, 'acked');
    });

    it('an ack above 20,480 bytes ends the connection with 1009', async (slack, cleanup) => {
      const client = await start(slack, cleanup);
      client.on('slash_commands', ({ ack }) => ack({ text: 'x'.repeat(100_000) }));
      await slash(slack, { wait: false });
      assert.equal((await slack.entry('close_sent')).code, 1009);
      await until(async () => (await slack.journal('hello')).length >= 2, 'a second hello');
    });

    it('or it is dropped in silence, and the command times out', async (slack, cleanup) => {
      await slack.tell('switches', { oversize: 'drop' });
      const client = await start(slack, cleanup, calm);
      client.on('slash_commands', ({ ack }) => ack({ text: 'x'.repeat(100_000) }));
      const fate = slash(slack);
      await slack.entry('oversized_frame');
      await slack.tell('advance', { seconds: 3.1 });
      assert.equal((await fate).state, 'operation_timeout');
    });
  });
}
