// SPDX-License-Identifier: Apache-2.0
// The Web API through the official client, and TLS through Node.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebClient } from '@slack/web-api';
import { APP_TOKEN, BOT_TOKEN, startAlone, startSimulator, story } from './simulator.mjs';

const silent = { setLevel() {}, setName() {}, getLevel: () => 'error',
  debug() {}, info() {}, warn() {}, error() {} };
const connect = (slack, token = BOT_TOKEN, retries = 2) => new WebClient(token,
  { slackApiUrl: slack.api, logger: silent, retryConfig: { retries, minTimeout: 10 } });
const it = (name, work) => test(name, { timeout: 20_000 }, story(work));
const refusal = (promise) => promise.then(() => assert.fail('it was not refused'),
  (error) => error);
const post = { channel: 'C0OPS', text: 'hi & <b>' };

describe('web-api 8.2.0: calls', { concurrency: 8 }, () => {
  it('the scopes of the token come with the answer', async (slack) => {
    const me = await connect(slack).auth.test();
    assert.equal(me.user_id, 'U0BOT');
    assert.ok(me.response_metadata.scopes.includes('chat:write'));
  });

  it('a message with blocks and metadata goes there and is edited', async (slack) => {
    const client = connect(slack);
    const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: '*x*' } }];
    const metadata = { event_type: 'run', event_payload: { run: 'r-1', seq: 4 } };
    const { ts, channel } = await client.chat.postMessage({ ...post, blocks, metadata });
    const [stored] = await slack.messages();
    assert.equal(stored.text, post.text);
    assert.deepEqual(stored.metadata, metadata);
    const { block_id: made, ...rest } = stored.blocks[0];
    assert.ok(made);
    assert.deepEqual(rest, blocks[0]);
    await client.chat.update({ channel, ts, text: 'later' });
    assert.equal((await slack.messages())[0].blocks.length, 1);
    const history = await client.conversations.history(
      { channel, oldest: ts, inclusive: true, include_all_metadata: true });
    assert.deepEqual(history.messages.map((m) => [m.text, m.metadata.event_payload.seq]),
      [['later', 4]]);
    await client.chat.delete({ channel, ts });
    assert.deepEqual(await slack.messages(), []);
  });

  it('refusals have their code and their pointers', async (slack) => {
    const client = connect(slack);
    const blocks = [{ type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } }];
    const bad = await refusal(client.chat.postMessage({ ...post, blocks }));
    assert.equal(bad.code, 'slack_webapi_platform_error');
    assert.equal(bad.data.error, 'invalid_blocks');
    assert.deepEqual(bad.data.response_metadata.messages,
      ['[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]']);
    assert.equal((await refusal(client.chat.postMessage({ ...post, channel: 'C0LOBBY' })))
      .data.error, 'not_in_channel');
    await slack.tell('token', { kind: 'bot', scopes: ['chat:write'] });
    const scope = await refusal(client.users.info({ user: 'U0ANA' }));
    assert.deepEqual([scope.data.error, scope.data.needed, scope.data.provided],
      ['missing_scope', 'users:read', 'chat:write']);
    const swapped = await refusal(connect(slack, APP_TOKEN).chat.postMessage(post));
    assert.equal(swapped.data.error, 'not_allowed_token_type');
  });

  it('people, groups and conversations are found', async (slack) => {
    const client = connect(slack);
    assert.equal((await client.users.info({ user: 'U0ANA' })).user.name, 'ana');
    assert.deepEqual((await client.usergroups.users.list({ usergroup: 'S0SRE' })).users, ['U0BOB']);
    assert.equal((await client.conversations.info({ channel: 'C0OPS' })).channel.is_member, true);
    assert.equal((await client.conversations.open({ users: 'U0ANA' })).channel.id, 'D0ANA');
    assert.ok((await client.conversations.list()).channels.every((c) => c.id !== 'G0SECRET'));
  });

  it('a file is brought into a thread in three steps', async (slack) => {
    const client = connect(slack);
    const { ts } = await client.chat.postMessage(post);
    const done = await client.files.uploadV2({ channel_id: 'C0OPS', thread_ts: ts,
      initial_comment: 'the report', filename: 'r.txt', title: 'Report', content: 'twelve bytes' });
    assert.equal(done.ok, true);
    const [{ arguments: asked }] = await slack.calls('files.getUploadURLExternal');
    assert.deepEqual([asked.filename, asked.length], ['r.txt', '12']);
    const [upload] = await slack.journal('upload');
    assert.deepEqual([upload.bytes, upload.accepted, upload.content_type],
      [12, true, 'multipart/form-data']);
    const reply = (await slack.messages())[1];
    assert.deepEqual([reply.thread_ts, reply.text, reply.files[0].title],
      [ts, 'the report', 'Report']);
    const stored = await fetch(`${slack.base}/_sim/file/${reply.files[0].id}`);
    assert.equal(await stored.text(), 'twelve bytes');
  });

  it('the burst of a channel ends in a 429 that says how long', async (slack) => {
    const client = new WebClient(BOT_TOKEN,
      { slackApiUrl: slack.api, logger: silent, rejectRateLimitedCalls: true });
    await slack.tell('freeze');
    for (let i = 0; i < 5; ++i) await client.chat.postMessage(post);
    const limited = await refusal(client.chat.postMessage(post));
    assert.deepEqual([limited.code, limited.retryAfter], ['slack_webapi_rate_limited_error', 1]);
    await slack.tell('advance', { seconds: 1 });
    await client.chat.postMessage(post);
  });

  it('it waits for Retry-After and sends again', async (slack) => {
    await slack.fault('chat.postMessage', 'rate_limit', { seconds: 1 });
    const began = Date.now();
    await connect(slack).chat.postMessage(post);
    assert.ok(Date.now() - began >= 950);
    assert.equal((await slack.messages()).length, 1);
  });

  it('a 429 without Retry-After is given up', async (slack) => {
    await slack.fault('chat.postMessage', 'rate_limit', { seconds: -1 });
    await refusal(connect(slack).chat.postMessage(post));
    assert.equal((await slack.calls('chat.postMessage')).length, 1);
  });

  it('an answer lost after the post doubles it', async (slack) => {
    await slack.fault('chat.postMessage', 'reset_after');
    await connect(slack).chat.postMessage(post);
    assert.equal((await slack.messages()).length, 2);
  });

  for (const [what, more] of [['status', { status: 503 }], ['reset', {}]]) {
    it(`${what}: it is tried again, and posted once`, async (slack) => {
      await slack.fault('chat.postMessage', what, more);
      await connect(slack).chat.postMessage(post);
      assert.equal((await slack.messages()).length, 1);
    });
  }

  it('garbage with a 200 is an error', async (slack) => {
    await slack.fault('chat.postMessage', 'garbage');
    await refusal(connect(slack, BOT_TOKEN, 0).chat.postMessage(post));
    assert.deepEqual(await slack.messages(), []);
  });
});

describe('TLS', () => {
  const certify = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slack-tls-'));
    const [certificate, key] = [join(folder, 'ca.pem'), join(folder, 'key.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt',
      'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', certificate, '-days', '2',
      '-subj', '/CN=slack', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' });
    return { folder, certificate, key };
  };

  for (const major of ['2', '3']) {
    test(`socket-mode ${major}: with the authority it connects, without it does not`,
      { timeout: 30_000 }, async () => {
        const { folder, certificate, key } = await certify();
        const slack = await startSimulator(['--tls', certificate, key]);
        const known = startAlone(slack, major, { NODE_EXTRA_CA_CERTS: certificate });
        const unknown = startAlone(slack, major, { NODE_EXTRA_CA_CERTS: '' });
        try {
          await known.said('connected');
          await sleep(500);
          assert.equal(unknown.text().includes('connected'), false);
        } finally {
          await known.stop();
          await unknown.stop();
          await slack.stop();
          await rm(folder, { recursive: true });
        }
      });
  }
});
