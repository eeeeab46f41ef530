import { type ActionDeclaration, findingDereferences, finish, type Schema, type Steps } from '@writ/cedar';
import type { ServedBundle } from '../bundle/bundle.js';
import { secondsOf } from '../bundle/format/lifetime.js';
import type { TasksYaml } from '../bundle/format/tasks.js';
import { EFFECTS } from '../bundle/format/tools.js';
import { DerivedValues } from '../ledger/derived/derived-values.js';
import { Tools } from '../ledger/flow/tool-description.js';
import { Ledger } from '../ledger/ledger.js';
import { millisecondsOf } from '../lib/duration.js';
import { programReader } from '../programs/read-program.js';
import { Catalogue } from '../programs/sql/catalogue/catalogue.js';
import { type TaskKind, type TaskKinds, usualMandate } from '../provenance/task-kinds.js';
import { type FactRule, FactRules } from '../registry/fact-rules.js';
import { Registry } from '../registry/registry.js';
import { Decider, type DeciderParts } from './decide.js';
import { Ids } from './ids.js';
import { OFFLINE } from './offline.js';
import { PlainTasks } from './plain-tasks.js';
import type { PolicyPlane, RequestForm } from './plane.js';
import type { Append } from './record.js';

/** Prepares a bundle for deciding, on its own facts. */
export function planeOf(bundle: ServedBundle): PolicyPlane {
  return finish(preparingPlane(bundle));
}

/** Prepares it step by step, for a caller that decides in between. */
export function* preparingPlane(bundle: ServedBundle): Steps<PolicyPlane> {
  const tasks = bundle.tasks && taskKindsOf(bundle.tasks);
  return {
    policies: bundle.policies,
    schema: bundle.schema,
    actions: actionsOf(bundle.schema),
    policyVersion: bundle.version,
    delegation: bundle.settings.delegation,
    detect: bundle.tools.detect ?? {},
    tools: toolsOf(bundle),
    derived: new DerivedValues(bundle.ledger.derived),
    obligations: bundle.obligations.obligations,
    tasks,
    usualMandate: tasks && usualMandate(tasks),
    idleMs: millisecondsOf(bundle.settings.tasks.endWhenIdle),
    lineageMs: millisecondsOf(bundle.settings.tasks.lineageWindow),
    forms: formsOf(bundle),
    consents: consentsOf(bundle),
    dereferences: yield* findingDereferences(bundle.policies, bundle.schema),
    registry: yield* Registry.loading(bundle.entities, bundle.schema, factRulesOf(bundle)),
    fetchers: undefined,
  };
}

/** Returns the tools of a bundle, ready to be used. */
export function toolsOf({ tools: declared, catalogues }: Pick<ServedBundle, 'tools' | 'catalogues'>): Tools {
  const { tools, defaults, detect = {}, stores, readers, programs } = declared;
  const read = new Map(catalogues.map(({ file, snapshot }) => [file, new Catalogue(snapshot)]));
  return new Tools(tools, defaults, EFFECTS, Object.values(detect), stores, readers, {
    declared: programs,
    readerOf: ({ catalogue, ...language }) => programReader({ ...language, catalogue: read.get(catalogue ?? '') }),
  });
}

function formsOf({ access }: ServedBundle): Map<string, RequestForm> {
  const forms = Object.entries(access.templates).flatMap(([name, { schema, catalogs }]) =>
    schema === undefined ? [] : [[name, { schema, catalogs }] as const],
  );
  return new Map(forms);
}

function consentsOf({ access }: ServedBundle): ReadonlySet<string> {
  return new Set(Object.entries(access.templates).flatMap(([name, { consent }]) => (consent ? [name] : [])));
}

function factRulesOf({ facts: { facts, fetchers } }: ServedBundle): FactRules {
  const rules = new Map<string, Map<string, FactRule>>();
  const rulesOf = (type: string): Map<string, FactRule> => {
    const known = rules.get(type) ?? new Map<string, FactRule>();
    rules.set(type, known);
    return known;
  };
  for (const [type, attributes] of Object.entries(facts))
    for (const [name, { maxAge }] of Object.entries(attributes))
      rulesOf(type).set(name, { maxAge: millisecondsOf(maxAge) });
  for (const [fetcher, { of, attributes }] of Object.entries(fetchers))
    for (const name of Object.keys(attributes)) rulesOf(of).set(name, { ...rulesOf(of).get(name), fetcher });
  return new FactRules(rules);
}

function taskKindsOf({ default: usual, tasks }: TasksYaml): TaskKinds {
  const kinds = Object.entries(tasks).map(
    ([name, { scope = name, mandate, lifetime, outside, fromPrompt }]): [string, TaskKind] => [
      name,
      {
        ...{ scope, mandate, outside, fromPrompt: [fromPrompt ?? []].flat() },
        lifetime: lifetime === undefined ? undefined : secondsOf(lifetime),
      },
    ],
  );
  return { usual, kinds: new Map(kinds) };
}

/** Returns the actions that a request can name: by the id alone, in the empty namespace. */
function actionsOf(schema: Schema): Map<string, ActionDeclaration> {
  const declared = [...schema.actions].filter(({ uid }) => uid.type === 'Action');
  return new Map(declared.map((action) => [action.uid.id, action]));
}

/**
 * Makes a decider over a bundle without a service around it: its ledger is empty, and nothing is revoked or granted.
 *
 * @param more parts that the caller has itself
 */
export function offlineDecider(
  bundle: ServedBundle,
  record: Append,
  clock: () => Date,
  more: Partial<DeciderParts> = {},
): Decider {
  const plane = more.plane ?? planeOf(bundle);
  const ids = more.ids ?? new Ids();
  return new Decider({
    ...OFFLINE,
    plane,
    ledger: new Ledger(bundle.ledger.accumulators),
    record,
    clock,
    ids,
    plainTasks: new PlainTasks({
      nextId: (now) => ids.next(now),
      hashPrompt: more.hashPrompt ?? OFFLINE.hashPrompt,
      endedAt: () => undefined,
    }),
    ...more,
  });
}
