// npm run fuzz-http -w @writ/enforce -- [--count N] [--seed S]: looks for requests that servers read otherwise than they were decided on.
import { runCounted } from './run-counted.mjs';

const USAGE = `usage: npm run fuzz-http -w @writ/enforce -- [--count N] [--seed S]
Changes the requests of test/tables, and sends those that are not refused to Express, Fastify, Hono and Koa.
  --count N   requests (10000); npm test has 250
  --seed S    another seed has other requests (2; npm test has 1)`;

runCounted(USAGE, { count: '10000', seed: '2' }, 'packages/enforce/test/fuzz.test.ts', {
  count: 'HTTP_FUZZ_COUNT',
  seed: 'PROPERTY_SEED',
});
