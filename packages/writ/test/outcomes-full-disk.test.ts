import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Disk } from '../kills/disk.js';
import { bundleOf, type Reply, run } from './running.js';

/** A permit that is in the journal and not in the tables, because the disk is full, is a permit. */

const BUNDLE = bundleOf({
  'writ.yaml': 'name: full',
  'schema.cedarschema': 'entity User; entity Doc; action read appliesTo { principal: [User], resource: [Doc] };',
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
});
const READ = { subject: { type: 'User', id: 'ana' }, action: { name: 'read' }, resource: { type: 'Doc', id: '1' } };

const disk = Disk.mount(8);
afterAll(() => disk?.unmount());

it.runIf(disk !== undefined)(
  'its outcome is answered with 503 until it can be recorded, and never as that of no permit',
  async () => {
    const writ = await run(BUNDLE, { data: join((disk as Disk).folder, 'data') });
    const ask = (): Promise<Reply> => writ.send('POST', '/access/v1/evaluation', READ);
    const report = async (id: string): Promise<number> =>
      (await writ.send('POST', '/v1/outcomes', { decisionId: id, status: 'completed' })).status;
    const permitted: string[] = [];
    const askUntilDenied = async (atMost: number): Promise<void> => {
      for (let i = 0; i < atMost; i += 1) {
        const { json, headers } = await ask();
        if (json.decision !== true) return;
        permitted.push(headers.get('x-decision-id') as string);
      }
    };
    await askUntilDenied(5);
    disk?.fill();
    await askUntilDenied(Number.POSITIVE_INFINITY);
    expect(permitted.length).toBeGreaterThanOrEqual(5);
    const statuses = new Set(await Promise.all(permitted.slice(-20).map(report)));
    expect([...statuses]).toEqual([503]);
    disk?.empty();
    for (const id of permitted.slice(-20)) await expect.poll(() => report(id), { timeout: 20_000 }).toBe(204);
    await writ.stop();
  },
  120_000,
);
