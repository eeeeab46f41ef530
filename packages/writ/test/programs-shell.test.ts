import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readAfresh, readShell } from '#writ/programs/shell/read-shell.js';
import { Bash, hasBash } from '../oracle-shell/bash.js';
import { missing } from '../oracle-shell/compare.js';
import { EVERYDAY } from '../oracle-shell/everyday.js';
import { generated, STUBS } from '../oracle-shell/generator.js';
import { WRITTEN } from '../oracle-shell/rows.js';
import { shown } from '../oracle-shell/shown.js';

/** A sample; `npm run oracle-shell -w writ` runs 20,000. */
const SAMPLE = 20;
/** Every which of the written rows is run. */
const EVERY = 6;
/** Names of files of the machine and of hosts: these rows are not run. */
const NOT_RUN = 'files and hosts';

const folder = mkdtempSync(join(tmpdir(), 'writ-shell-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const written = Object.values(WRITTEN).flat();

describe('facts of texts', () => {
  it.each(Object.entries(WRITTEN))('%s', (_, rows) => {
    expect(rows.map(([text]) => [text, shown(readAfresh(text))])).toEqual(rows);
  });

  it('everyday commands are understood, with their facts', () => {
    expect(EVERYDAY.map(([text]) => [text, shown(readAfresh(text))])).toEqual(EVERYDAY);
    const understood = EVERYDAY.filter(([, facts]) => !facts.startsWith('not: '));
    expect(understood.length / EVERYDAY.length).toBeGreaterThanOrEqual(0.9);
    expect([EVERYDAY.length >= 100, written.length >= 150]).toEqual([true, true]);
  });

  it('what is not understood says what, where and why', () => {
    expect(readAfresh('ls; eval "$x"')).toEqual({
      ...{ language: 'shell', understood: false, reason: 'builtin', text: 'eval', where: 4 },
      why: 'it runs text, or changes what names mean',
    });
  });

  it('sh refuses what only bash reads as bash does', () => {
    expect([readShell('[[ x && pa ]]', 'sh').understood, readShell('[[ x && -n pa ]]').understood]).toEqual([
      false,
      true,
    ]);
    expect(readShell("echo $'it\\'s; pa; '", 'sh').understood).toBe(false);
  });

  it('the same text has the same facts, from the cache', () => {
    expect(readShell('git status')).toBe(readShell('git status'));
    expect(readShell('git status')).toEqual(readAfresh('git status'));
  });
});

describe.runIf(hasBash())('a real bash runs nothing that the facts do not have', () => {
  it('in the written rows', async () => {
    const bash = new Bash(join(folder, 'written'));
    const rows = Object.entries(WRITTEN).flatMap(([name, all]) => (name === NOT_RUN ? [] : all));
    let started = 0;
    for (const [text] of rows.filter((_, index) => index % EVERY === 0)) {
      const facts = readAfresh(text);
      if (!facts.understood || facts.interactive) continue;
      const ran = await bash.run(text);
      started += ran.programs.length;
      expect([text, missing(facts, ran)]).toEqual([text, []]);
    }
    expect(started).toBeGreaterThan(5);
  });

  it('in a sample of generated commands', async () => {
    const bash = new Bash(join(folder, 'generated'));
    for (let row = 0; row < SAMPLE; row += 1) {
      const text = generated(11, row);
      const facts = readAfresh(text);
      if (facts.understood && !facts.interactive)
        expect([text, missing(facts, await bash.run(text))]).toEqual([text, []]);
    }
  });

  it('and the comparison finds what is not in the facts', async () => {
    const bash = new Bash(join(folder, 'other'));
    const facts = readAfresh('pa x > o1');
    if (!facts.understood) throw new Error(facts.why);
    expect(missing(facts, await bash.run('pa x > o1'))).toEqual([]);
    expect(missing(facts, await bash.run('pa y > o2; pb'))).toEqual([
      ...['program ["pa","y"]', 'program ["pb"]', 'file "o2"'],
    ]);
  });
});

describe('hostile texts', () => {
  const UNITS = [
    '$(',
    '(',
    '{ ',
    '`',
    '"$(',
    '${x:-',
    '<(',
    '$((',
    '[[ ',
    'if ',
    'f() { ',
    '<<a ',
    '{a,b}',
    '\\',
    '"',
    "'",
    'a|',
    'a;',
    '$x',
    '[',
    '!(',
    'x=',
    'a=(',
    'a[',
    'env ',
    'ssh h ',
    "sed 's/[",
    'find -exec ',
  ];
  const SECONDS = 5;

  it.each(UNITS)('many of %s end soon', (unit) => {
    const start = process.cpuUsage();
    for (const length of [60_000, 200_000])
      expect(readAfresh(unit.repeat(length / unit.length)).language).toBe('shell');
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(SECONDS);
  });

  it('never throw, whatever is changed in a command', () => {
    const texts = [...written, ...EVERYDAY].map(([text]) => text);
    const changed = fc
      .tuple(
        fc.constantFrom(...texts),
        fc.constantFrom(...texts),
        fc.nat(),
        fc.nat(),
        fc.constantFrom(...UNITS, ...STUBS, ''),
      )
      .map(([a, b, from, to, unit]) => a.slice(0, from % (a.length + 1)) + unit + b.slice(to % (b.length + 1)));
    fc.assert(
      fc.property(fc.oneof(changed, fc.string({ unit: 'binary', maxLength: 80 })), (text) => {
        const facts = readAfresh(text);
        expect(facts.language).toBe('shell');
        if (!facts.understood) expect(facts.why).not.toContain('cannot be read');
      }),
      { numRuns: 300 },
    );
  });
});
