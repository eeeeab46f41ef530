import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Schema } from '@writ/cedar';
import { expect, it } from 'vitest';
import { openStore } from '../store/store.js';
import { entityMigrations, refresh } from './entity-rows.js';
import { EntityStore } from './entity-store.js';
import { FactRules } from './fact-rules.js';
import { Registry } from './registry.js';
import { RevisionLog, revisionMigrations } from './revision-log.js';

const schema = Schema.parse(`entity Team; entity User in [Team] { level?: Long, risk?: String };
action reading; action read in [reading] appliesTo { principal: [User], resource: [User] };`);
const uid = (type: string, id: string) => ({ type, id });

it('to read everything anew takes out what is gone, and nothing of the bundle, the schema, or what was fetched', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-rows-'));
  const store = await openStore(join(folder, 'writ.db'), entityMigrations, revisionMigrations);
  const revisions = await RevisionLog.open(store, new Date());
  const entities = new EntityStore(store, revisions);
  const rules = new FactRules(new Map([['User', new Map([['risk', { maxAge: 60_000 }]])]]));
  const registry = Registry.load([{ uid: uid('Team', 'code') }], schema, rules);
  const revision = await entities.fill(registry);
  await entities.adopt(
    registry,
    revision,
    async () => undefined,
    () => undefined,
  );
  const author = { by: 'me', now: new Date() };
  const stored = ['a', 'b', 'gone'].map((id) => ({
    entity: { uid: uid('User', id), attrs: { level: 1 }, parents: [uid('Team', 'code')] },
  }));
  await entities.upsert(stored, author, {});
  registry.live.fetched({ ...uid('User', 'f'), source: 's', asOf: Date.now(), attributes: { risk: 'LOW' } });
  // As if another service had changed it.
  const tables = store.withTables<{ entities: { id: string; json: string } }>();
  await tables.deleteFrom('entities').where('id', '=', 'gone').execute();
  const changed = JSON.stringify({ uid: uid('User', 'b'), attrs: { level: 2 } });
  await tables.updateTable('entities').set({ json: changed }).where('id', '=', 'b').execute();

  (await refresh(store, registry, 'all'))();
  const level = (id: string) => registry.resident(uid('User', id))?.attributes.get('level');
  expect([level('a'), level('b'), registry.resident(uid('User', 'gone'))]).toEqual([1, 2, undefined]);
  expect(registry.resident(uid('User', 'f'))?.attributes.get('risk')).toBe('LOW');
  expect(registry.resident(uid('Team', 'code'))).toBeDefined();
  const read = registry.resident(uid('Action', 'read'));
  expect([...(read?.ancestors ?? [])].map(({ id }) => id)).toEqual(['reading']);

  // An action is the schema's: nobody puts it elsewhere.
  const action = { entity: { uid: uid('Action', 'read'), attrs: {}, parents: [] } };
  await expect(entities.upsert([action], author, {})).rejects.toMatchObject({ code: 'entity_is_code' });
  await store.destroy();
  rmSync(folder, { recursive: true, force: true });
});
