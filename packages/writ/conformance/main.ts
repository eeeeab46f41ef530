import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Target } from './client.js';
import { OWN_CASES } from './own-cases.js';
import { type CaseResult, runCases } from './run.js';
import { VECTOR_SUITES, type VectorSuite, vectors } from './vectors.js';

const USAGE = `usage: npm run conformance -w writ -- --url URL [options]
Runs AuthZEN cases against a server that holds their fixture.
  --url URL        the base URL of the decision point
  --suite NAME     own, certification, extra (the fixture of examples/authzen-certification: the default is these three),
                   or todo (that of examples/authzen-todo); can be given more than once
  --key-file FILE  a file with the key to send; --key KEY the key itself
  --vectors DIR    where certification.json, extra.json and todo-decisions.json are (../shared/authzen-vectors)
  --ca FILE        the authority of the server's certificate
  --json           print one JSON object`;

const VECTORS = fileURLToPath(new URL('../../../../../shared/authzen-vectors', import.meta.url));

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === 'number') return options;
  const { url, suite, json } = options;
  const ca = options.ca === undefined ? undefined : readFileSync(typed(options.ca), 'utf8');
  const key = options.key ?? (options['key-file'] && readFileSync(typed(options['key-file']), 'utf8').trim());
  const target: Target = { url, ca, authorization: key === undefined || key === '' ? undefined : `Bearer ${key}` };
  const results: CaseResult[] = [];
  const notes: string[] = [];
  for (const name of suite) {
    const cases = name === 'own' ? OWN_CASES : vectors(typed(options.vectors), name as VectorSuite);
    if (cases === undefined) notes.push(`${name}: there are no such vectors in ${options.vectors}; left out`);
    else results.push(...(await runCases(name, cases, target)));
  }
  const failed = results.filter(({ ok }) => !ok);
  const skipped = results.filter((one) => one.skipped === true).length;
  const passed = results.length - failed.length - skipped;
  if (json) {
    console.log(JSON.stringify({ url, passed, failed: failed.length, skipped, notes, results }, null, 2));
  } else {
    for (const { suite: of, id, why } of failed) console.log(`✗ ${of} ${id}: ${why}`);
    for (const note of notes) console.log(note);
    console.log(`${passed} passed, ${failed.length} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
  }
  return failed.length === 0 && passed > 0 ? 0 : 1;
}

/** npm runs the script in the package's folder; paths are typed in the caller's. */
function typed(path: string): string {
  return resolve(process.env.INIT_CWD ?? '.', path);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        url: { type: 'string' },
        suite: { type: 'string', multiple: true, default: ['own', 'certification', 'extra'] },
        key: { type: 'string' },
        'key-file': { type: 'string' },
        vectors: { type: 'string', default: VECTORS },
        ca: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    const unknown = values.suite.find((name) => name !== 'own' && !VECTOR_SUITES.includes(name as VectorSuite));
    if (unknown !== undefined) throw new Error(`there is no suite ${unknown}`);
    if (values.url === undefined || !URL.canParse(values.url)) throw new Error('--url is the URL of a decision point');
    return { ...values, url: values.url };
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
}
