import fc from 'fast-check';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { leastCpuMs } from '../../../test/least-cpu.js';
import type { SqlFacts } from './facts.js';
import { loadSqlParser } from './parser.js';
import { readSql } from './read-sql.js';

/** No text ends the process or its parser, and each costs little: a caller chooses the text. */

const options = { searchPath: ['public'] };
const MAX_CPU_MS = 400;

beforeAll(() => void loadSqlParser());

/** Asserts that the parser reads on. A parser that was ended is replaced by the next text. */
function readsAgain(): void {
  expect(readSql(`select ${Math.random()}`, options)).toMatchObject({ understood: true });
}

const times = (n: number, text: string): string => text.repeat(n);
const MANY = 16_000;

test.each<[string, string]>([
  ['brackets', `select ${times(8_000, '(')}1${times(8_000, ')')}`],
  ['sub-selects', `select ${times(1_500, '(select ')}1${times(1_500, ')')}`],
  ['sub-selects in FROM', `${times(900, 'select * from (')}select 1${times(900, ') x')}`],
  ['sums', `select 1${times(8_000, '+1')}`],
  ['casts', `select 1${times(5_000, '::a')}`],
  ['negations', `select ${times(4_000, 'not ')}true`],
  ['cases', `select ${times(700, 'case when 1 then ')}1${times(700, ' end')}`],
  ['unions', `select 1${times(1_100, ' union select 1')}`],
  ['joins', `select 1 from a${times(1_300, ' cross join a')}`],
  ['natural joins of a wide list', `select ${times(1_000, 'a,')}a from a${times(700, ' natural join a')}`],
  ['columns of many relations', `select ${times(3_000, 'a,')}1 from ${times(3_000, 'a,')}a`],
  ['common table expressions', `${times(800, 'with a as (')}select 1${times(800, ') select 1')}`],
  ['a list of expressions', `with a0 as (select 1)${times(600, ', a as (select 1)')} select 1`],
  ['comments', `select 1 ${times(8_000, '/*')}`],
  ['open comments in turn', `select 1 ${times(3_000, '/**/ ')}`],
  ['dollar quotes', `select ${times(5_000, '$a$')}`],
  ['a long name', `select "${times(15_000, 'x')}" from "${times(500, 'y')}"`],
  ['a long number', `select ${times(15_000, '9')}`],
  ['escapes', `select U&"${times(3_000, '\\0061')}"`],
  ['rows', `insert into t values (1)${times(3_000, ',(1)')}`],
  ['too long', `select '${times(2_000_000, 'x')}'`],
  ['not well formed', `select '\ud800'`],
  ['a NUL', 'select 1\0'],
  ['semicolons', times(MANY, ';')],
  ['blanks', times(MANY, ' ')],
  ['statements', times(1_700, 'select 1;')],
])('%s', (_name, text) => {
  expect(leastCpuMs(() => readSql(text, { ...options }))).toBeLessThan(MAX_CPU_MS);
  readsAgain();
});

it('a text that ends the parser is not understood, and the next parser reads on', () => {
  const text = `select ${times(1_500, '(select ')}1${times(1_500, ')')}`;
  // The parser has the stack that its caller leaves.
  const below = (levels: number): SqlFacts => (levels === 0 ? readSql(text, { ...options }) : below(levels - 1));
  const results = Array.from({ length: 40 }, (_, i) => {
    try {
      return below(i * 250);
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      return undefined;
    }
  });
  const said = results.map((facts) => (facts?.understood === false ? facts.text : ''));
  expect(said[0]).toBe('the text nests deeper than 200 levels; simplify it');
  const ended = said.indexOf('the text nests too deeply for the parser; simplify it');
  expect(ended, said.join('\n')).toBeGreaterThan(0);
  // Another takes its place at once.
  expect(said[ended + 1]).toBe('the text nests too deeply for the parser; simplify it');
  readsAgain();
});

const WORDS = [
  ...[
    'select',
    'from',
    'where',
    '(',
    ')',
    ',',
    '*',
    't',
    '"T"',
    'as',
    'with',
    'recursive',
    'insert into',
    'values',
    'update',
    'set',
  ],
  ...[
    'delete from',
    'returning',
    ';',
    "'",
    '"',
    '$$',
    '--',
    '/*',
    '*/',
    'U&',
    '::',
    'int',
    '=',
    '1',
    'null',
    'join',
    'on',
    'using',
  ],
  ...[
    'lateral',
    'order by',
    'group by',
    'union',
    'merge into',
    'when matched then',
    '\\',
    '\0',
    '\n',
    'é',
    '\u202e',
    '__proto__',
    '$1',
  ],
];

it('never throws, whatever the text is, and has one of two forms', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(fc.constantFrom(...WORDS), { maxLength: 40 }).map((words) => words.join(' ')),
  );
  fc.assert(
    fc.property(text, (given) => {
      const facts = readSql(given, options);
      expect(facts.language).toBe('sql');
      if (facts.understood) expect(facts.kinds.length).toBeGreaterThan(0);
      else expect(facts.text.length).toBeLessThan(1_000);
    }),
    { numRuns: 300 },
  );
});

describe('names', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s is a name like others', (name) => {
    expect(readSql(`select ${name}.${name} from ${name}`, options)).toMatchObject({
      reads: [{ schema: 'public', name: name.toLowerCase(), columns: [name.toLowerCase()] }],
    });
    expect(readSql(`select ${name}(1)`, options)).toMatchObject({ understood: false, reason: 'function' });
    expect(readSql(`select 1::${name}`, options)).toMatchObject({ understood: false, reason: 'type' });
  });
});

it('says a hostile name so that it can be printed', () => {
  const facts = readSql('select "a\u202e\u001b[2J"()', options);
  expect(facts.understood ? '' : facts.text).toMatch(/^[\x20-\x7e]+$/);
});
