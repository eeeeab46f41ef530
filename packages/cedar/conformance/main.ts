import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runConformance } from './run.js';

const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help || values.dir === undefined) {
  console.error(
    'usage: npm run conformance -w @writ/cedar -- --dir DIR [--json]\n  DIR holds tests in the format of cedar-integration-tests',
  );
  process.exit(values.help ? 0 : 2);
}
// npm runs the script in the package's folder; the path was typed in the caller's.
const dir = resolve(process.env.INIT_CWD ?? '.', values.dir);
if (!existsSync(dir)) {
  console.error(`there is no folder ${dir}`);
  process.exit(2);
}
const result = runConformance(dir);
if (values.json) {
  console.log(JSON.stringify(result));
} else {
  console.log(
    `${result.tests} tests, ${result.requests} requests: ${result.agree} agree, ${result.disagree.length} disagree`,
  );
  for (const { test, request, expected, actual } of result.disagree.slice(0, 20)) {
    console.log(
      `  ${test}  ${request}\n    expected ${JSON.stringify(expected)}\n    actual   ${JSON.stringify(actual)}`,
    );
  }
}
process.exit(result.disagree.length === 0 ? 0 : 1);
