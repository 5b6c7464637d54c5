// SPDX-License-Identifier: Apache-2.0
// A Slack simulator of one's own for each test, and what a test asks of it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const APP_TOKEN = 'xapp-1-A0UPGRADER-111-lab';
export const BOT_TOKEN = 'xoxb-111-222-lab';

/** Looks every 10 ms until the condition gives something; fails after so long. */
export async function until(condition, what, limit = 10_000) {
  for (const end = Date.now() + limit; Date.now() < end; ) {
    const found = await condition();
    if (found) return found;
    await sleep(10);
  }
  assert.fail(`not within ${limit} ms: ${what}`);
}

class Simulator {
  constructor(base, child, folder) {
    Object.assign(this, { base, child, folder });
    this.api = `${base}/api/`;
  }

  async tell(command, body = {}) {
    const answer = await fetch(`${this.base}/_sim/${command}`,
      { method: 'POST', body: JSON.stringify(body) });
    const said = await answer.json();
    assert.equal(answer.status, 200, `${command}: ${JSON.stringify(said)}`);
    return said;
  }

  fault(on, what, more = {}) {
    return this.tell('faults', { faults: [{ on, do: what, ...more }] });
  }

  async ask(question) {
    return (await fetch(`${this.base}/_sim/${question}`)).json();
  }

  async journal(...kinds) {
    const query = kinds.length ? `?kind=${kinds.join(',')}` : '';
    const text = await (await fetch(`${this.base}/_sim/journal${query}`)).text();
    return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }

  async calls(method) {
    return (await this.journal('api')).filter((entry) => entry.method === method);
  }

  /** The first entry of that kind which fits, once it is there. */
  entry(kind, fits = () => true, limit) {
    return until(async () => (await this.journal(kind)).find(fits), kind, limit);
  }

  messages(channel = 'C0OPS') {
    return this.ask(`messages/${channel}`);
  }

  connected(count = 1) {
    return until(async () => (await this.ask('sockets')).filter(
      (socket) => socket.state === 'active').length === count, `${count} connections`);
  }

  async stop() {
    this.child.stdin.end();
    await this.ended;
    await rm(this.folder, { recursive: true });
  }
}

/** Ends by itself when this process does: its standard input ends then. */
export async function startSimulator(tls = []) {
  const folder = await mkdtemp(join(tmpdir(), 'slack-'));
  const file = join(folder, 'port');
  const child = spawn(process.env.SLACK_PYTHON, ['-B', process.env.SLACK_SERVER, '--port-file', file,
    '--until-eof', ...tls], { stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const port = await until(() => readFile(file, 'utf8').catch(() => ''), 'the simulator is ready');
  const base = `http${tls.length ? 's' : ''}://127.0.0.1:${port.trim()}`;
  const simulator = new Simulator(base, child, folder);
  simulator.ended = ended;
  return simulator;
}

/** A client in a process of its own (alone.mjs); `lines` is what it has said. */
export function startAlone(slack, major, environment = {}) {
  const script = new URL('alone.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, major, slack.api],
    { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...environment } });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  let text = '';
  child.stdout.on('data', (data) => { text += data; });
  const said = (words, limit) => until(
    () => text.split('\n').find((line) => line.startsWith(words)), `it says ${words}`, limit);
  return { said, tell: (words) => child.stdin.write(`${words}\n`), text: () => text,
    stop: async () => { child.stdin.end(); await ended; } };
}

/** Wraps a test so that it has a simulator, and everything it made is ended after it. */
export function story(work) {
  return async (context) => {
    const slack = await startSimulator();
    const ends = [];
    try {
      await work(slack, (end) => ends.push(end), context);
    } finally {
      for (const end of ends.reverse()) await end();
      await slack.stop();
    }
  };
}
