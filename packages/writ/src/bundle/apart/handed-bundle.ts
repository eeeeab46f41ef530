import { type EntityJson, PolicySet, type ResolvedSchema, Schema, type Steps } from '@writ/cedar';
import { type PlainService, plainService, type Service, servedService } from '@writ/enforce/http';
import type { Bundle, ServedBundle } from '../bundle.js';
import type { Finding } from '../check/finding.js';
import { FOLDERS, NAMED_FILES, type YamlContents } from '../contents.js';
import { textsOf } from '../last-good.js';
import { ServicePolicy } from '../service-policy.js';
import { batchesOf, type PolicyBatch, readingPolicies } from './handed-policies.js';

/** A bundle that may be served, as plain data. */
interface HandedBundle {
  readonly root: string;
  readonly version: string;
  readonly contents: YamlContents;
  readonly entities: readonly EntityJson[];
  readonly schema: ResolvedSchema;
  readonly policies: readonly PolicyBatch[];
  /** The bundle's own service policies. */
  readonly service: readonly PolicyBatch[];
  readonly services: readonly PlainService[];
  readonly catalogues: ServedBundle['catalogues'];
  /** The texts of the files as JSON, in parts: for the file of the last good bundle. */
  readonly lastGood: readonly Uint8Array[];
}

/** The answer of the process that reads bundles. */
export interface Answer {
  /** Undefined if the bundle may not be served; the findings then say why. */
  readonly bundle: HandedBundle | undefined;
  readonly findings: readonly Finding[];
}

/** Returns a bundle as plain data. */
export function handedBundle(bundle: Bundle): HandedBundle {
  const { root, version, entities, schema, policies, sources, servicePolicy, services, catalogues } = bundle;
  const files = new Map(sources.map(({ id, file }) => [id, file]));
  const members = [...Object.keys(NAMED_FILES), ...Object.keys(FOLDERS)].filter(
    (name) => name !== 'policies' && name !== 'catalogues',
  );
  const contents = Object.fromEntries(
    members.filter((name) => name in bundle && name !== 'entities').map((name) => [name, bundle[name as keyof Bundle]]),
  );
  return {
    root,
    version,
    contents: contents as unknown as YamlContents,
    entities,
    schema: Schema.resolve(schema.text),
    policies: [...batchesOf(policies.asts, (id) => files.get(id) ?? '')],
    service: [...batchesOf(servicePolicy.own, () => '')],
    services: services.map(plainService),
    catalogues,
    lastGood: [...textsOf(bundle)],
  };
}

/** Makes a bundle of plain data, step by step. */
export function* assembling({ contents, ...handed }: Omit<HandedBundle, 'lastGood'>): Steps<ServedBundle> {
  const { root, version, entities, catalogues } = handed;
  const schema = yield* Schema.reading(handed.schema);
  const sources = yield* readingPolicies(handed.policies);
  const policies = yield* PolicySet.assembling(sources, schema);
  const servicePolicy = yield* ServicePolicy.assembling(yield* readingPolicies(handed.service), schema);
  const services: Service[] = [];
  for (const service of handed.services) {
    services.push(servedService(service));
    yield;
  }
  return { ...contents, root, version, entities, services, catalogues, schema, sources, policies, servicePolicy };
}
