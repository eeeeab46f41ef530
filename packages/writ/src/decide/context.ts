import type { ActionDeclaration, CedarJsonObject, CedarType, RecordType } from '@writ/cedar';
import { isObject } from '@writ/sdk/lib/is-object';
import type { OriginSummary } from '../ledger/flow/origins.js';
import type { LedgerValues } from '../ledger/ledger.js';
import type { ProgramFacts } from '../programs/facts.js';
import { originatorOf, type Provenance } from '../provenance/path.js';
import type { DataFlow } from './data-flow.js';
import type { Coverage } from './mandates.js';

/** The parts of `context` that Writ provides. A caller cannot set them. */
const OWN = new Set([
  ...['provenance', 'ledger', 'derived', 'mandate', 'tool'],
  ...['approvals', 'consents', 'now', 'origins', 'action', 'program'],
]);

/** Returns whether Writ provides this part of `context`, and a caller cannot set it. */
export function isOwn(name: string): boolean {
  return OWN.has(name);
}

interface ContextParts {
  /** The `context` of the request. */
  readonly given: Readonly<Record<string, unknown>>;
  /** The `action.properties` of the request. */
  readonly action: Readonly<Record<string, unknown>> | undefined;
  readonly provenance: Provenance;
  /** Returns whether the registry knows every identity of the path. */
  readonly isRegistered: () => boolean;
  /** Returns the lineage of the work. */
  readonly lineage: () => string;
  readonly ledger: LedgerValues;
  /** Returns a derived value of the action, in Cedar's JSON format; undefined if the action does not have it. */
  readonly derived: (name: string) => unknown;
  readonly flow: DataFlow;
  readonly mandate: Coverage | undefined;
  /** Returns the policies that approvals lift for exactly this request. */
  readonly approvals: () => ReadonlySet<string>;
  /** Returns those of them that the originator consented to. */
  readonly consents: () => ReadonlySet<string>;
  readonly now: Date;
}

/**
 * Builds the `context` that policies see, in Cedar's JSON format: the parts of Writ and of the caller that the schema
 * declares for the action (docs/bundles.md). `input` of the caller is there whole, so that an argument that no policy can
 * see is refused, not ignored.
 */
export function buildContext(action: ActionDeclaration, parts: ContextParts): CedarJsonObject {
  const declared = action.context.attributes;
  const given = withoutOpaque(parts.given, parts.flow.tool.opaque, declared.get('input')?.type);
  const context: Record<string, unknown> = {};
  for (const [name, { type }] of declared) {
    if (OWN.has(name)) {
      const value = ownValue(name, type, parts);
      if (value !== undefined) context[name] = value;
    } else if (Object.hasOwn(given, name)) {
      context[name] = withoutNulls(given[name], type);
    }
  }
  const input = given.input;
  if (!declared.has('input') && isObject(input) && Object.keys(input).length > 0) context.input = input;
  // The evaluation checks that it is Cedar JSON of the declared types.
  return context as CedarJsonObject;
}

/** Returns the arguments of a request as the context has them. @param opaque those that policies do not see */
export function givenInput(given: ContextParts['given'], opaque: readonly string[], type: CedarType): unknown {
  return withoutNulls(withoutOpaque(given, opaque, type).input, type);
}

/** Drops the arguments that a tool's description keeps from policies. @param type that of the arguments */
function withoutOpaque(
  given: ContextParts['given'],
  opaque: readonly string[],
  type: CedarType | undefined,
): ContextParts['given'] {
  if (opaque.length === 0 || !isObject(given.input)) return given;
  const members = type?.kind === 'record' ? type.attributes : undefined;
  const kept = Object.entries(given.input).filter(([name]) => !opaque.includes(name));
  const input = Object.fromEntries(
    kept.map(([name, value]) => [name, withoutInner(name, value, opaque, members?.get(name)?.type)]),
  );
  return { ...given, input };
}

/** Drops the members that are opaque by their path (`body.lines`), if the schema does not declare them: no policy can read those. */
function withoutInner(name: string, value: unknown, opaque: readonly string[], type: CedarType | undefined): unknown {
  if (!isObject(value) || type?.kind !== 'record') return value;
  const hidden = new Set(
    opaque
      .filter((path) => path.startsWith(`${name}.`))
      .map((path) => path.slice(name.length + 1))
      .filter((member) => !type.attributes.has(member)),
  );
  if (hidden.size === 0) return value;
  return Object.fromEntries(Object.entries(value).filter(([member]) => !hidden.has(member)));
}

/** Returns a part that Writ provides, as far as the schema declares it; undefined if Writ does not have it. */
function ownValue(name: string, type: CedarType, parts: ContextParts): unknown {
  const { action, ledger, now } = parts;
  switch (name) {
    case 'action':
      return action === undefined ? {} : withoutNulls(action, undefined);
    case 'provenance':
      return declaredPart(type, (attribute) => provenanceValue(attribute, parts));
    case 'mandate':
      return parts.mandate && declaredPart(type, (attribute) => mandateValue(attribute, parts.mandate as Coverage));
    case 'ledger':
      // The ledger was read for what the schema declares and nothing else.
      return hasDecimals(ledger) ? declaredPart(type, (attribute) => cedarValue(ledger[attribute])) : ledger;
    case 'derived':
      return declaredPart(type, parts.derived);
    case 'tool':
      return declaredPart(type, (attribute, inner) => toolValue(attribute, inner, parts));
    case 'origins':
      return declaredPart(type, (attribute, inner) => summaryValue(inner, parts.flow.call?.ofArgument(attribute)));
    case 'program': {
      const { program } = parts.flow.tool;
      return program && declaredPart(type, (attribute) => programValue(attribute, program));
    }
    case 'approvals':
      return [...parts.approvals()];
    case 'consents':
      return [...parts.consents()];
    case 'now':
      return { __extn: { fn: 'datetime', arg: now.toISOString() } };
    default:
      return undefined;
  }
}

