// SPDX-License-Identifier: Apache-2.0
// Judges JSON by the official types: each sample is written into a TypeScript file as a literal that
// must satisfy its type (an imported .json would not do, its strings are widened), and tsc reads it.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const here = new URL('.', import.meta.url).pathname;
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
  'bin/tsc');
const IMPORTS = `
import type { AppHomeOpenedEvent, HomeView, KnownBlock, ModalView } from '@slack/types';
import type { AppsManifestValidateArguments, ChatPostMessageArguments, ChatPostMessageResponse,
  ChatUpdateArguments, ChatUpdateResponse, AuthTestResponse, UsersInfoResponse,
  ConversationsInfoResponse, UsergroupsUsersListResponse, ViewsOpenArguments, ViewsOpenResponse,
  ViewsPublishArguments,
  FilesCompleteUploadExternalResponse, AppsConnectionsOpenResponse } from '@slack/web-api';
import type { BlockAction, ButtonAction, EnvelopedEvent, SlashCommand,
  ViewClosedAction, ViewSubmitAction } from 'bolt-5';
// The types of answers have enumerations where JSON has words, and know no null.
type Manifest = NonNullable<AppsManifestValidateArguments['manifest']>;
type Plain<T> = T extends string ? \`\${T}\` : T extends object
  ? { [K in keyof T]: Plain<T[K]> | null } : T;
`;
const OPTIONS = { compilerOptions: { strict: true, noEmit: true, skipLibCheck: true,
  target: 'es2022', module: 'nodenext', moduleResolution: 'nodenext', types: ['node'] } };

/** What tsc says of each sample ({ name, type, value }): a line with its name per complaint. */
export async function complaints(samples) {
  const folder = await mkdtemp(join(here, 'types-'));
  try {
    const files = samples.map(({ name }, i) => `${i}-${name.replace(/\W+/g, '-')}.ts`);
    await Promise.all(samples.map(({ type, value }, i) => writeFile(join(folder, files[i]),
      `${IMPORTS}\nexport default ${JSON.stringify(value, null, 1)} satisfies ${type};\n`)));
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ ...OPTIONS, files }));
    const text = await new Promise((resolve) => {
      execFile(process.execPath, [tsc, '-p', folder, '--pretty', 'false'],
        { timeout: 60_000, maxBuffer: 1 << 24 },
        (error, out, err) => resolve(error ? `${out}${err}` || String(error) : ''));
    });
    return text.split('\n').filter((line) => line.trim()).map((line) => {
      const found = /(\d+)-[\w-]*\.ts\((\d+),/.exec(line);
      return found ? `${samples[found[1]].name}: ${line}` : line;
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}
