// SPDX-License-Identifier: Apache-2.0
// Everything that the simulator says has the shape of the official types; and what the types refuse
// in a message, the simulator refuses too.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SocketModeClient } from 'socket-mode-3';
import { APP_TOKEN, BOT_TOKEN, story } from './simulator.mjs';
import { complaints } from './types.mjs';

const plain = (text) => ({ type: 'plain_text', text });
const silent = { setLevel() {}, setName() {}, getLevel: () => 'error',
  debug() {}, info() {}, warn() {}, error() {} };
const button = { type: 'button', action_id: 'go', value: 'r-1:7', text: plain('Go'), style: 'primary',
  confirm: { title: plain('Sure?'), text: plain('Really'), confirm: plain('Yes'), deny: plain('No') } };
const row = [{ type: 'actions', block_id: 'ctl', elements: [button] }];
const view = { type: 'modal', callback_id: 'start', title: plain('Start'), submit: plain('Go'),
  notify_on_close: true, blocks: [
    { type: 'input', block_id: 'reason', label: plain('Why'),
      element: { type: 'plain_text_input', action_id: 'in' } },
    { type: 'input', block_id: 'gate', label: plain('Gate'), element: { type: 'static_select',
      action_id: 'in', options: [{ text: plain('Strict'), value: 'strict' }] } }] };

async function call(slack, method, body, token = BOT_TOKEN) {
  const answer = await fetch(slack.api + method, { method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
    body: new URLSearchParams(Object.entries(body).map(([name, value]) =>
      [name, typeof value === 'string' ? value : JSON.stringify(value)])) });
  const said = await answer.json();
  assert.equal(said.ok, true, `${method}: ${JSON.stringify(said)}`);
  return said;
}

async function connect(slack, cleanup) {
  const client = new SocketModeClient({ appToken: APP_TOKEN, logger: silent,
    clientOptions: { slackApiUrl: slack.api } });
  const payloads = [];
  client.on('slack_event', ({ ack, body }) => { payloads.push(body); return ack(); });
  await client.start();
  cleanup(() => client.disconnect());
  return payloads;
}

/** Without what Slack sends and the types do not know. */
function known(payload) {
  const copy = structuredClone(payload);
  if (copy.enterprise === null) delete copy.enterprise;
  if (copy.type?.startsWith('view_')) delete copy.user.username;
  for (const action of copy.actions ?? []) {
    delete action.confirm;
    delete action.style;
  }
  return copy;
}

test('payloads and answers satisfy the types', { timeout: 60_000 }, story(async (slack, cleanup) => {
  const payloads = await connect(slack, cleanup);
  const samples = [];
  const take = (name, type, value) => samples.push({ name, type, value: known(value) });

  await slack.tell('slash', { user: 'ana', text: 'plan' });
  take('slash', 'SlashCommand', payloads.at(-1));
  const opened = await call(slack, 'views.open', { view, trigger_id: payloads.at(-1).trigger_id });
  take('views.open', 'Plain<ViewsOpenResponse>', opened);
  await slack.tell('submit', { user: 'ana', values: { reason: 'CVE', gate: 'strict' } });
  take('view_submission', 'ViewSubmitAction', payloads.at(-1));
  await slack.tell('slash', { user: 'ana', text: 'plan' });
  await call(slack, 'views.open', { view, trigger_id: payloads.at(-1).trigger_id });
  await slack.tell('close_view', { user: 'ana' });
  take('view_closed', 'ViewClosedAction', payloads.at(-1));

  const posted = await call(slack, 'chat.postMessage', { channel: 'C0OPS', text: 'x', blocks: row });
  take('chat.postMessage', 'Plain<ChatPostMessageResponse>', posted);
  await slack.tell('click', { user: 'bob', action_id: 'go', ts: posted.ts });
  take('button', 'BlockAction<ButtonAction>', payloads.at(-1));
  take('chat.update', 'Plain<ChatUpdateResponse>',
    await call(slack, 'chat.update', { channel: 'C0OPS', ts: posted.ts, text: 'y' }));
  const hidden = await call(slack, 'chat.postEphemeral',
    { channel: 'C0OPS', user: 'U0ANA', text: 'x', blocks: row });
  await slack.tell('click', { user: 'ana', action_id: 'go', ts: hidden.message_ts });
  take('button of an ephemeral', 'BlockAction<ButtonAction>', payloads.at(-1));

  await slack.tell('home', { user: 'ana' });
  take('app_home_opened', 'EnvelopedEvent<AppHomeOpenedEvent>', payloads.at(-1));
  await call(slack, 'views.publish', { user_id: 'U0ANA', view: { type: 'home', blocks: row } });
  await slack.tell('click_in_view', { user: 'ana', action_id: 'go' });
  take('button in the home tab', "Omit<BlockAction<ButtonAction>, 'response_url'>",
    payloads.at(-1));

  take('auth.test', 'Plain<AuthTestResponse>', await call(slack, 'auth.test', {}));
  take('users.info', 'Plain<UsersInfoResponse>', await call(slack, 'users.info', { user: 'U0ANA' }));
  take('conversations.info', 'Plain<ConversationsInfoResponse>',
    await call(slack, 'conversations.info', { channel: 'C0OPS' }));
  take('usergroups.users.list', 'Plain<UsergroupsUsersListResponse>',
    await call(slack, 'usergroups.users.list', { usergroup: 'S0SRE' }));
  take('apps.connections.open', 'Plain<AppsConnectionsOpenResponse>',
    await call(slack, 'apps.connections.open', {}, APP_TOKEN));
  assert.equal(samples.length, 15);
  assert.deepEqual(await complaints(samples), []);
}));

