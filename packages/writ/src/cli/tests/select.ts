import { closest } from '@writ/cedar';
import type { Bundle } from '../../bundle/bundle.js';
import type { TestTask } from '../../bundle/format/tests.js';
import { count } from '../output.js';
import { oneLine } from './one-line.js';

/** A test of a bundle. */
export interface SelectedTest {
  readonly file: string;
  /** Its place among the tests of its file, from 0. */
  readonly index: number;
  readonly task: TestTask;
}

/** Which tests are run. Letters count in either case. */
interface TestFilter {
  /** A part of the name or of the file. */
  readonly only?: string | undefined;
  /** A part of the file. */
  readonly file?: string | undefined;
}

/** Returns all tests of a bundle. */
export function testsOf(bundle: Pick<Bundle, 'tests'>): SelectedTest[] {
  return bundle.tests.flatMap(({ file, tests }) => tests.map((task, index) => ({ file, index, task })));
}

/** Returns the tests that a filter leaves, in their order. */
export function selected(tests: readonly SelectedTest[], filter: TestFilter): SelectedTest[] {
  const [only, part] = [filter.only?.toLowerCase(), filter.file?.toLowerCase()];
  return tests.filter(({ file, task }) => {
    const path = file.toLowerCase();
    if (part !== undefined && !path.includes(part)) return false;
    return only === undefined || path.includes(only) || task.test.toLowerCase().includes(only);
  });
}

/** Which are looked at, of each: a filter is short, and so is the answer. */
const [MAX_TESTS, MAX_WORDS, MAX_NEAR] = [2_000, 12, 3] as const;

/** Returns why no test is left, and the names that were perhaps meant. */
export function nothingSelected(tests: readonly SelectedTest[], filter: TestFilter): { message: string; help: string } {
  const { only, file } = filter;
  const parts = [
    ...(only === undefined ? [] : [`${JSON.stringify(only)} in its name or file`]),
    ...(file === undefined ? [] : [`${JSON.stringify(file)} in its file`]),
  ];
  const files = [...new Set(tests.map((test) => test.file))];
  const names = tests.map(({ task }) => task.test);
  const near = [
    ...(file === undefined ? [] : nearest(file, files)),
    ...(only === undefined ? [] : nearest(only, [...names, ...files])),
  ];
  const among = `the bundle has ${count(tests.length, 'test')} in ${count(files.length, 'file')}`;
  const shown = (near.length === 0 ? files : near).slice(0, MAX_NEAR).map((name) => `\n        ${oneLine(name, 70)}`);
  return {
    message: `no test has ${parts.join(' and ')}`,
    help: `${among}${near.length === 0 ? '' : '; perhaps you mean'}${shown.join('')}`,
  };
}

/** Returns the names that have words like those of a text, the nearest first. */
function nearest(text: string, names: readonly string[]): string[] {
  const wanted = wordsOf(text);
  return names
    .slice(0, MAX_TESTS)
    .map((name) => {
      const words = wordsOf(name);
      return { name, like: wanted.filter((word) => closest(word, words, mostEdits) !== undefined).length };
    })
    .filter(({ like }) => like > 0)
    .sort((a, b) => b.like - a.like)
    .slice(0, MAX_NEAR)
    .map(({ name }) => name);
}

const mostEdits = ({ length }: string): number => Math.floor(length / 3);

function wordsOf(text: string): string[] {
  return (text.match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, MAX_WORDS);
}
