import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const TESTS = ['packages/**/*.test.ts', 'examples/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'];
const NOWHERE = ['**/node_modules/**', '**/dist/**'];
/** Files that replace a module, which another file must not see, and those of the engine, which fill memory and load little. */
const ISOLATED = ['packages/writ/src/ledger/accumulators/own-kind.test.ts', 'packages/cedar/**/*.test.ts'];

/** The files that take longest, the longest first. */
const LONG = [
  ...['cedar/fuzz/differential', 'cedar/fuzz/schema', 'cedar/test/conformance', 'cedar/fuzz/partial'],
  ...[
    ...['up', 'jobs/rules-and-incidents', 'docs/run-operation', 'docs/run-people', 'jobs/developer'],
    ...['big-bundles', 'process', 'lost-database', 'abuse', 'soak', 'gateway-upstreams', 'rolled-back-witness'],
    ...['evasions', 'changed-state-postgres', 'waiting-start', 'aarm', 'facts', 'ledger-restart', 'replicas'],
    ...['gateway-servers', 'gives-back-never', 'stopping', 'gateway-holding', 'setup-commands', 'rolled-back'],
    ...['reader-fuzz', 'guard-tools', 'unsaved-revocations', 'registry', 'gateway-tasks', 'examples', 'durability'],
    ...['journal', 'gateway-own-servers', 'postgres-store', 'openapi', 'data-flow', 'conformance', 'kills'],
    ...['cli', 'guard', 'readme', 'signals', 'log', 'hostile-answers'],
  ].map((name) => `writ/test/${name}`),
];

/** Begins with the files that take longest: otherwise a worker would be busy with one when all others have finished. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = LONG.findIndex((name) => moduleId.endsWith(`packages/${name}.test.ts`));
      return found === -1 ? LONG.length : found;
    };
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  resolve: {
    // Tests run the sources of our own packages, so that a failure points at the line that was written.
    alias: [
      { find: /^#writ\/(.*)\.js$/, replacement: source('packages/writ/src/$1.ts') },
      { find: /^@writ\/cedar\/json$/, replacement: source('packages/cedar/src/json.ts') },
      { find: /^@writ\/cedar\/official$/, replacement: source('packages/cedar/src/official.ts') },
      { find: /^@writ\/sdk\/([\w-]+)$/, replacement: source('packages/sdk/src/$1/index.ts') },
      { find: /^@writ\/sdk\/lib\/(.*)$/, replacement: source('packages/sdk/src/lib/$1.ts') },
      { find: /^@writ\/sdk$/, replacement: source('packages/sdk/src/index.ts') },
      { find: /^@writ\/enforce\/([\w/]+)$/, replacement: source('packages/enforce/src/$1/index.ts') },
      { find: /^@writ\/enforce$/, replacement: source('packages/enforce/src/index.ts') },
      { find: /^@writ\/cedar$/, replacement: source('packages/cedar/src/index.ts') },
    ],
  },
  test: {
    // Tests read sentences of commands whole; those of the width of lines set another.
    env: { COLUMNS: '400' },
    setupFiles: [source('scripts/property-seed.ts')],
    // Bounds for a machine that is busy with other work; a test that hangs ends nevertheless.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    // Two more than the smallest machine has processors, because tests of processes and services also wait.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        // A worker keeps the modules of the service from one file to the next: to load them takes 2 s of a processor.
        extends: true,
        test: { name: 'shared', include: TESTS, exclude: [...NOWHERE, ...ISOLATED], isolate: false },
      },
      { extends: true, test: { name: 'isolated', include: ISOLATED, exclude: NOWHERE } },
    ],
  },
});
