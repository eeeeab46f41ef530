import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Disk } from '../kills/disk.js';
import { type OwnPostgres, startOwnPostgres } from './postgres.js';
import { bundleOf, type Running, run } from './running.js';

/** "Revocations are always accepted" (docs/operate.md): with a full disk, and with a database that does not answer. */

const BUNDLE = bundleOf({
  'writ.yaml': 'name: unsaved',
  'schema.cedarschema': 'entity User; entity Doc; action read appliesTo { principal: [User], resource: [Doc] };',
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
});
const EVE = { kind: 'identity', target: 'User::"eve"', reason: 'left' };
const asked = (id: string) => ({
  subject: { type: 'User', id },
  action: { name: 'read' },
  resource: { type: 'Doc', id: '1' },
});
const ask = async (writ: Running, id: string) => (await writ.send('POST', '/access/v1/evaluation', asked(id))).json;
const revoke = (writ: Running) => writ.send('POST', '/v1/revocations', EVE, { as: 'admin' });

/** It is answered, in force, and on disk and on the record once that can be; also after a restart. */
async function isAccepted(writ: Running, mend: () => unknown, options: { readonly store?: string }): Promise<void> {
  const first = await revoke(writ);
  expect([first.status, first.json.recorded, first.json.target]).toEqual([202, false, 'User::"eve"']);
  // The same again is not taken for saved.
  expect((await revoke(writ)).status).toBe(202);
  const listed = (await writ.send('GET', '/v1/revocations', undefined, { as: 'admin' })).json.revocations;
  expect(listed).toMatchObject([{ target: 'User::"eve"' }]);
  await mend();
  await expect.poll(async () => (await ask(writ, 'ana')).decision, { timeout: 30_000 }).toBe(true);
  expect((await ask(writ, 'eve')).decision).toBe(false);
  const onRecord = async (): Promise<number> => {
    const { text } = await writ.send('GET', '/v1/log?limit=1000', undefined, { as: 'admin' });
    return text.split('revocations.add').length - 1;
  };
  await expect.poll(onRecord, { timeout: 20_000 }).toBeGreaterThanOrEqual(1);
  await expect.poll(async () => (await revoke(writ)).status, { timeout: 20_000 }).toBe(201);
  const { data } = writ;
  await writ.writ.close();
  const again = await run(BUNDLE, { ...options, data });
  expect([(await ask(again, 'eve')).decision, (await ask(again, 'ana')).decision]).toEqual([false, true]);
  await again.stop();
}

describe('a revocation is accepted', () => {
  const disk = Disk.mount(8);
  afterAll(() => disk?.unmount());

  it.runIf(disk !== undefined)(
    'with a full disk',
    async () => {
      const { folder } = disk as Disk;
      const writ = await run(BUNDLE, { data: join(folder, 'data') });
      expect((await ask(writ, 'eve')).decision).toBe(true);
      disk?.fill();
      await expect.poll(async () => (await ask(writ, 'ana')).decision, { timeout: 20_000 }).toBe(false);
      expect((await writ.send('GET', '/readyz', undefined, { as: null })).json.state).toBe('no-record');
      await isAccepted(writ, () => disk?.empty(), {});
    },
    120_000,
  );

  describe('with a database that does not answer', () => {
    let postgres: OwnPostgres;
    beforeAll(async () => {
      postgres = await startOwnPostgres();
    });
    afterAll(() => postgres.stop());

    it.each([
      ['stands still', () => postgres.freeze(), () => postgres.thaw()],
      ['is gone', () => postgres.kill(), () => postgres.restart()],
    ])(
      'because it %s',
      async (_what, lose, mend) => {
        const store = await postgres.database();
        const writ = await run(BUNDLE, { store, limits: { diskMs: 1_500 } });
        expect((await ask(writ, 'eve')).decision).toBe(true);
        await lose();
        await isAccepted(writ, mend, { store });
      },
      120_000,
    );
  });
});