function provenanceValue(name: string, { provenance, lineage, isRegistered }: ContextParts): unknown {
  switch (name) {
    case 'registered':
      return isRegistered();
    case 'assurance':
      return provenance.assurance;
    case 'originator':
      return { __entity: originatorOf(provenance) };
    case 'actors':
      return provenance.path.slice(1).map((uid) => ({ __entity: uid }));
    case 'lineage':
      return lineage();
    case 'depth':
      return provenance.path.length - 1;
    case 'purpose':
      return (provenance.scope ?? []).join(' ');
    case 'promptHash':
      return provenance.promptHash;
    default:
      return undefined;
  }
}

function mandateValue(
  name: string,
  { kind, covers, why = '', namesAction = false, namesResource, namedInput }: Coverage,
): unknown {
  const values: Readonly<Record<string, unknown>> = { kind, covers, why, namesAction, namesResource, namedInput };
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function toolValue(name: string, type: CedarType, { flow: { tool, call }, given }: ContextParts): unknown {
  switch (name) {
    case 'findings':
      return Array.isArray(given.findings) ? given.findings.filter((one) => typeof one === 'string') : [];
    case 'effects':
      return tool.effects;
    case 'authority':
      return call?.authority ?? 0;
    case 'asked':
      return call?.asked ?? false;
    case 'leaksCode':
      return call?.leaksCode ?? true;
    case 'destination':
    case 'target':
    case 'secret':
    case 'amount':
    case 'content':
      return summaryValue(type, call?.ofRole(name));
    default:
      return undefined;
  }
}

const OF_PROGRAM: ReadonlySet<string> = new Set<keyof ProgramFacts>([
  ...(['language', 'understood', 'reason', 'statements', 'programs', 'interpreters', 'interactive'] as const),
  ...([
    'unresolved',
    'writesOutside',
    'readsOutside',
    'reads',
    'writes',
    'hosts',
    'packages',
    'columns',
    'functions',
  ] as const),
]);

function programValue(name: string, program: ProgramFacts): unknown {
  // That of its parts is theirs (decide/parts.ts).
  if (name === 'access') return 'run';
  return OF_PROGRAM.has(name) ? program[name as keyof ProgramFacts] : undefined;
}

const SEEN: ReadonlySet<string> = new Set<keyof OriginSummary>([
  'integrity',
  'confidentiality',
  'labels',
  'from',
  'values',
  'domains',
  'links',
  'deviates',
  'said',
  'named',
  'unclear',
  'returned',
]);

function summaryValue(type: CedarType, summary: OriginSummary | undefined): unknown {
  return summary && declaredPart(type, (name) => (SEEN.has(name) ? summary[name as keyof OriginSummary] : undefined));
}

/** Returns the attributes of a record that the schema declares and that have a value. */
function declaredPart(type: CedarType, partOf: (name: string, type: CedarType) => unknown): unknown {
  const part: Record<string, unknown> = {};
  if (type.kind !== 'record') return part;
  for (const [name, { type: inner }] of (type as RecordType).attributes) {
    const value = partOf(name, inner);
    if (value !== undefined) part[name] = value;
  }
  return part;
}

function hasDecimals(ledger: LedgerValues): boolean {
  for (const name of Object.keys(ledger)) if (typeof ledger[name] === 'string') return true;
  return false;
}

/** Returns a value of the ledger for Cedar: a decimal sum is a text here, and an extension value there. */
function cedarValue(value: LedgerValues[string] | undefined): unknown {
  return typeof value === 'string' ? { __extn: { fn: 'decimal', arg: value } } : value;
}

/** Drops nulls, which Cedar does not have, and writes a number as a decimal where the schema says decimal. */
function withoutNulls(value: unknown, type: CedarType | undefined): unknown {
  if (Array.isArray(value))
    return value.map((item) => withoutNulls(item, type?.kind === 'set' ? type.element : undefined));
  if (isObject(value)) {
    const attributes = type?.kind === 'record' ? type.attributes : undefined;
    // hot: most records have neither, and stay as they are.
    if (isPlain(value, attributes)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, item]) => item !== null)
        .map(([name, item]) => [name, withoutNulls(item, attributes?.get(name)?.type)]),
    );
  }
  if (typeof value === 'number' && type?.kind === 'extension' && type.name === 'decimal') return decimalText(value);
  return value;
}

/** Returns whether a record has texts, truth values and whole numbers alone. */
function isPlain(value: Readonly<Record<string, unknown>>, attributes: RecordType['attributes'] | undefined): boolean {
  for (const name of Object.keys(value)) {
    const item = value[name];
    if (typeof item === 'object' || (typeof item === 'number' && attributes?.get(name)?.type.kind === 'extension'))
      return false;
  }
  return true;
}

/** Returns the shortest decimal text of a number; `decimal` refuses more than four fractional digits. */
function decimalText(value: number): string {
  const text = String(value);
  return /^-?[0-9]+$/.test(text) ? `${text}.0` : text;
}
