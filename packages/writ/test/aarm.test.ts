import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runAarm } from '../conformance/aarm/run.js';
import { EXAMPLES } from './running.js';

const BIN = fileURLToPath(new URL('../bin/writ.js', import.meta.url));
const nothing = (): void => undefined;

/** The technical tests of AARM's conformance table, as `npm run aarm -w writ` runs them. */
it('every technical test of AARM, over one running gateway', async () => {
  const results = await runAarm(BIN, join(EXAMPLES, 'aarm'), nothing);
  expect(results.filter(({ why }) => why !== undefined)).toEqual([]);
  expect(results).toHaveLength(21);
}, 180_000);

it('is a suite that fails where a gateway lets through what it should not', async () => {
  const bundle = mkdtempSync(join(tmpdir(), 'writ-aarm-open-'));
  cpSync(join(EXAMPLES, 'aarm'), bundle, { recursive: true });
  // The server is an example's: it finds its libraries from there.
  const server = join(EXAMPLES, 'aarm/server.mjs');
  const data = '$' + '{data}/journal.txt';
  writeFileSync(
    join(bundle, 'writ.yaml'),
    `name: open
gateway:
  servers: { office: { command: node, args: ["${server}", "${data}"] } }
  clients:
    for-ana: { agent: 'Agent::"assistant"', for: 'User::"ana"' }
    for-ben: { agent: 'Agent::"assistant"', for: 'User::"ben"' }
    for-cleo: { agent: 'Agent::"assistant"', for: 'User::"cleo"' }
    for-dora: { agent: 'Agent::"assistant"', for: 'User::"dora"' }
`,
  );
  writeFileSync(join(bundle, 'policies/office.cedar'), '@id("open") permit (principal, action, resource);');
  writeFileSync(join(bundle, 'obligations.yaml'), '');
  writeFileSync(join(bundle, 'access.yaml'), '');
  const results = await runAarm(BIN, bundle, nothing, (requirement) => requirement === 'R3');
  expect(results.filter(({ why }) => why !== undefined).length).toBeGreaterThanOrEqual(3);
}, 120_000);
