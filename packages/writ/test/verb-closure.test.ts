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

/** Each file takes about half a millisecond of a processor, and the time of all is that of an idle command. */
const MAX_FILES = 60;
const MAX_FILES_OF_CHECK = 120;

test.each([
  ...['explain', 'decision/list', 'log/receipt', 'log/verify', 'log/checkpoint', 'log/export', 'log/witness'],
  ...[
    'request/list',
    'request/show',
    'request/approval/list',
    'identity/grant/list',
    'revoke/list',
    'tool/list',
    'tool/show',
  ],
  ...['identity/list', 'identity/show', 'identity/key/list'],
  ...['task/list', 'task/show', 'task/token', 'ledger/labels', 'ledger/show'],
])('writ %s loads at most 60 files', (verb) => {
  expect(loadedBy(verb).size).toBeLessThanOrEqual(MAX_FILES);
});

/** Small files that load no package (import-rules.test.ts). */
const PLAIN = /^@writ\/sdk\/(lib\/|authzen$)/;

/** Returns the packages that a verb loads, without those of Node. */
function packagesOf(verb: string): string[] {
  const files = loadedBy(verb);
  const targets = imports.filter(
    ({ file, path, typeOnly, dynamic }) => files.has(file) && !path && !typeOnly && !dynamic,
  );
  return [...new Set(targets.map(({ target }) => target))]
    .filter((target) => !target.startsWith('node:') && !PLAIN.test(target))
    .sort();
}

test.each([
  ...[
    'decision/list',
    'decision/endorse',
    'request/list',
    'request/show',
    'request/approval/list',
    'identity/grant/list',
  ],
  ...['revoke', 'revoke/list', 'revoke/undo', 'identity/list', 'identity/show', 'identity/set', 'identity/key/list'],
  ...['tool/list', 'tool/show', 'task/list', 'task/show', 'task/end', 'ledger/show', 'ledger/labels'],
])('writ %s, which asks the service, loads neither the engine nor a schema library', (verb) => {
  const allowed = ['@writ/cedar/uid', 'commander', 'picocolors'];
  expect(packagesOf(verb).filter((name) => !allowed.includes(name))).toEqual([]);
});

test.each(['explain', 'log/receipt', 'log/verify', 'log/checkpoint', 'log/export'])(
  'writ %s, which reads a store, loads neither the engine nor a client of PostgreSQL',
  (verb) => {
    const allowed = ['@writ/cedar/uid', 'better-sqlite3', 'commander', 'picocolors', 'ulid', 'zod'];
    expect(packagesOf(verb).filter((name) => !allowed.includes(name))).toEqual([]);
  },
);

test('writ check loads few files, and neither the decider nor libraries that few bundles need', () => {
  // A rule is a file, and all are read.
  const files = [...loadedBy('check')].filter((file) => !file.startsWith('bundle/check/'));
  expect(files.length).toBeLessThanOrEqual(MAX_FILES_OF_CHECK);
  const ours = ['@writ/enforce/cel', '@writ/enforce/coaz', '@writ/enforce/http'];
  const allowed = ['@marcbachmann/cel-js', 'commander', 'picocolors', 'stemmer', 'yaml', 'zod', ...ours];
  const others = packagesOf('check').filter((name) => !allowed.includes(name) && !name.startsWith('@writ/cedar'));
  expect(others).toEqual([]);
  expect([...loadedBy('check')].filter((file) => file.startsWith('decide/decide'))).toEqual([]);
});

test.each([
  ...['data/backup', 'check', 'test', 'init', 'doctor', 'guard', 'enforce/http', 'decision/replay'],
  ...['bundle/decide', 'bundle/label', 'bundle/replay', 'bundle/schema'],
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
