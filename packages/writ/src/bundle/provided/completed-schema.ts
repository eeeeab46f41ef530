import { type EntityUid, type PolicyText, Schema, uidText } from '@writ/cedar';
import * as official from '@writ/cedar/official';
import { addContextReads, joined, noReads, type Reads } from './context-reads.js';
import { type AttributeJson, type ContextSources, providedAttribute } from './provided-context.js';

type Json = Readonly<Record<string, unknown>>;
type Namespaces = Record<string, { commonTypes?: Json; entityTypes?: Json; actions?: Record<string, Json> }>;

/** The names that Cedar gives types of its own. A schema with one of these names can mean another type by it. */
const BUILT_IN = ['ipaddr', 'decimal', 'datetime', 'duration', 'Long', 'String', 'Bool'];

/**
 * Completes a schema: the context of an action that does not declare a part that Writ provides, such as `mandate`, has it as far as
 * policies on the action read it. A declared part stays as it is.
 *
 * @returns the same schema if nothing is missing
 */
export function completedSchema(
  schema: Schema,
  policies: readonly Pick<PolicyText, 'json'>[],
  sources: ContextSources,
): Schema {
  const missing = missingParts(schema, policies, sources);
  if (missing.size === 0) return schema;
  const answer = official.schemaToJsonWithResolvedTypes(schema.text);
  if (answer.type === 'failure') return schema;
  const namespaces = answer.json as unknown as Namespaces;
  const isAmbiguous = Object.values(namespaces).some(({ commonTypes = {}, entityTypes = {} }) =>
    BUILT_IN.some((name) => Object.hasOwn(commonTypes, name) || Object.hasOwn(entityTypes, name)),
  );
  // The author then declares what policies read: the validator says that it is missing.
  if (isAmbiguous) return schema;
  const actions = namespaces['']?.actions ?? {};
  for (const [id, parts] of missing) {
    const { appliesTo } = actions[id] as { readonly appliesTo?: Json };
    if (appliesTo === undefined) continue;
    const attributes = { ...attributesOf(appliesTo.context, namespaces), ...parts };
    actions[id] = { ...actions[id], appliesTo: { ...appliesTo, context: { type: 'Record', attributes } } };
  }
  return Schema.parse(namespaces);
}

/** Returns the parts that the context of each action lacks, by its id. */
function missingParts(
  schema: Schema,
  policies: readonly Pick<PolicyText, 'json'>[],
  sources: ContextSources,
): Map<string, Readonly<Record<string, AttributeJson>>> {
  const readsOf = readsByHead(policies);
  const above = memberships(schema);
  const missing = new Map<string, Record<string, AttributeJson>>();
  for (const { uid, context } of schema.actions) {
    if (uid.type !== 'Action') continue;
    const heads = [ANY, ...(above.get(uidText(uid)) ?? [])].flatMap((head) => readsOf.get(head) ?? []);
    const names = new Set(heads.flatMap(({ of }) => [...of.keys()]));
    for (const name of names) {
      if (context.attributes.has(name)) continue;
      const reads = joined(heads.flatMap(({ of }) => of.get(name) ?? []));
      const provided = providedAttribute(name, uid.id, reads, sources);
      if (provided !== undefined) missing.set(uid.id, { ...missing.get(uid.id), [name]: provided });
    }
  }
  return missing;
}

const ANY = '';

/** Returns what policies read of the context, by the action or group in their heads. */
function readsByHead(policies: readonly Pick<PolicyText, 'json'>[]): Map<string, Reads> {
  const byHead = new Map<string, Reads>();
  for (const policy of policies) {
    for (const head of headsOf(policy.json as Json)) {
      const reads = byHead.get(head) ?? noReads();
      byHead.set(head, reads);
      addContextReads(reads, policy);
    }
  }
  return byHead;
}

/** Returns the actions and groups that the head of a policy names. */
function headsOf({ action }: Json): readonly string[] {
  const { op, entity, entities } = (action ?? {}) as {
    readonly op?: string;
    readonly entity?: EntityUid;
    readonly entities?: readonly EntityUid[];
  };
  if (op !== '==' && op !== 'in') return [ANY];
  return (entities ?? (entity === undefined ? [] : [entity])).map((one) => uidText(one));
}

/** Returns for each action itself and the groups that it is in, at whatever depth. */
function memberships(schema: Schema): Map<string, readonly string[]> {
  const parents = new Map([...schema.actions].map(({ uid, memberOf }) => [uidText(uid), memberOf.map(uidText)]));
  const above = (id: string): readonly string[] => {
    const found = new Set([id]);
    for (const one of found) for (const parent of parents.get(one) ?? []) found.add(parent);
    return [...found];
  };
  return new Map([...parents.keys()].map((id) => [id, above(id)]));
}

/** Returns the attributes of a context: of a record, or of a common type that is one. */
function attributesOf(context: unknown, namespaces: Namespaces): Json {
  let at = context as { readonly type?: string; readonly attributes?: Json } | undefined;
  // Common types cannot refer to each other in a circle.
  while (at?.type !== undefined && at.type !== 'Record') {
    const [, namespace = '', name = ''] = /^(?:(.*)::)?([^:]+)$/.exec(at.type) ?? [];
    at = namespaces[namespace]?.commonTypes?.[name] as typeof at;
  }
  return at?.attributes ?? {};
}
