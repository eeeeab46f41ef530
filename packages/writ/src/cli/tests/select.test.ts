import { expect, it } from 'vitest';
import type { TestTask } from '../../bundle/format/tests.js';
import { nothingSelected, type SelectedTest, selected } from './select.js';

const one = (file: string, test: string): SelectedTest => ({ file, index: 0, task: { test } as TestTask });
const TESTS = [
  one('tests/access.yaml', 'a stranger is denied'),
  one('tests/refunds.yaml', 'Refunds within the limits'),
  one('tests/refunds.yaml', 'one (over) the limit.*'),
];
const names = (filter: Parameters<typeof selected>[1]): string[] =>
  selected(TESTS, filter).map(({ task }) => task.test);

it.each([
  [{}, [0, 1, 2]],
  [{ only: 'refunds' }, [1, 2]],
  [{ only: 'LIMIT' }, [1, 2]],
  [{ only: '(over) the limit.*' }, [2]],
  [{ only: 'over.the' }, []],
  [{ file: 'access' }, [0]],
  [{ file: 'stranger' }, []],
  [{ file: 'refunds', only: 'within' }, [1]],
])('leaves the tests with a text: %j', (filter, left) => {
  expect(names(filter)).toEqual(left.map((i) => TESTS[i]?.task.test));
});

it('names what was perhaps meant, or the files', () => {
  expect(nothingSelected(TESTS, { only: 'refnd' })).toEqual({
    message: 'no test has "refnd" in its name or file',
    help: 'the bundle has 3 tests in 2 files; perhaps you mean\n        Refunds within the limits\n        tests/refunds.yaml',
  });
  expect(nothingSelected(TESTS, { file: 'acess', only: 'zzzz' }).help).toContain('\n        tests/access.yaml');
  expect(nothingSelected(TESTS, { only: 'zzzz' }).help).toBe(
    'the bundle has 3 tests in 2 files\n        tests/access.yaml\n        tests/refunds.yaml',
  );
});

it('shows of thousands of tests with long names a few, each on one line', () => {
  const many = Array.from({ length: 5_000 }, (_, i) => one('tests/a.yaml', `refund ${i}\n${'wörd '.repeat(500)}`));
  const { help } = nothingSelected(many, { only: 'refnud' });
  expect(help.split('\n')).toHaveLength(4);
  expect(help.split('\n').every((line) => line.length <= 80)).toBe(true);
});
