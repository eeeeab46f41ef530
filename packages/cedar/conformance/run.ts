import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type CedarJsonObject, compile, Entities, type EntityUid, Schema } from '@writ/cedar';
import { parseJson } from '@writ/cedar/json';

/** A test file of the cedar-integration-tests format. */
interface TestFile {
  readonly policies: string;
  readonly entities: string;
  readonly schema: string;
  readonly requests: readonly {
    readonly description: string;
    readonly principal?: EntityUid;
    readonly action?: EntityUid;
    readonly resource?: EntityUid;
    readonly context: CedarJsonObject;
    readonly decision: 'allow' | 'deny';
    readonly reason: readonly string[];
    readonly errors: readonly string[];
  }[];
}

export interface Disagreement {
  readonly test: string;
  readonly request: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

export interface ConformanceResult {
  readonly tests: number;
  readonly requests: number;
  readonly agree: number;
  readonly disagree: Disagreement[];
}

/** Every test file below a folder. */
export function findTests(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json') && !name.endsWith('entities.json') && !name.includes('sample-data'))
    .sort();
}

/** Runs every test of a folder in the format of cedar-policy/cedar-integration-tests. All three expectations count. */
export function runConformance(root: string): ConformanceResult {
  const names = findTests(root);
  const disagree: Disagreement[] = [];
  let tests = 0;
  let requests = 0;
  for (const name of names) {
    const test = parseJson(readFileSync(join(root, name), 'utf8')) as unknown as TestFile;
    if (!Array.isArray(test.requests)) continue;
    tests += 1;
    requests += test.requests.length;
    disagree.push(...runTest(root, name, test));
  }
  return { tests, requests, agree: requests - new Set(disagree.map((d) => `${d.test} ${d.request}`)).size, disagree };
}

/** Paths inside a test are relative to the folder that the suite was unpacked in: this one, or one above the test. */
function baseOf(root: string, name: string, test: TestFile): string {
  const folders = [root];
  for (let at = dirname(resolve(root, name)); dirname(at) !== at; at = dirname(at)) folders.push(at);
  return folders.find((folder) => existsSync(join(folder, test.policies))) ?? root;
}

function runTest(root: string, name: string, test: TestFile): Disagreement[] {
  const base = baseOf(root, name, test);
  const read = (path: string): string => readFileSync(join(base, path), 'utf8');
  const failed = (error: unknown): Disagreement[] =>
    test.requests.map((request, i) => ({
      test: name,
      request: `${i}: ${request.description}`,
      expected: 'the test loads',
      actual: String(error),
    }));
  try {
    const schemaText = read(test.schema);
    const schema = Schema.parse(test.schema.endsWith('.json') ? (JSON.parse(schemaText) as object) : schemaText);
    const entities = Entities.fromJson(read(test.entities), { schema });
    const policies = compile({ policies: read(test.policies), schema });
    return test.requests.flatMap((request, i) => {
      const actual = decide();
      const expected = { decision: request.decision, reason: sorted(request.reason), errors: sorted(request.errors) };
      if (JSON.stringify(actual) === JSON.stringify(expected)) return [];
      return [{ test: name, request: `${i}: ${request.description}`, expected, actual }];

      function decide(): unknown {
        const { principal, action, resource, context } = request;
        if (principal === undefined || action === undefined || resource === undefined) return 'an absent part';
        try {
          const response = policies.isAuthorized({ principal, action, resource, context }, entities);
          return {
            decision: response.decision,
            reason: sorted(response.reasons),
            errors: sorted(response.errors.map((error) => error.policyId)),
          };
        } catch (error) {
          return String(error);
        }
      }
    });
  } catch (error) {
    return failed(error);
  }
}

function sorted(items: readonly string[]): string[] {
  return [...items].sort();
}