// What both must refuse, and what both must take.
const wrong = [
  ['mrkdwn in a button', [{ type: 'actions', elements: [{ type: 'button', action_id: 'a',
    text: { type: 'mrkdwn', text: 'x' } }] }]],
  ['a text of type markdown', [{ type: 'section', text: { type: 'markdown', text: 'x' } }]],
  ['style warning', [{ type: 'actions', elements: [{ ...button, style: 'warning' }] }]],
  ['an unknown key', [{ type: 'section', text: plain('x'), colour: 'red' }]],
  ['mrkdwn in a header', [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }]],
  ['a number in fields', [{ type: 'section', fields: [7] }]],
];
const right = [
  ['a run', [{ type: 'header', text: plain('x') },
    { type: 'section', text: { type: 'mrkdwn', text: '*x*' }, accessory: button },
    { type: 'section', fields: [plain('a'), { type: 'mrkdwn', text: 'b' }] }, { type: 'divider' },
    { type: 'context', elements: [{ type: 'mrkdwn', text: 'r-1' }] }, ...row]],
  ['a table', [{ type: 'table', rows: [[{ type: 'raw_text', text: 'a' }]] }]],
  ['markdown', [{ type: 'markdown', text: '# x' }]],
  ['overflow', [{ type: 'section', text: plain('x'), accessory: { type: 'overflow',
    action_id: 'o', options: [{ text: plain('a'), value: '1' }, { text: plain('b'), value: '2' }] } }]],
];

test('the simulator and the types agree on blocks', { timeout: 60_000 }, story(async (slack) => {
  await slack.tell('limits', { enabled: false });
  const samples = [...wrong, ...right].map(([name, value]) => ({ name, type: 'KnownBlock[]', value }));
  const said = await complaints(samples);
  for (const [name, blocks] of [...wrong, ...right]) {
    const refused = wrong.some(([other]) => other === name);
    assert.equal(said.some((line) => line.startsWith(`${name}: `)), refused, `types: ${name}`);
    const answer = await (await fetch(slack.api + 'chat.postMessage', { method: 'POST',
      headers: { Authorization: `Bearer ${BOT_TOKEN}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ channel: 'C0OPS', text: 'x', blocks }) })).json();
    assert.equal(!answer.ok, refused, `simulator: ${name}: ${JSON.stringify(answer)}`);
  }
}));

// What the bot sends, as files TYPE.NAME.json; Manifest is the type of the app's manifest.
const folder = process.env.SLACK_SAMPLES;
const files = folder && existsSync(folder)
  ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
test('the messages of the bot satisfy the types and the simulator', { timeout: 60_000,
  skip: files.length ? false : `no samples in ${folder}` }, story(async (slack) => {
  await slack.tell('limits', { enabled: false });
  const samples = files.map((name) => ({ name, type: name.split('.')[0],
    value: JSON.parse(readFileSync(join(folder, name), 'utf8')) }));
  assert.deepEqual(await complaints(samples), []);
  for (const { type, value } of samples) {
    if (type === 'ViewsPublishArguments')
      await call(slack, 'views.publish', { ...value, user_id: 'U0ANA' });
    if (type !== 'ChatPostMessageArguments') continue;
    const { thread_ts: _, ...message } = value;
    await call(slack, 'chat.postMessage', { ...message, channel: 'C0OPS' });
  }
}));
