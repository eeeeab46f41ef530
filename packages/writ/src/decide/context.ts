import type { ActionDeclaration, CedarJsonObject, CedarType, RecordType } from '@writ/cedar';
import type { LedgerValues } from '../ledger/ledger.js';
import { originatorOf, type Provenance } from '../provenance/path.js';
import type { DataFlow } from './data-flow.js';
import type { Coverage } from './mandates.js';

/** What Writ itself puts into `context`. A caller cannot give these. */
const OWN = new Set(['provenance', 'ledger', 'mandate', 'tool', 'approvals', 'now', 'origins', 'action']);

export interface ContextParts {
  /** The `context` of the request. */
  readonly given: Readonly<Record<string, unknown>>;
  /** The `action.properties` of the request. */
  readonly action: Readonly<Record<string, unknown>> | undefined;
  readonly provenance: Provenance;
  /** Whose work it is in the end. */
  readonly lineage: () => string;
  readonly ledger: LedgerValues;
  readonly flow: Pick<DataFlow, 'tool' | 'byArgument' | 'byRole' | 'authority' | 'asked'>;
  readonly mandate: Coverage | undefined;
  readonly now: Date;
}

/**
 * The `context` that policies see (design section 4), in Cedar's JSON format. Of what Writ provides, the part that the
 * schema declares for the action; of what the caller sent, `input` whole (so that an argument no policy can see is
 * refused, not ignored) and what else the schema declares.
 */
export function buildContext(action: ActionDeclaration, parts: ContextParts): CedarJsonObject {
  const given = withoutOpaque(parts);
  const declared = action.context.attributes;
  const context: Record<string, unknown> = {};
  for (const [name, { type }] of declared) {
    if (OWN.has(name)) {
      const value = ownValue(name, parts);
      if (value !== undefined) context[name] = project(value, type);
    } else if (Object.hasOwn(given, name)) {
      context[name] = withoutNulls(given[name], type);
    }
  }
  const input = given.input;
  if (!declared.has('input') && isRecord(input) && Object.keys(input).length > 0) context.input = input;
  // Whether it really is Cedar JSON of the declared types is checked when it is read.
  return context as CedarJsonObject;
}

/** Arguments that a tool's description keeps from policies. */
function withoutOpaque({ given, flow: { tool } }: ContextParts): ContextParts['given'] {
  if (tool.opaque.length === 0 || !isRecord(given.input)) return given;
  const input = Object.fromEntries(Object.entries(given.input).filter(([name]) => !tool.opaque.includes(name)));
  return { ...given, input };
}

/** A value that Writ provides; undefined for one that it does not have yet. */
function ownValue(name: string, { action, provenance, lineage, ledger, flow, mandate, now }: ContextParts): unknown {
  switch (name) {
    case 'action':
      return action === undefined ? {} : withoutNulls(action, undefined);
    case 'provenance':
      return {
        assurance: provenance.assurance,
        originator: { __entity: originatorOf(provenance) },
        actors: provenance.path.slice(1).map((uid) => ({ __entity: uid })),
        lineage: lineage(),
        depth: provenance.path.length - 1,
        purpose: (provenance.scope ?? []).join(' '),
        ...(provenance.promptHash === undefined ? {} : { promptHash: provenance.promptHash }),
      };
    case 'mandate':
      return (
        mandate && {
          kind: mandate.kind,
          covers: mandate.covers,
          why: mandate.why ?? '',
          namesResource: mandate.namesResource,
          namedInput: mandate.namedInput,
        }
      );
    case 'ledger':
      return Object.fromEntries(Object.entries(ledger).map(([name, value]) => [name, cedarValue(value)]));
    case 'tool':
      return { effects: [...flow.tool.effects], authority: flow.authority, asked: flow.asked, ...flow.byRole };
    case 'origins':
      return flow.byArgument;
    case 'now':
      return { __extn: { fn: 'datetime', arg: now.toISOString() } };
    default:
      return undefined;
  }
}

/** The declared part of a value that Writ provides. */
function project(value: unknown, type: CedarType): unknown {
  if (type.kind !== 'record' || !isRecord(value)) return value;
  const { attributes } = type as RecordType;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => {
      const declared = attributes.get(name);
      return declared === undefined ? [] : [[name, project(item, declared.type)]];
    }),
  );
}

/** A decimal sum is a text here, and an extension value in Cedar. */
function cedarValue(value: LedgerValues[string]): unknown {
  return typeof value === 'string' ? { __extn: { fn: 'decimal', arg: value } } : value;
}

/** JSON's null is Cedar's absence. A whole number is a decimal where the schema says decimal. */
function withoutNulls(value: unknown, type: CedarType | undefined): unknown {
  if (Array.isArray(value))
    return value.map((item) => withoutNulls(item, type?.kind === 'set' ? type.element : undefined));
  if (isRecord(value)) {
    const attributes = type?.kind === 'record' ? type.attributes : undefined;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, item]) => item !== null)
        .map(([name, item]) => [name, withoutNulls(item, attributes?.get(name)?.type)]),
    );
  }
  if (typeof value === 'number' && type?.kind === 'extension' && type.name === 'decimal') return decimalText(value);
  return value;
}

/** The shortest decimal text of a number; `decimal` refuses one with more than four fractional digits. */
function decimalText(value: number): string {
  const text = String(value);
  return /^-?[0-9]+$/.test(text) ? `${text}.0` : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
