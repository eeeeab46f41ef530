import type { CedarJsonObject, Request } from '../src/authorize/policy-set.js';
import type { EntityJson } from '../src/entities/entities.js';
import type { Policy } from '../src/policy/ast.js';
import { Choices } from './choices.js';
import { policy } from './policies.js';
import { actionUid, DATETIMES, DECIMALS, DURATIONS, IPS, LONGS, NAMES, STRINGS, uid } from './world.js';

/** A type of a schema. */
type SchemaType =
  | { readonly kind: 'Long' | 'String' | 'Bool' | 'ipaddr' | 'decimal' | 'datetime' | 'duration' }
  | { readonly kind: 'Set'; readonly of: SchemaType }
  | { readonly kind: 'Record'; readonly attributes: Attributes }
  | { readonly kind: 'Entity'; readonly name: string };
type Attributes = ReadonlyMap<string, { readonly type: SchemaType; readonly required: boolean }>;

export interface TypedCase {
  readonly schema: string;
  readonly policies: readonly Policy[];
  readonly entities: readonly EntityJson[];
  readonly requests: readonly Request[];
}

const ENTITY_TYPES = ['User', 'Group', 'N::Doc'] as const;
const SCALARS = ['Long', 'String', 'Bool', 'ipaddr', 'decimal', 'datetime', 'duration'] as const;

/** A schema, data that mostly fits it, and policies over the same names. */
export function typedCaseOf(numbers: readonly number[]): TypedCase {
  const choices = new Choices(numbers);
  const policies = [0, ...choices.list(2, () => 0)].map((_, i) => policy(choices, `p${i}`));
  const shapes = new Map(ENTITY_TYPES.map((name) => [name as string, attributes(choices, 2)]));
  const tags = new Map(ENTITY_TYPES.map((name) => [name as string, choices.once(2) ? type(choices, 1) : undefined]));
  const context = attributes(choices, 2);
  const uids = new Map(choices.list(6, () => uid(choices)).map((one) => [JSON.stringify(one), one]));
  const present = [...uids.values()];
  const entities = present.map((one, i): EntityJson => {
    const later = present.slice(i + 1);
    const tagType = tags.get(one.type);
    const names = tagType === undefined ? [] : choices.list(2, () => choices.pick(NAMES));
    return {
      uid: one,
      attrs: record(choices, shapes.get(one.type) as Attributes),
      parents: later.length === 0 ? [] : [...new Set(choices.list(1, () => choices.pick(later)))],
      ...(tagType === undefined ? {} : { tags: object(names.map((name) => [name, value(choices, tagType)])) }),
    };
  });
  const requests = [0, ...choices.list(1, () => 0)].map(
    (): Request => ({
      principal: uid(choices),
      action: { ...actionUid(choices), id: choices.pick(['view', 'edit']) },
      resource: uid(choices),
      context: record(choices, context) as CedarJsonObject,
    }),
  );
  return { schema: schemaText(shapes, tags, context), policies, entities, requests };
}

function attributes(choices: Choices, depth: number): Attributes {
  const names = new Set(choices.list(3, () => choices.pick(NAMES)));
  return new Map([...names].map((name) => [name, { type: type(choices, depth), required: !choices.once(2) }]));
}

function type(choices: Choices, depth: number): SchemaType {
  switch (choices.below(depth > 0 ? 5 : 3)) {
    case 1:
      return { kind: 'Entity', name: choices.pick(ENTITY_TYPES) };
    case 3:
      return { kind: 'Set', of: type(choices, depth - 1) };
    case 4:
      return { kind: 'Record', attributes: attributes(choices, depth - 1) };
    default:
      return { kind: choices.pick(SCALARS) };
  }
}

/** Cedar schema text: entities in two namespaces, a common type for the context, an action hierarchy. */
function schemaText(
  shapes: ReadonlyMap<string, Attributes>,
  tags: ReadonlyMap<string, SchemaType | undefined>,
  context: Attributes,
): string {
  const entity = (name: string): string => {
    const tagType = tags.get(name);
    const tagText = tagType === undefined ? '' : ` tags ${typeText(tagType)}`;
    return `entity ${name.replace('N::', '')} in [User, Group, N::Doc] ${recordText(shapes.get(name) as Attributes)}${tagText};`;
  };
  const everything = 'principal: [User, Group, N::Doc], resource: [User, Group, N::Doc]';
  return [
    entity('User'),
    entity('Group'),
    `namespace N { ${entity('N::Doc')} }`,
    `type Context = ${recordText(context)};`,
    'action all;',
    `action view, edit in [all] appliesTo { ${everything}, context: Context };`,
  ].join('\n');
}

function typeText(of: SchemaType): string {
  switch (of.kind) {
    case 'Set':
      return `Set<${typeText(of.of)}>`;
    case 'Record':
      return recordText(of.attributes);
    case 'Entity':
      return of.name;
    default:
      return `__cedar::${of.kind}`;
  }
}

function recordText(of: Attributes): string {
  return `{ ${[...of].map(([name, { type: t, required }]) => `${JSON.stringify(name)}${required ? '' : '?'}: ${typeText(t)}`).join(', ')} }`;
}

/** A record that mostly fits: at times an attribute is missing, or there is one too many. */
function record(choices: Choices, of: Attributes): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  for (const [name, { type: t, required }] of of) {
    if (required ? choices.once(60) : choices.once(2)) continue;
    entries.push([name, value(choices, t)]);
  }
  if (choices.once(80)) entries.push([choices.pick(NAMES), 1]);
  return object(entries);
}

/** An object on which every name is a name, `__proto__` too. */
function object(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(entries);
}

/** Extension values and entities in their implicit and in their explicit form; at times a value of another type. */
function value(choices: Choices, of: SchemaType): unknown {
  if (choices.once(80)) return choices.pick<unknown>([1, 'x', true, [], {}, { __entity: { type: 'User', id: 'a' } }]);
  const extension = (fn: string, texts: readonly string[]): unknown => {
    const arg = choices.pick(texts);
    return choices.once(2) ? { __extn: { fn, arg } } : arg;
  };
  switch (of.kind) {
    case 'Long':
      return Number(choices.pick(LONGS.slice(0, 9)));
    case 'String':
      return choices.pick(STRINGS);
    case 'Bool':
      return choices.once(2);
    case 'ipaddr':
      return extension('ip', choices.once(30) ? IPS : IPS.slice(0, 11));
    case 'decimal':
      return extension('decimal', choices.once(30) ? DECIMALS : DECIMALS.slice(0, 7));
    case 'datetime':
      return extension('datetime', choices.once(30) ? DATETIMES : ['1970-01-01', '2024-02-29']);
    case 'duration':
      return extension('duration', choices.once(30) ? DURATIONS : DURATIONS.slice(0, 7));
    case 'Set':
      return choices.list(3, () => value(choices, of.of));
    case 'Record':
      return record(choices, of.attributes);
    case 'Entity': {
      const one = { ...uid(choices), type: choices.once(40) ? 'User' : of.name };
      return choices.once(2) ? { __entity: one } : one;
    }
  }
}
