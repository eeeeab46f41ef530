import { UsageError } from '../errors.js';

const FORMATS = ['text', 'json', 'junit', 'tap'] as const;
type TestFormat = (typeof FORMATS)[number];

/** The flags of `writ test`. */
export interface TestFlags {
  readonly env?: string;
  readonly json?: boolean;
  /** Runs the tests with this text in their name or file. */
  readonly only?: string;
  /** Runs the tests of the files with this text in their path. */
  readonly file?: string;
  readonly watch?: boolean;
  readonly format?: string;
  /** The file that the report is written to; the text then stays on standard output. */
  readonly out?: string;
  readonly coverage?: boolean;
  readonly coverageLcov?: string;
  readonly minCoverage?: string;
}

/** The wish that the flags of `writ test` express. */
export interface TestWish {
  readonly format: TestFormat;
  readonly out: string | undefined;
  readonly isFiltered: boolean;
  readonly measures: boolean;
  readonly lcov: string | undefined;
  /** In per cent. */
  readonly minCoverage: number | undefined;
}

/** Reads the flags. @throws {UsageError} if they contradict each other */
export function wishOf(flags: TestFlags): TestWish {
  const { json, out, only, file, watch, coverage, coverageLcov: lcov, minCoverage } = flags;
  const format = formatOf(flags.format ?? (json === true ? 'json' : 'text'));
  if (json === true && format !== 'json') throw new UsageError(`--json and --format ${format} are two formats`);
  if (out !== undefined && format === 'text')
    throw new UsageError('--out is for a report', 'add --format junit, tap or json');
  if (watch === true && format !== 'text' && out === undefined)
    throw new UsageError(`--watch prints one report after the other, which is no ${format}`, 'add --out FILE');
  if ([only, file].includes('')) throw new UsageError('the text of --only or --file is empty', 'leave it out for all');
  if (out !== undefined && out === lcov) throw new UsageError('--out and --coverage-lcov name one file');
  const isFiltered = only !== undefined || file !== undefined;
  const least = minCoverage === undefined ? undefined : percentOf(minCoverage);
  if (isFiltered && least !== undefined)
    throw new UsageError('--min-coverage is about all tests', 'leave out --only and --file');
  const measures = coverage === true || lcov !== undefined || least !== undefined;
  return { format, out, isFiltered, measures, lcov, minCoverage: least };
}

function formatOf(text: string): TestFormat {
  const format = FORMATS.find((one) => one === text);
  if (format === undefined)
    throw new UsageError(`there is no format ${JSON.stringify(text)}`, `it is one of ${FORMATS.join(', ')}`);
  return format;
}

function percentOf(text: string): number {
  const percent = /^[0-9]{1,3}(\.[0-9]{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(percent <= 100)) throw new UsageError(`--min-coverage is a number from 0 to 100, not ${JSON.stringify(text)}`);
  return percent;
}
