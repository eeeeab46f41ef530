import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { blockCommands, DOCUMENTS, type DocCommand, inlineCommands, ROOT } from './commands-in.js';
import { isListed, NOT_RUN } from './not-run.js';
import { faultOf } from './parsed-command.js';
import { shellCommands } from './shell-words.js';

/** Every command line of Writ in the documents fits the definition of its verb: name, options, number of arguments. */

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** Words that stand for any word, in a sentence: `writ NOUN --help`, `writ start …`. */
const ANY = /^(?:…|NOUN|COMMAND)$/;

/** Returns the command lines of Writ in a text, each the words after `writ`. */
const callsIn = (text: string): string[][] =>
  shellCommands(text).flatMap(({ words }) => {
    const at = words.findIndex((word, i) => /(?:^|\/)writ$/.test(word) && (i === 0 || words[i - 1] === 'npx'));
    return at === -1 ? [] : [words.slice(at + 1)];
  });

const faults = async (commands: readonly DocCommand[], whole: boolean): Promise<string[]> => {
  const found: string[] = [];
  for (const { file, line, text } of commands)
    for (const words of callsIn(text)) {
      if (!whole && (words.length === 0 || ANY.test(words[0] as string))) continue;
      const fault = await faultOf(whole ? words : words.filter((word) => !ANY.test(word)), whole);
      if (fault !== undefined) found.push(`${file}:${line}: ${text}: ${fault}`);
    }
  return found;
};

it('the commands in blocks are whole', async () => {
  const commands = DOCUMENTS.flatMap(blockCommands);
  expect(commands.filter(({ text }) => callsIn(text).length > 0).length).toBeGreaterThan(80);
  expect(await faults(commands, true)).toEqual([]);
});

it('the commands in sentences and tables name verbs and options that there are', async () => {
  const commands = DOCUMENTS.flatMap(inlineCommands);
  expect(commands.length).toBeGreaterThan(200);
  expect(await faults(commands, false)).toEqual([]);
});

it('every command in a block is run by a test, or listed with the reason why not', () => {
  const tests = ['run-people', 'run-operation'].map((name) => readFileSync(join(HERE, `${name}.test.ts`), 'utf8'));
  const followed = DOCUMENTS.filter((file) => tests.some((text) => text.includes(`follow('${file}'`)));
  const listed = NOT_RUN.map(({ file }) => file);
  const commands = DOCUMENTS.flatMap(blockCommands);
  const nowhere = commands.filter(({ file, text }) => !followed.includes(file) && !isListed(file, text));
  expect(nowhere).toEqual([]);
  expect(followed.length).toBeGreaterThan(10);
  // The list has nothing that is not in a document any more, and the tests that it names are there.
  const unused = NOT_RUN.flatMap(({ file, commands: listed }) =>
    listed.filter((begins) => !commands.some((one) => one.file === file && one.text.startsWith(begins))),
  );
  expect([unused, listed.filter((file) => !DOCUMENTS.includes(file))]).toEqual([[], []]);
  expect(NOT_RUN.filter(({ shownBy }) => !existsSync(join(ROOT, shownBy)))).toEqual([]);
});

it.each<[string, RegExp]>([
  ['writ revok identity x --reason y', /unknown command/],
  ['writ revoke identity x', /required option '--reason <text>'/],
  ['writ stop --reason y', /missing required argument/],
  ['writ stop a b --reason y', /too many arguments/],
  ['writ decision list --sinse 1h', /unknown option '--sinse'/],
  ['writ decisions', /is an old name/],
  ['writ start --bundle x --port high', /a port is a number/],
])('finds what is wrong with %s', async (text, why) => {
  expect(await faultOf(callsIn(text)[0] as string[], true)).toMatch(why);
});

it('splits a line as a shell does', () => {
  const words = (line: string): (readonly string[])[] => shellCommands(line).map((one) => one.words);
  expect(words(`writ stop 'Agent::"bot"' --reason "acts \\"so\\"" # at once`)).toEqual([
    ['writ', 'stop', 'Agent::"bot"', '--reason', 'acts "so"'],
  ]);
  expect(words('A=b writ x --data D > f.new && mv f.new f')).toEqual([
    ['writ', 'x', '--data', 'D'],
    ['mv', 'f.new', 'f'],
  ]);
  expect(shellCommands('A=b writ x')[0]?.variables).toEqual({ A: 'b' });
  expect(words('curl -H "Bearer $(cat data/key)" http://h/#a')).toEqual([
    ['curl', '-H', 'Bearer $(cat data/key)', 'http://h/#a'],
  ]);
  expect(() => words(`writ 'x`)).toThrow('a quote is open');
});
