import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadVerbs, verbNames } from '../src/cli/load-verbs.js';
import { currentForm } from '../src/cli/old-names.js';
import { commandHere } from './printed.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const below = (folder: string, ends: RegExp): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    // The key of a record is bound to a text that begins with `writ record`.
    .filter((file) => ends.test(file) && !/node_modules|\bdist\b|\.test\.ts$|old-names|sealing/.test(file))
    .map((file) => join(folder, file));
const TEXTS = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'],
  ...below('docs', /\.md$/),
  ...below('examples', /\.(md|cedar|ya?ml|cedarschema|ts)$/),
  ...below('packages/writ/src', /\.ts$/),
  ...below('packages/sdk/src', /\.ts$/),
  ...below('packages/cedar/src', /\.ts$/),
];

/** Returns the commands in a text: in a span of code, at the start of a line of a block, or in a hint of a message. */
const commandsIn = (text: string): string[] =>
  [...text.matchAll(/(?:`|^ {4}(?:\$ )?|npx |(?:see|run|it:|called:) )writ ([a-z][^`\\\n#|]*)/gm)].map(([, words]) =>
    (words as string).trim(),
  );

const COMMANDS = TEXTS.flatMap((file) =>
  commandsIn(readFileSync(join(ROOT, file), 'utf8')).map((words) => ({ file, words })),
);

/** Returns true if a text calls a verb that there is, by its current name. */
async function isCurrent(words: string): Promise<boolean> {
  const [first = '', second = '--help', ...rest] = words.split(/[ ,;:)']+/);
  if (currentForm([first, second, ...rest], verbNames(first)).renamed !== undefined) return false;
  const verb = verbNames().includes(first) ? (await loadVerbs([first]))[0] : undefined;
  if (verb === undefined) return false;
  const isNoun = verb.commands.length > 0 && verb.registeredArguments.length === 0;
  return !isNoun || !/^[a-z][a-z-]*$/.test(second) || verbNames(first).includes(second);
}

test('every text calls verbs by their current names', async () => {
  expect(COMMANDS.length).toBeGreaterThan(150);
  const current = await Promise.all(COMMANDS.map(({ words }) => isCurrent(words)));
  expect(COMMANDS.filter((_, i) => current[i] !== true)).toEqual([]);
  expect(await Promise.all(['decisions', 'key add', 'nope', 'task lst'].map(isCurrent))).toEqual(Array(4).fill(false));
});

test('docs/commands.md names every verb', async () => {
  const text = readFileSync(join(ROOT, 'docs/commands.md'), 'utf8');
  const nouns = (await Promise.all(verbNames().map((name) => loadVerbs([name])))).flat();
  const words = nouns.flatMap((verb) => [verb.name(), ...verb.commands.map((sub) => `${verb.name()} ${sub.name()}`)]);
  expect(words.filter((name) => !text.includes(`\`writ ${name}`))).toEqual([]);
});

test('an old name works, and names the new one once on standard error', async () => {
  const { code, out } = await commandHere('token', 'inspect', 'x', '--service', 'http://127.0.0.1:1');
  expect(out.split('\n')[0]).toBe(
    '`writ token inspect` is now `writ task token`; the old name works for one more release',
  );
  expect([code, out.match(/is now/g)?.length]).toEqual([2, 1]);
});

test.each([
  [['decison'], 'decision'],
  [['identity', 'grant', 'lst'], 'list'],
  [['check', 'x', '--jsn'], '--json'],
  [['verify'], 'writ log verify'],
  [['identity', 'key', 'ad'], 'add'],
])('%s offers what is near, and is wrong use', async (args, near) => {
  const { code, out } = await commandHere(...args);
  expect([code, out]).toEqual([2, expect.stringMatching(new RegExp(`did you mean .*${near}\\?`, 'i'))]);
});

test.each([
  [['foo-bar-baz'], 'writ --help'],
  [['task', 'lst'], 'writ task --help'],
  [['check', 'x', '--zzz'], 'writ check --help'],
  [['identity', 'grant', 'end'], 'writ identity grant end --help'],
  [['bundle', 'replay'], 'writ bundle replay --help'],
])('%j, which is wrong use, points to %s', async (args, where) => {
  const { code, out } = await commandHere(...args);
  expect([code, out]).toEqual([2, expect.stringMatching(new RegExp(`\n\`${where}\` lists its .*\n$`))]);
});

test('--version prints the version; `help` is another word for --help', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'packages/writ/package.json'), 'utf8')) as { version: string };
  expect(await commandHere('--version')).toEqual({ code: 0, out: `${version}\n` });
  expect(await commandHere('help', 'identity', 'grant', 'add')).toEqual(
    await commandHere('identity', 'grant', 'add', '--help'),
  );
});
