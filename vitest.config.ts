import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const NOWHERE = ['**/node_modules/**', '**/dist/**'];
const SOAK = 'packages/writ/test/soak.test.ts';
const CEDAR = 'packages/cedar/**/*.test.ts';
/** Tests that need no service: they change every byte of a log, make a hundred thousand decisions again, search thousands. */
const COMPUTING = [
  'packages/writ/src/**/*.test.ts',
  'packages/writ/test/record-replay.test.ts',
  'packages/writ/test/decision-search.test.ts',
];
/** Tests that start processes and wait for them, one after the other. */
const COMMANDS = ['aarm', 'access-cli', 'cli', 'examples', 'guard', 'log', 'readme', 'replay', 'setup-commands'].map(
  (name) => `packages/writ/test/${name}.test.ts`,
);

/** Begins with the longest file: otherwise it would run alone at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSoak = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith(SOAK);
    return [...sorted.filter(isSoak), ...sorted.filter((file) => !isSoak(file))];
  }
}

export default defineConfig({
  resolve: {
    // Tests run the sources of our own packages, so that a failure points at the line that was written.
    alias: [
      { find: /^@writ\/cedar\/json$/, replacement: source('packages/cedar/src/json.ts') },
      { find: /^@writ\/cedar$/, replacement: source('packages/cedar/src/index.ts') },
    ],
  },
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        // Two minutes of traffic, which mostly wait, beside what only computes or waits for processes.
        extends: true,
        test: {
          name: 'together',
          include: [SOAK, CEDAR, ...COMPUTING, ...COMMANDS],
          exclude: NOWHERE,
          // One of them is the two minutes.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Services that turn requests away when the machine is late: one file at a time.
        extends: true,
        test: {
          name: 'in turn',
          include: ['packages/**/*.test.ts', 'examples/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: [...NOWHERE, SOAK, CEDAR, ...COMPUTING, ...COMMANDS],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
