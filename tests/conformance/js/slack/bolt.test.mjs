// SPDX-License-Identifier: Apache-2.0
// Whole conversations through both majors of Bolt: commands, buttons, modals, the home tab.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import bolt4 from 'bolt-4';
import bolt5 from 'bolt-5';
import { APP_TOKEN, BOT_TOKEN, story, until } from './simulator.mjs';

const plain = (text) => ({ type: 'plain_text', text });
const silent = { setLevel() {}, setName() {}, getLevel: () => 'error',
  debug() {}, info() {}, warn() {}, error() {} };
const pauseButton = { type: 'button', action_id: 'run.pause', value: 'r-1:7', text: plain('Pause') };
const row = [{ type: 'actions', block_id: 'ctl', elements: [pauseButton] }];
const startView = { type: 'modal', callback_id: 'start', title: plain('Start'),
  submit: plain('Go'), private_metadata: 'p-91', blocks: [{ type: 'input', block_id: 'reason',
    label: plain('Why'), element: { type: 'plain_text_input', action_id: 'in' } }] };

for (const [version, { App }] of [['4.7.3', bolt4], ['5.1.0', bolt5]]) {
  const start = async (slack, cleanup, register) => {
    const app = new App({ token: BOT_TOKEN, appToken: APP_TOKEN, socketMode: true, logger: silent,
      clientOptions: { slackApiUrl: slack.api } });
    register(app);
    await app.start();
    cleanup(() => app.stop());
    return app;
  };
  const it = (name, work) => test(name, { timeout: 20_000 }, story(work));
  const slash = (slack, text = 'plan') => slack.tell('slash', { user: 'ana', text });

  describe(`bolt ${version}`, { concurrency: 8 }, () => {
    it('it asks who it is and opens a connection', async (slack, cleanup) => {
      await start(slack, cleanup, () => {});
      assert.deepEqual((await slack.calls('auth.test')).map((entry) => entry.error), ['']);
      assert.equal((await slack.calls('apps.connections.open')).length, 1);
    });

    it('a command is acked, answered later and posted about', async (slack, cleanup) => {
      await start(slack, cleanup, (app) => app.command('/upgrade', async ({ ack, say, respond }) => {
        await ack('planning');
        await respond({ text: 'the plan', replace_original: false, delete_original: false });
        await say({ text: 'posted', blocks: row });
      }));
      assert.equal((await slash(slack)).state, 'acked');
      await until(async () => (await slack.messages()).length === 3, 'three messages');
      assert.deepEqual((await slack.messages()).map((m) => [m.text, m.only_for]),
        [['planning', 'U0ANA'], ['the plan', 'U0ANA'], ['posted', '']]);
      assert.equal((await slack.journal('response'))[0].error, '');
    });

    it('a command that nobody registered times out', async (slack, cleanup) => {
      await start(slack, cleanup, () => {});
      const fate = slash(slack);
      await slack.entry('envelope');
      await slack.tell('advance', { seconds: 3.1 });
      assert.equal((await fate).state, 'operation_timeout');
    });

    it('a button edits its message and answers in its thread', async (slack, cleanup) => {
      const app = await start(slack, cleanup, (it) => it.action('run.pause',
        async ({ ack, action, body, client, respond }) => {
          await ack();
          const where = { channel: body.channel.id, ts: body.message.ts };
          await client.chat.update({ ...where, text: `paused ${action.value}`, blocks: [] });
          await client.chat.postMessage({ ...where, thread_ts: where.ts, text: 'by hand' });
          await respond({ text: 'only for you', replace_original: false, delete_original: false });
        }));
      const { ts } = await app.client.chat.postMessage(
        { channel: 'C0OPS', text: 'running', blocks: row });
      assert.equal((await slack.tell('click', { user: 'bob', action_id: 'run.pause', ts })).state,
        'acked');
      await until(async () => (await slack.messages()).length === 3, 'three messages');
      const [run, reply, hidden] = await slack.messages();
      assert.deepEqual([run.text, run.blocks], ['paused r-1:7', []]);
      assert.equal(reply.thread_ts, ts);
      assert.equal(hidden.only_for, 'U0BOB');
      const [post] = await slack.calls('chat.update');
      assert.equal(post.arguments.team_id, 'T0ACME');
    });

    it('a modal is opened, found wrong, corrected and closed', async (slack, cleanup) => {
      const seen = [];
      await start(slack, cleanup, (app) => {
        app.command('/upgrade', async ({ ack, client, body }) => {
          await client.views.open({ trigger_id: body.trigger_id, view: startView });
          await ack();
        });
        app.view('start', async ({ ack, view }) => {
          const reason = view.state.values.reason.in.value;
          seen.push([reason, view.private_metadata]);
          await ack(reason.length < 5
            ? { response_action: 'errors', errors: { reason: 'too short' } } : undefined);
        });
      });
      await slash(slack);
      const submit = (reason) => slack.tell('submit', { user: 'ana', values: { reason } });
      assert.deepEqual((await submit('no')).complaints, []);
      assert.deepEqual((await slack.ask('view/ana')).errors, { reason: 'too short' });
      assert.deepEqual((await submit('CVE-2026-1111')).complaints, []);
      assert.deepEqual(await slack.ask('view/ana'), {});
      assert.deepEqual(seen, [['no', 'p-91'], ['CVE-2026-1111', 'p-91']]);
    });

    it('a trigger that is too old opens nothing', async (slack, cleanup) => {
      const errors = [];
      await start(slack, cleanup, (app) => app.command('/upgrade', async ({ ack, client, body }) => {
        await ack();
        await slack.tell('advance', { seconds: 3.1 });
        await client.views.open({ trigger_id: body.trigger_id, view: startView })
          .catch((error) => errors.push(error.data.error));
      }));
      await slash(slack);
      await until(() => errors.length, 'an error');
      assert.deepEqual(errors, ['expired_trigger_id']);
    });

    it('the home tab is published when it is opened', async (slack, cleanup) => {
      await start(slack, cleanup, (app) => {
        app.event('app_home_opened', ({ client, event }) => client.views.publish({
          user_id: event.user, view: { type: 'home', blocks: row } }));
        app.action('run.pause', ({ ack }) => ack());
      });
      assert.equal((await slack.tell('home', { user: 'ana' })).state, 'acked');
      await until(async () => (await slack.ask('home/ana')).type === 'home', 'a home tab');
      const click = { user: 'ana', action_id: 'run.pause' };
      assert.equal((await slack.tell('click_in_view', click)).state, 'acked');
    });

    it('it goes on after a refresh', async (slack, cleanup) => {
      await start(slack, cleanup, (app) => app.command('/upgrade', ({ ack }) => ack('fine')));
      await slack.tell('disconnect', { reason: 'refresh_requested' });
      await slack.entry('hello', (entry) => entry.socket === 's-2');
      assert.equal((await slash(slack)).state, 'acked');
    });
  });
}
