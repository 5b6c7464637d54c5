// SPDX-License-Identifier: Apache-2.0
// alone.mjs MAJOR API_URL: a client in a process of its own, for what Node's test runner would take
// for a failed test (rejections that escape) and for certificates, which Node reads at its start.
// Says what happens, a line each; does what it is told on its standard input; ends when that ends.

import { createInterface } from 'node:readline';
import socketMode2 from 'socket-mode-2';
import { SocketModeClient as Client3 } from 'socket-mode-3';
import { APP_TOKEN } from './simulator.mjs';

const [major, slackApiUrl] = process.argv.slice(2);
const Client = major.startsWith('2') ? socketMode2.SocketModeClient : Client3;
const say = (words) => process.stdout.write(`${words}\n`);
process.on('unhandledRejection', (reason) => say(`escaped ${reason?.message ?? reason}`));

const silent = { setLevel() {}, setName() {}, getLevel: () => 'error',
  debug() {}, info() {}, warn() {}, error() {} };
const client = new Client({ appToken: APP_TOKEN, clientPingTimeout: 400, logger: silent,
  clientOptions: { slackApiUrl, retryConfig: { retries: 0 } } });
client.on('slash_commands', ({ ack }) => ack());
client.start().then(() => say('connected'), (error) => say(`failed ${error}`));
createInterface({ input: process.stdin })
  .on('line', () => client.disconnect().then(() => say('disconnected'), () => {}))
  .on('close', () => process.exit());
