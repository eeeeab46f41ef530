import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandHere } from '../printed.js';
import { blockCommands, ROOT } from './commands-in.js';

/** docs/rules.md, as its reader follows it: what it shows is in the example, and what it says happens. */

const PAGE = readFileSync(join(ROOT, 'docs/rules.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'writ-rules-'));
const desk = (name: string): string => join(folder, 'my-desk', name);
const here = process.cwd();
beforeAll(() => {
  process.chdir(folder);
  cpSync(join(ROOT, 'examples/support-desk'), 'my-desk', { recursive: true });
  for (const name of ['patterns', 'sequences'])
    cpSync(join(ROOT, 'examples', name), join('examples', name), { recursive: true });
});
afterAll(() => {
  process.chdir(here);
  rmSync(folder, { recursive: true, force: true });
});

/** The blocks of the page after a heading, without their indentation. */
const blocksAfter = (heading: string): string[] => {
  const [section = ''] = (PAGE.split(`\n## ${heading}\n`)[1] ?? '').split('\n## ');
  return [...section.matchAll(/(?:^ {4}.*\n|^\n(?= {4}))+/gm)].map(([block]) => block.replace(/^ {4}/gm, '').trim());
};
const words = (text: string): string => text.replace(/\s+/g, ' ').trim();
const types = async (command: string) => {
  const [npx, writ, ...rest] = command.split(' ');
  expect([npx, writ]).toEqual(['npx', 'writ']);
  return await commandHere(...rest);
};
const COMMANDS = blockCommands('docs/rules.md').map(({ text }) => text);

it('begins with an example whose tests pass', async () => {
  expect(COMMANDS[0]).toBe('cp -r examples/support-desk my-desk');
  for (const command of COMMANDS.slice(1, 3)) expect([command, (await types(command)).code]).toEqual([command, 0]);
});

it('shows rules, descriptions and tests that the example has', () => {
  const example = ['tools.yaml', 'ledger.yaml', 'mappings/desk.yaml', 'policies/mail.cedar', 'tests/mail.yaml'];
  const text = words(example.map((name) => readFileSync(desk(name), 'utf8').replace(/^\s*#.*$/gm, '')).join('\n'));
  const shown = ['2. Describe what the tools bring', '3. Remember it', '4. Say where a mail goes', '5. Write the rule']
    .flatMap(blocksAfter)
    .flatMap((block) => (block.startsWith('@id') ? [block] : block.split('\n').slice(1)));
  expect(shown.length).toBeGreaterThan(4);
  expect(shown.filter((one) => !text.includes(words(one)))).toEqual([]);
  const [tests = ''] = blocksAfter('6. Test the attack, and the honest work beside it');
  const names = [...tests.matchAll(/- test: (.*)/g)].map(([, name]) => String(name));
  expect(names.filter((name) => text.includes(`test: ${name}`))).toEqual(names);
});

it('has tests that fail as it says, when the label is taken away', async () => {
  const before = readFileSync(desk('tools.yaml'), 'utf8');
  writeFileSync(desk('tools.yaml'), before.replace('result: [internal, pii]', 'result: internal'));
  expect((await commandHere('check', 'my-desk')).code).toBe(0);
  const { code, out } = await commandHere('test', 'my-desk');
  writeFileSync(desk('tools.yaml'), before);
  const [, shown = ''] = blocksAfter('6. Test the attack, and the honest work beside it');
  const lines = shown.split('\n').filter((line) => line.trim() !== '…');
  expect([code, lines.length > 4, lines.filter((line) => !words(out).includes(words(line)))]).toEqual([1, true, []]);
});

it('has an attack of its own that goes through, until the labels are kept by lineage', async () => {
  const [attack = '', lineage = ''] = blocksAfter('7. Attack your own rule');
  writeFileSync(desk('tests/split.yaml'), `${attack}\n`);
  const { code, out } = await commandHere('test', 'my-desk');
  expect([code, out]).toEqual([
    1,
    expect.stringContaining('✗ customer data is read in one task and mailed in the next'),
  ]);
  const before = readFileSync(desk('ledger.yaml'), 'utf8');
  const after = before.replace('seen: { key: task, set: labels }', lineage);
  expect(after).not.toBe(before);
  writeFileSync(desk('ledger.yaml'), after);
  expect([(await commandHere('check', 'my-desk')).code, (await commandHere('test', 'my-desk')).code]).toEqual([0, 0]);
});

it('names more examples, whose tests pass', async () => {
  expect(COMMANDS.slice(3)).toHaveLength(2);
  for (const command of COMMANDS.slice(3)) expect([command, (await types(command)).code]).toEqual([command, 0]);
});
