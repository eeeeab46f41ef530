import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as official from '@cedar-policy/cedar-wasm/nodejs';
import { compile, Entities, type EntityJson, type Request, Schema } from '@writ/cedar';
import { callsPerSecond, shuffled, timeEach } from '../measure.js';
import type { Row } from '../row.js';
import { searchRow } from './search-row.js';

const SHARED = fileURLToPath(new URL('../../../../shared/oopsla2024', import.meta.url));
const APPS = [
  ['gdrive', 'policies.cedar', 'gdrive.cedarschema.json'],
  ['github', 'policies.cedar', 'github.cedarschema.json'],
  ['tinytodo', 'tinytodo.cedar', 'tinytodo.cedarschema.json'],
] as const;

/** The three workloads of the Cedar paper (OOPSLA 2024), 50 entities of each type, entities resident. */
export function oopsla(notes: string[]): Row[] {
  if (!existsSync(SHARED)) {
    notes.push(`The OOPSLA 2024 workloads are not at ${SHARED}; those rows are left out.`);
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), 'writ-oopsla-'));
  spawnSync('tar', ['xzf', join(SHARED, 'entities.tar.gz'), '-C', folder]);
  try {
    return APPS.flatMap(([app, policies, schema]) =>
      workload(app, join(SHARED, app, policies), join(SHARED, app, schema), folder),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function workload(app: string, policyFile: string, schemaFile: string, folder: string): Row[] {
  const text = readFileSync(policyFile, 'utf8');
  const data = JSON.parse(readFileSync(join(folder, 'entities', `${app}-50-1.json`), 'utf8')) as EntityJson[];
  const entities = Entities.fromJson(data);
  const policies = compile({ policies: text });
  const requests = requestsOf(Schema.parse(JSON.parse(readFileSync(schemaFile, 'utf8')) as object), entities);

  const decide = (request: Request): unknown => policies.isAuthorized(request, entities);
  const { median, p99 } = timeEach(requests, decide, 500_000);
  const ours = callsPerSecond(requests, decide, 1_000_000);

  official.preparsePolicySet(app, { staticPolicies: text });
  const ask = (request: Request): unknown =>
    official.statefulIsAuthorized({
      ...request,
      context: {},
      preparsedPolicySetId: app,
      entities: data as official.Entities,
    });
  const theirs = callsPerSecond(requests, ask, 60);

  return [
    {
      group: 'OOPSLA 2024',
      name: `${app}, one decision`,
      figures: { 'median ns': median, 'p99 ns': p99 },
      target: 'median ≤ 500 ns, p99 < 3,000 ns',
      met: median <= 500 && p99 < 3_000,
    },
    {
      group: 'OOPSLA 2024',
      name: `${app}, decisions a second`,
      figures: { ours, 'cedar-wasm': theirs },
      peer: 'cedar-wasm',
      ratio: ours / theirs,
      target: '≥ 1,000×',
      met: ours / theirs >= 1_000,
    },
    searchRow(
      `${app}, resources of a principal among 50`,
      policies,
      entities,
      shuffled(requests, 2).slice(0, 2_000),
      4_000,
    ),
  ];
}

/** What a request may ask: every action, over all entities of the types that the schema lets it apply to. */
function requestsOf(schema: Schema, entities: Entities): Request[] {
  const requests: Request[] = [];
  for (const action of schema.actions) {
    for (const principalType of action.principalTypes) {
      for (const resourceType of action.resourceTypes) {
        for (const principal of entities.ofType(principalType)) {
          for (const resource of entities.ofType(resourceType)) {
            requests.push({ principal: uidOf(principal), action: action.uid, resource: uidOf(resource), context: {} });
          }
        }
      }
    }
  }
  return requests;
}

function uidOf({ type, id }: { type: string; id: string }): { type: string; id: string } {
  return { type, id };
}
