import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { LastGoodError } from '../src/bundle/errors.js';
import { versionOf } from '../src/bundle/version.js';
import { bundleOf, run, writeBundle } from './running.js';

/** A bundle that lies in the data folder is not one that was served: a start with a broken bundle must not decide by it. */

const FILES = {
  'writ.yaml': 'name: planted',
  'schema.cedarschema': 'entity User; entity Doc; action read, erase appliesTo { principal: [User], resource: [Doc] };',
  'policies/all.cedar': '@id("read") permit (principal, action == Action::"read", resource);',
};
const ERASE = { subject: { type: 'User', id: 'm' }, action: { name: 'erase' }, resource: { type: 'Doc', id: '1' } };
const READ = { ...ERASE, action: { name: 'read' } };

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A stopped service that served these files, and whose bundle cannot be read any more. */
async function stopped(): Promise<{ folder: string; data: string; file: string }> {
  const folder = bundleOf(FILES);
  const data = mkdtempSync(join(tmpdir(), 'writ-planted-'));
  made.push(folder, data);
  await (await run(folder, { data })).writ.close();
  return { folder, data, file: join(data, 'last-good.json') };
}

const broken = (folder: string): void => writeBundle(folder, { 'policies/all.cedar': 'permit (' });

it('a permit-all policy with the hash made new is refused, with the name of its error', async () => {
  const { folder, data, file } = await stopped();
  const kept = JSON.parse(readFileSync(file, 'utf8')) as { version: string; texts: [string, string][] };
  const texts = kept.texts.map(([path, text]): [string, string] => [
    path,
    path.endsWith('.cedar') ? '@id("planted") permit (principal, action, resource);' : text,
  ]);
  writeFileSync(file, JSON.stringify({ ...kept, texts, version: versionOf(new Map(texts)) }));
  broken(folder);
  const error = await run(folder, { data }).catch((why: unknown) => why);
  expect(error).toBeInstanceOf(LastGoodError);
  expect(error).toMatchObject({ code: 'last_good_refused', message: expect.stringContaining('last-good.json') });
});

it('a bundle that the same service kept earlier is refused', async () => {
  const { folder, data, file } = await stopped();
  const loose = join(data, 'loose.json');
  cpSync(file, loose);
  writeBundle(folder, { 'policies/all.cedar': '@id("none") forbid (principal, action, resource);' });
  await (await run(folder, { data })).writ.close();
  cpSync(loose, file);
  broken(folder);
  await expect(run(folder, { data })).rejects.toThrow(/its version is not the one that was served/);
});

it('the bundle that another service kept is refused', async () => {
  const [one, other] = [await stopped(), await stopped()];
  cpSync(other.file, one.file);
  broken(one.folder);
  await expect(run(one.folder, { data: one.data })).rejects.toThrow(LastGoodError);
});

it('the one that it served is used: it permits and denies as before', async () => {
  const { folder, data } = await stopped();
  broken(folder);
  const writ = await run(folder, { data });
  expect((await writ.send('GET', '/readyz', undefined, { as: null })).json.state).toBe('stale');
  expect((await writ.send('POST', '/access/v1/evaluation', READ)).json.decision).toBe(true);
  expect((await writ.send('POST', '/access/v1/evaluation', ERASE)).json.decision).toBe(false);
  await writ.stop();
});

it('a planted bundle does no harm while the bundle of the folder can be used: it is replaced', async () => {
  const { folder, data, file } = await stopped();
  writeFileSync(file, '{}');
  await (await run(folder, { data })).writ.close();
  broken(folder);
  const writ = await run(folder, { data });
  expect((await writ.send('POST', '/access/v1/evaluation', READ)).json.decision).toBe(true);
  await writ.stop();
});
