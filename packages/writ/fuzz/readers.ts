import { createRequire } from 'node:module';
import fc from 'fast-check';
import { HOSTILE_ANSWERS } from './hostile-answers.js';

/** The processor time that a reader may use for a text of `SIZE` characters, in ms: ten times that of a linear one. */
const BUDGET_MS = 1_000;
const SIZE = 24 * 1024;

/** Pieces of which texts for parsers, patterns and detectors are made. */
const PIECES = [
  ...[
    '{',
    '[',
    '}',
    ']',
    '(',
    ')',
    '<',
    '>',
    '"',
    "'",
    '`',
    ',',
    ':',
    ';',
    '?',
    '!',
    '&',
    '*',
    '#',
    '|',
    '%',
    '@',
    '-',
    '+',
    '=',
    '/',
    '\\',
    '.',
  ],
  ...[' ', '\t', '\n', '\r\n', '\u00a0', '\u200b', '\u{e0041}', '\ufdfa', '\u0301', '\uff0b', 'ß', 'İ', '🙂', '\ud800'],
  ...[
    'a',
    'A',
    '0',
    '9',
    'DE89',
    '+1',
    '+41 44',
    '555-',
    '1234 ',
    'a@',
    'a.',
    'www.',
    'https://',
    'a:b@',
    '%41',
    '1,000',
    '$',
  ],
  ...['- ', '? ', ': ', 'a: ', '&a ', '*a ', '!!', '{? ', '---\n', '<<: ', '| \n', '"a":', 'null', 'true', '1e9'],
  ...['AKIA', 'xoxb-', 'ghp_', '-----BEGIN ', 'PRIVATE KEY-----', 'password=', 'secret: ', 'eyJ', 'Bearer '],
  ...[
    'ignore ',
    'all ',
    'previous ',
    'instructions ',
    'before ',
    'using ',
    'any ',
    'tool ',
    'must ',
    'read ',
    '~/.',
    'do not ',
    'tell ',
  ],
];

const text = fc
  .array(
    fc.record({
      pieces: fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 4 }),
      times: fc.constantFrom(1, 2, 40, 400, 4_000, 24_000),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((parts) => {
    let made = '';
    for (const { pieces, times } of parts)
      if (made.length < SIZE)
        made += pieces
          .join('')
          .repeat(times)
          .slice(0, SIZE - made.length);
    return made;
  });

/** Texts that are known to be hostile, before those that are made. */
const KNOWN = HOSTILE_ANSWERS.flatMap(({ tool, result }) =>
  tool === 'read_prose' && typeof result === 'string' ? [result.slice(0, SIZE)] : [],
);

interface Pool {
  run<T>(task: unknown): Promise<T>;
  close(): Promise<void>;
}

/** A text that a reader took too long for. */
interface Slow {
  readonly reader: string;
  readonly text: string;
}

/**
 * Runs every reader of foreign text over texts that are made for them, each in a process with a budget of processor time.
 *
 * @param ChildPool the class of the pool
 * @returns the readings that were past the budget
 */
export async function fuzzReaders(
  ChildPool: new (file: string, limits: object) => Pool,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<{ readonly readings: number; readonly slow: readonly Slow[] }> {
  // The processes run the built file, also if a test runs this one.
  const file = createRequire(import.meta.url).resolve('#reader-worker');
  const pool = new ChildPool(file, {
    size: 1,
    queue: 1_000,
    waitMs: 600_000,
    cpuMs: BUDGET_MS,
    deadlineMs: 60_000,
    memoryMib: 256,
  });
  try {
    const readers = await pool.run<string[]>({ reader: '', text: '' });
    const slow: Slow[] = [];
    let readings = 0;
    for (const one of [...KNOWN, ...fc.sample(text, { numRuns: count, seed })]) {
      for (const reader of readers) {
        readings += 1;
        const late = await pool.run({ reader, text: one }).then(
          () => undefined,
          (error: unknown) => (error as Error).message,
        );
        if (late !== undefined) slow.push({ reader, text: `${one.slice(0, 200)} (${late})` });
      }
    }
    return { readings, slow };
  } finally {
    await pool.close();
  }
}
