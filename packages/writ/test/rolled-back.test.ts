import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StateError } from '../src/audit/errors.js';
import { signedCheckpoint } from '../src/audit/tlog/checkpoint.js';
import { NoteError } from '../src/audit/tlog/errors.js';
import { parseSigner, signerOf } from '../src/audit/tlog/note.js';
import { copiesIn } from './copies.js';
import { command, startedService } from './processes.js';
import { bundleOf, type Running, run } from './running.js';

/** The whole data folder of an earlier day is put back: a checkpoint that was kept elsewhere does not fit it. */

const folder = mkdtempSync(join(tmpdir(), 'writ-rolled-back-'));
const BUNDLE = bundleOf({
  'writ.yaml': 'name: rolled-back\ncallers: { default: {} }',
  'schema.cedarschema': 'entity User, Doc; action read appliesTo { principal: [User], resource: [Doc] };',
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
});
const READ = { action: { name: 'read' }, resource: { type: 'Doc', id: '1' } };
const reads = async (writ: Running, user: string): Promise<boolean> =>
  (await writ.send('POST', '/access/v1/evaluation', { subject: { type: 'User', id: user }, ...READ })).json.decision;
const checkpointOf = async (writ: Running): Promise<Buffer> =>
  Buffer.from((await writ.send('GET', '/v1/log/checkpoint', undefined, { as: 'admin' })).text);

const yesterday = join(folder, 'yesterday');
const today = join(folder, 'today');
let early: Buffer;
let late: Buffer;
beforeAll(async () => {
  const data = join(folder, 'made');
  const first = await run(BUNDLE, { data });
  for (let i = 0; i < 5; i += 1) await reads(first, 'ana');
  early = await checkpointOf(first);
  await first.writ.close();
  cpSync(data, yesterday, { recursive: true });
  const writ = await run(BUNDLE, { data });
  const revocation = { kind: 'identity', target: 'User::"eve"', reason: 'left' };
  expect((await writ.send('POST', '/v1/revocations', revocation, { as: 'admin' })).status).toBe(201);
  for (let i = 0; i < 5; i += 1) await reads(writ, 'ana');
  late = await checkpointOf(writ);
  await writ.writ.close();
  cpSync(data, today, { recursive: true });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const copy = copiesIn(folder);
const failure = (data: string, expected: Buffer): Promise<unknown> =>
  run(BUNDLE, { data, expected }).then(
    (writ) => writ.stop(),
    (thrown: unknown) => thrown,
  );

describe('a start that expects a checkpoint', () => {
  it('refuses the folder of yesterday, and permits nothing', async () => {
    const error = await failure(copy(yesterday), late);
    expect(error).toBeInstanceOf(StateError);
    expect(error).toMatchObject({
      code: 'state_changed',
      message: expect.stringMatching(/^the log has \d+ entries here, and the expected checkpoint was signed for \d+/),
      help: expect.stringContaining('--accept-state'),
    });
  });

  it('refuses a log that went another way from yesterday on, and is longer now', async () => {
    const data = copy(yesterday);
    const writ = await run(BUNDLE, { data });
    for (let i = 0; i < 30; i += 1) await reads(writ, 'mallory');
    await writ.writ.close();
    const error = await failure(data, late);
    expect(error).toBeInstanceOf(StateError);
    expect(error).toMatchObject({ message: expect.stringMatching(/^the first \d+ of the \d+ entries of the log/) });
  });

  it('refuses a fresh folder, which is another log', async () => {
    const error = await failure(join(folder, 'fresh'), late);
    expect(error).toBeInstanceOf(NoteError);
    expect(error).toMatchObject({ message: expect.stringMatching(/^the checkpoint is of writ\.internal\//) });
  });

  it('refuses a checkpoint that the log did not sign', async () => {
    const { name } = parseSigner(readFileSync(join(today, 'keys/log.key'), 'utf8'));
    const forged = signedCheckpoint(signerOf(name, randomBytes(32)), 0, Buffer.alloc(32));
    const changed = late.toString().replace(/\n(\d+)\n/, '\n1\n');
    for (const text of [forged, changed, '', 'x'])
      expect(await failure(copy(today), Buffer.from(text))).toBeInstanceOf(NoteError);
  });

  it('goes on with the folder of today, for a checkpoint of yesterday and one of today', async () => {
    for (const expected of [early, late]) {
      const writ = await run(BUNDLE, { data: copy(today), expected });
      expect([await reads(writ, 'ana'), await reads(writ, 'eve')]).toEqual([true, false]);
      await writ.stop();
    }
  });

  it('goes on after kill -9 with the last checkpoint that the killed service showed', async () => {
    const data = copy(today);
    const { child, url } = await startedService(BUNDLE, data);
    const ask = (path: string, as: string, body?: unknown): Promise<Response> =>
      fetch(url + path, {
        headers: {
          Authorization: `Bearer ${readFileSync(join(data, `keys/${as}.key`), 'utf8').trim()}`,
          'Content-Type': 'application/json',
        },
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      });
    await ask('/access/v1/evaluation', 'default', { subject: { type: 'User', id: 'ana' }, ...READ });
    const expected = Buffer.from(await (await ask('/v1/log/checkpoint', 'admin')).arrayBuffer());
    child.kill('SIGKILL');
    await once(child, 'exit');
    const writ = await run(BUNDLE, { data, expected });
    expect(await reads(writ, 'ana')).toBe(true);
    await writ.stop();
  });

  it('goes on with yesterday when the operator accepts that, on the record', async () => {
    const writ = await run(BUNDLE, { data: copy(yesterday), expected: late, acceptState: 'restored, ticket 8' });
    const entries = await writ.writ.records.read({ seq: 0, index: -1 }, 1_000);
    expect(entries.map(({ entry }) => entry)).toContainEqual(
      expect.objectContaining({
        what: 'state.accept',
        detail: { reason: 'restored, ticket 8', accepted: [expect.stringContaining('this is an earlier copy')] },
      }),
    );
    await writ.stop();
  });

  it('is a flag of the command, which names the sizes and the remedy', async () => {
    const file = join(folder, 'kept-checkpoint');
    writeFileSync(file, late);
    const start = (data: string, ...more: string[]) =>
      command('start', '--bundle', BUNDLE, '--data', data, '--port', '0', ...more);
    const refused = await start(copy(yesterday), '--expect', file);
    expect(refused.code).not.toBe(0);
    expect(refused.out).toMatch(/the log has \d+ entries here, and the expected checkpoint was signed for \d+/);
    expect(refused.out).toContain('--accept-state');
    expect((await start(copy(today), '--expect', join(folder, 'nowhere'))).out).toContain('cannot be read');
    expect((await start(copy(today), '--expect', file, '--follow')).out).toContain('keeps the log');
  });
});
