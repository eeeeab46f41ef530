import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadVerbs } from './load-verbs.js';
import { Verb } from './verb.js';

const FILES = readdirSync(new URL('./verbs/', import.meta.url), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));

/** The verbs that users know. A new verb is added here, so that none is lost or renamed by accident. */
const KNOWN = {
  'Start here': ['doctor', 'init', 'start'],
  Bundles: ['check', 'decide', 'label', 'replay-trace', 'schema', 'test'],
  Decisions: ['decisions', 'erase', 'explain', 'incident', 'labels', 'ledger', 'log', 'receipt', 'replay', 'witness'],
  People: ['approvals', 'approve', 'deny', 'end-approval', 'endorse', 'request', 'requests'],
  Identities: [
    ...[
      'caller',
      'end-grant',
      'grant',
      'grants',
      'identities',
      'identity',
      'import',
      'key',
      'reinstate',
      'revocations',
    ],
    ...['revoke', 'stop', 'task', 'token'],
  ],
  Tools: ['approve-tool', 'guard', 'tools'],
};
const SUBVERBS = {
  caller: ['add', 'list', 'revoke', 'rotate'],
  guard: ['install'],
  key: ['add', 'list', 'remove'],
  ledger: ['show'],
  log: ['checkpoint', 'export', 'verify'],
  schema: ['from-mcp'],
  task: ['end', 'list', 'propose', 'show', 'start'],
  token: ['inspect'],
};

test('every file below verbs is a verb of its name, in a group of the help', async () => {
  const verbs = await loadVerbs(undefined);
  const names = verbs.flatMap((verb) => [verb.name(), ...verb.commands.map((sub) => `${verb.name()}/${sub.name()}`)]);
  expect(names.sort()).toEqual(FILES.sort());
  const shown = verbs.map((verb) => [verb.helpGroup(), verb.name()]);
  expect(shown).toEqual(Object.entries(KNOWN).flatMap(([group, known]) => known.map((name) => [`${group}:`, name])));
  const subs = verbs.flatMap((verb) =>
    verb.commands.length === 0 ? [] : [[verb.name(), verb.commands.map((sub) => sub.name())]],
  );
  expect(Object.fromEntries(subs)).toEqual(SUBVERBS);
});

test('help shows every verb below its group', async () => {
  const program = new Verb('writ');
  for (const verb of await loadVerbs(undefined)) program.addCommand(verb);
  const help = program.helpInformation();
  const at = (text: string): number => help.indexOf(text);
  const headings = Object.keys(KNOWN).map((group) => at(`\n${group}:\n`));
  expect(headings.every((place) => place > 0)).toBe(true);
  expect(headings).toEqual([...headings].sort((a, b) => a - b));
  for (const [i, names] of Object.values(KNOWN).entries())
    for (const name of names) {
      expect(at(`\n  ${name} `), name).toBeGreaterThan(headings[i] as number);
      expect(at(`\n  ${name} `), name).toBeLessThan(headings[i + 1] ?? help.length);
    }
});

test('a verb that is named is loaded alone', async () => {
  expect((await loadVerbs('task')).map((verb) => verb.name())).toEqual(['task']);
  expect((await loadVerbs('taks')).length).toBeGreaterThan(30);
  expect((await loadVerbs('../verb')).length).toBeGreaterThan(30);
});

const called = (...args: string[]): Promise<string> => {
  const verb = new Verb('try')
    .argument('<file>')
    .needs('--reason <text>', 'why')
    .runs((file: string, { reason }: { reason: string }) => {
      ran = `${file} ${reason}`;
      return 1;
    })
    .configureOutput({ writeErr: () => undefined });
  let ran = '';
  return verb.parseAsync(args, { from: 'user' }).then(
    () => ran,
    (error: Error) => error.message,
  );
};

test('a missing argument is reported before a missing option', async () => {
  const before = process.exitCode;
  expect(await called()).toBe("error: missing required argument 'file'");
  expect(await called('--reason', 'x')).toBe("error: missing required argument 'file'");
  expect(await called('a.json')).toBe("error: required option '--reason <text>' not specified");
  expect(await called('a.json', '--reason', 'x')).toBe('a.json x');
  expect(process.exitCode).toBe(1);
  process.exitCode = before;
});
