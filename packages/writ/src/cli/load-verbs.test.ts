import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadVerbs, verbNames } from './load-verbs.js';
import { Verb } from './verb.js';

const FILES = readdirSync(new URL('./verbs/', import.meta.url), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));

/** The verbs that users know. A new verb is added here, so that none is lost or renamed by accident. */
const KNOWN = {
  'Start here': ['doctor', 'enforce', 'guard', 'init', 'start', 'up'],
  Bundles: ['bundle', 'check', 'import', 'test'],
  Decisions: ['decision', 'explain', 'ledger', 'log'],
  People: ['request'],
  Identities: ['caller', 'identity', 'task'],
  Tools: ['tool'],
  Incidents: ['revoke', 'stop'],
  Operation: ['data'],
};
const SUBVERBS = {
  bundle: ['decide', 'label', 'replay', 'schema', 'schemas', 'types'],
  caller: ['add', 'list', 'revoke', 'rotate'],
  data: ['backup', 'restore', 'upgrade'],
  decision: ['endorse', 'list', 'replay'],
  enforce: ['http'],
  guard: ['install'],
  identity: ['grant', 'import', 'key', 'list', 'set', 'show'],
  'identity grant': ['add', 'end', 'list'],
  'identity key': ['add', 'list', 'remove'],
  ledger: ['labels', 'show'],
  log: ['checkpoint', 'erase', 'export', 'incident', 'receipt', 'verify', 'witness'],
  request: ['add', 'approval', 'approve', 'deny', 'list', 'show'],
  'request approval': ['end', 'list'],
  revoke: ['list', 'undo'],
  task: ['end', 'list', 'propose', 'show', 'start', 'token'],
  tool: ['approve', 'list', 'show'],
  up: ['connect', 'enforce'],
};

/** Returns a verb and those below it, each with its words. */
const withSubverbs = (verb: Verb, above = ''): [string, Verb][] => {
  const words = `${above}${verb.name()}`;
  return [[words, verb], ...verb.commands.flatMap((sub) => withSubverbs(sub as Verb, `${words} `))];
};

const ALL = (await Promise.all(verbNames().map((name) => loadVerbs([name]))))
  .flat()
  .flatMap((verb) => withSubverbs(verb));

test('every file below verbs is a verb of its name, in a group of the help', async () => {
  expect(ALL.map(([words]) => words.replaceAll(' ', '/')).sort()).toEqual(FILES.sort());
  const shown = (await loadVerbs([])).map((verb) => [verb.helpGroup(), verb.name()]);
  expect(shown).toEqual(Object.entries(KNOWN).flatMap(([group, known]) => known.map((name) => [`${group}:`, name])));
  const subs = ALL.flatMap(([words, verb]) =>
    verb.commands.length === 0 ? [] : [[words, verb.commands.map((sub) => sub.name()).sort()]],
  );
  expect(Object.fromEntries(subs)).toEqual(SUBVERBS);
});

test('help shows every verb below its group, in one line of 80 columns', async () => {
  const program = new Verb('writ');
  for (const verb of await loadVerbs([])) program.addCommand(verb);
  const help = program.configureOutput({ getOutHasColors: () => false }).helpInformation();
  const at = (text: string): number => help.indexOf(text);
  const headings = Object.keys(KNOWN).map((group) => at(`\n${group}:\n`));
  expect(headings.every((place) => place > 0)).toBe(true);
  expect(headings).toEqual([...headings].sort((a, b) => a - b));
  for (const [i, names] of Object.values(KNOWN).entries())
    for (const name of names) {
      expect(at(`\n  ${name} `), name).toBeGreaterThan(headings[i] as number);
      expect(at(`\n  ${name} `), name).toBeLessThan(headings[i + 1] ?? help.length);
    }
  const listed = help.slice(headings[0]).trim().split('\n');
  expect(listed.filter((line) => line.length > 80 || line.startsWith('   '))).toEqual([]);
});

test('the help of a noun shows its verbs with their arguments', async () => {
  const [identity] = await loadVerbs(['identity']);
  new Verb('writ').addCommand(identity as Verb);
  const lines = (identity as Verb).helpInformation().split('\n');
  expect(lines.find((line) => /^ {2}show /.test(line))).toMatch(/^ {2}show <identity> +show an identity/);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

test('verbs that are named are loaded alone', async () => {
  expect((await loadVerbs(['task', 'list'])).map((verb) => verb.name())).toEqual(['task']);
  const top = verbNames().length;
  expect((await loadVerbs(['taks'])).length).toBe(top);
  expect((await loadVerbs(['../verb'])).length).toBe(top);
  expect(verbNames('..')).toEqual([]);
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
