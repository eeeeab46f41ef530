import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runAarm } from './run.js';

const ROOT = join(import.meta.dirname, '../../../../..');

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  console.error(
    'usage: npm run aarm -w writ -- [--json]\n  starts examples/aarm and checks it against the requirements of AARM',
  );
  process.exit(0);
}
const results = await runAarm(join(ROOT, 'packages/writ/bin/writ.js'), join(ROOT, 'examples/aarm'), (line) => {
  if (!values.json) console.log(line);
});
const failed = results.filter(({ why }) => why !== undefined).length;
if (values.json) console.log(JSON.stringify({ passed: results.length - failed, failed, results }, null, 2));
else console.log(`\n${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
