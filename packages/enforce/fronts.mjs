// npm run fronts -w @writ/enforce -- [--count N] [--seed S]: sends the tables of bypasses and of honest requests through real fronts.
import { runCounted } from './run-counted.mjs';

const USAGE = `usage: npm run fronts -w @writ/enforce -- [--count N] [--seed S]
Sends the requests of test/tables through nginx, Caddy and HAProxy, which ask the check endpoint, to four frameworks.
  --count N   one request of N, to one framework each (1: all of them, to all four); npm test has 6
  --seed S    with a count, another seed has other requests (1)`;

runCounted(USAGE, { count: '1', seed: '1' }, 'packages/enforce/test/fronts', {
  count: 'FRONTS_SHARE',
  seed: 'PROPERTY_SEED',
});
