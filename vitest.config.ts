import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    // Tests run the sources of our own packages, so that a failure points at the line that was written.
    alias: [
      { find: /^@writ\/cedar\/json$/, replacement: source('packages/cedar/src/json.ts') },
      { find: /^@writ\/cedar$/, replacement: source('packages/cedar/src/index.ts') },
    ],
  },
  test: {
    include: ['packages/**/*.test.ts', 'examples/**/*.test.ts', 'scripts/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
