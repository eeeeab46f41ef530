import { kindOf } from '../../ledger/accumulators/kinds.js';
import type { YamlContents } from '../contents.js';
import type { Reads } from './context-reads.js';

/** A type in the JSON form of Cedar's schemas. */
export type TypeJson =
  | { readonly type: 'Record'; readonly attributes: Readonly<Record<string, AttributeJson>> }
  | { readonly type: 'Set'; readonly element: TypeJson }
  | { readonly type: 'EntityOrCommon'; readonly name: string };
export type AttributeJson = TypeJson & { readonly required: boolean };

const LONG = named('Long');
const STRING = named('String');
const BOOL = named('Bool');
const SET: TypeJson = { type: 'Set', element: STRING };

const ORIGIN: TypeJson = record({
  integrity: LONG,
  confidentiality: LONG,
  labels: SET,
  from: SET,
  values: SET,
  domains: SET,
  links: LONG,
  deviates: SET,
  said: SET,
  named: BOOL,
  unclear: SET,
  returned: BOOL,
});

const MANDATE: TypeJson = record({
  kind: STRING,
  covers: BOOL,
  why: STRING,
  namesAction: BOOL,
  namesResource: BOOL,
  namedInput: SET,
});

/** Without the entities of the path: their types are those of the bundle. */
const PROVENANCE: TypeJson = record(
  { registered: BOOL, assurance: LONG, lineage: STRING, depth: LONG, purpose: STRING },
  { promptHash: STRING },
);

const TOOL: TypeJson = record(
  { findings: SET, effects: SET, authority: LONG, asked: BOOL, leaksCode: BOOL },
  { destination: ORIGIN, target: ORIGIN, secret: ORIGIN, amount: ORIGIN, content: ORIGIN },
);

const PROGRAM: TypeJson = record(
  {
    ...{
      language: STRING,
      access: STRING,
      understood: BOOL,
      statements: SET,
      programs: SET,
      interpreters: SET,
      interactive: BOOL,
    },
    ...{
      unresolved: BOOL,
      writesOutside: BOOL,
      readsOutside: BOOL,
      reads: SET,
      writes: SET,
      hosts: SET,
      packages: SET,
      columns: SET,
      functions: SET,
    },
  },
  { reason: STRING },
);

/** The actions of Writ itself, which no mandate is for. A tool can have such a name, and is then under one. */
const OWN_ACTIONS: ReadonlySet<string> = new Set([
  ...['approve', 'break_glass', 'declassify'],
  ...['delegate', 'start_task', 'widen_task'],
]);

/** The parts of a bundle that the context depends on. */
export type ContextSources = Pick<YamlContents, 'ledger' | 'tools'> & {
  /** Whether each task has a mandate. */
  readonly hasTasks: boolean;
};

/** Returns the attribute of `context` that Writ provides under a name, as far as policies read it; undefined if it provides none. */
export function providedAttribute(
  name: string,
  action: string,
  reads: Reads,
  sources: ContextSources,
): AttributeJson | undefined {
  const type = typeOf(name, action, reads, sources);
  if (type === undefined) return undefined;
  return { ...readPart(type, reads), required: isAlwaysThere(name, action, sources) };
}

function isAlwaysThere(name: string, action: string, { hasTasks, tools }: ContextSources): boolean {
  if (name === 'program') return takesProgram(tools, action);
  // Without kinds of task only a token can bring a mandate.
  return name !== 'mandate' || (hasTasks && !OWN_ACTIONS.has(action));
}

function typeOf(name: string, action: string, reads: Reads, { ledger }: ContextSources): TypeJson | undefined {
  switch (name) {
    case 'mandate':
      return MANDATE;
    case 'provenance':
      return PROVENANCE;
    case 'tool':
      return TOOL;
    case 'program':
      return PROGRAM;
    case 'origins':
      return record({}, Object.fromEntries([...reads.of.keys()].map((argument) => [argument, ORIGIN])));
    case 'ledger':
      return ledgerType(ledger);
    case 'derived':
      return derivedType(ledger, action);
    case 'approvals':
    case 'consents':
      return SET;
    case 'now':
      return named('datetime');
    default:
      return undefined;
  }
}

function takesProgram({ tools }: ContextSources['tools'], action: string): boolean {
  const described = Object.hasOwn(tools, action) ? (tools[action]?.arguments ?? {}) : {};
  return Object.values(described).some((one) => typeof one === 'object' && one.language !== undefined);
}

/** Returns the record of the derived values of an action; undefined if it has none, so that a policy that expects one is an error. */
function derivedType({ derived }: ContextSources['ledger'], action: string): TypeJson | undefined {
  const its = Object.entries(derived).filter(([, { of }]) => of.includes(action));
  if (its.length === 0) return undefined;
  return record(Object.fromEntries(its.map(([name, { type }]) => [name, cedarType(type)])));
}

function cedarType(type: string): TypeJson {
  return type.startsWith('Set<') ? SET : named(type);
}

function ledgerType({ accumulators }: ContextSources['ledger']): TypeJson {
  const types = Object.entries(accumulators).map(([name, declared]): [string, TypeJson] => {
    const { name: type } = kindOf(name, declared).schemaType(declared);
    return [name, cedarType(type)];
  });
  return record(Object.fromEntries(types));
}

/** Returns a type with those attributes only that are read: a part that nobody reads is not computed. */
function readPart(type: TypeJson, reads: Reads): TypeJson {
  if (type.type !== 'Record' || reads.isWhole) return type;
  const read = Object.entries(type.attributes).flatMap(([name, { required, ...inner }]) => {
    const part = reads.of.get(name);
    return part === undefined ? [] : [[name, { ...readPart(inner as TypeJson, part), required }] as const];
  });
  return { type: 'Record', attributes: Object.fromEntries(read) };
}

function named(name: string): TypeJson {
  return { type: 'EntityOrCommon', name: `__cedar::${name}` };
}

function record(
  required: Readonly<Record<string, TypeJson>>,
  optional: Readonly<Record<string, TypeJson>> = {},
): TypeJson {
  const all = [
    ...Object.entries(required).map(([name, type]) => [name, { ...type, required: true }] as const),
    ...Object.entries(optional).map(([name, type]) => [name, { ...type, required: false }] as const),
  ];
  return { type: 'Record', attributes: Object.fromEntries(all) };
}
