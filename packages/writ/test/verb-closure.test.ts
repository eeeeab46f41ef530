import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { importsBelow, loadedWith } from './imports.js';

const SOURCES = fileURLToPath(new URL('../src', import.meta.url));
const imports = importsBelow(SOURCES);

/** Returns the files that a verb loads: those of its declaration, and those of the work that it imports when it runs. */
function loadedBy(verb: string): ReadonlySet<string> {
  const file = `cli/verbs/${verb}.ts`;
  const work = imports.filter((one) => one.file === file && one.dynamic).map(({ path }) => path as string);
  expect(work.length, `${verb} imports its work`).toBe(1);
  return new Set([file, ...work].flatMap((one) => [...loadedWith(one, imports)]));
}

const MAX_FILES = 60;

test.each([
  ...['explain', 'decisions', 'receipt', 'log/verify', 'log/checkpoint', 'log/export'],
  ...['requests', 'approvals', 'grants', 'identities', 'identity', 'revocations', 'key/list'],
  ...['tools', 'task/list', 'task/show', 'labels', 'ledger/show', 'token/inspect', 'witness'],
])('writ %s loads at most 60 files', (verb) => {
  expect(loadedBy(verb).size).toBeLessThanOrEqual(MAX_FILES);
});

test.each([
  'backup',
  'check',
  'test',
  'decide',
  'label',
  'replay',
  'replay-trace',
  'schema/from-mcp',
  'init',
  'doctor',
  'guard',
])('writ %s loads nothing of the service', (verb) => {
  expect([...loadedBy(verb)].filter((file) => file.startsWith('serve/'))).toEqual([]);
});

test('the list of verbs loads declarations only', () => {
  const verbs = [...new Set(imports.map(({ file }) => file))].filter((file) => file.startsWith('cli/verbs/'));
  const loaded = new Set(['cli/main.ts', ...verbs].flatMap((file) => [...loadedWith(file, imports)]));
  expect([...loaded].filter((file) => !file.startsWith('cli/') && !file.startsWith('lib/')).sort()).toEqual([
    'registry/identity-kinds.ts',
  ]);
});
