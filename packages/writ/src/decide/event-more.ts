import { type Entity, type EntityUid, uidText, type Value, valueToJson } from '@writ/cedar';
import type { AccessRequest } from '@writ/sdk/authzen';
import type { FactReader } from '../ledger/derived/derived-expression.js';
import type { DerivedValues } from '../ledger/derived/derived-values.js';
import type { LedgerEvent } from '../ledger/event.js';
import type { EventMore } from '../ledger/event-more.js';
import { actorOf, originatorOf, type Provenance } from '../provenance/path.js';
import { withheldOf } from '../registry/live-facts.js';
import type { Registry } from '../registry/registry.js';
import { eventOf, type Traced } from './gather.js';

interface MoreParts {
  readonly request: AccessRequest;
  readonly provenance: Provenance;
  /** The kind of the task; undefined if it is under no mandate. */
  readonly kind: string | undefined;
  /** The entities of the request as policies see them; the registry has the others. */
  readonly entities: readonly Entity[];
  readonly registry: Registry;
  readonly derived: DerivedValues;
}

/**
 * Returns an action as the ledger sees it, with more of it for the expressions that name that. It is made once: an outcome counts by
 * the facts of the decision.
 */
export function eventWithMore(parts: MoreParts, traced: Traced): LedgerEvent {
  let made: EventMore | undefined;
  const more = (): EventMore => (made ??= moreOf(parts, event));
  const event: LedgerEvent = eventOf(parts.request, parts.provenance, traced, more);
  return event;
}

function moreOf(
  { request, provenance, kind = '', entities, registry, derived }: MoreParts,
  event: LedgerEvent,
): EventMore {
  const fact = factReader(registry);
  const known = new Map<string, unknown>();
  const entityOf = (uid: EntityUid): Entity | undefined =>
    entities.find(({ type, id }) => type === uid.type && id === uid.id) ??
    registry.resident(uid) ??
    registry.unknown(uid);
  const seen = {
    originator: entityOf(originatorOf(provenance)),
    actor: entityOf(actorOf(provenance)),
    resource: entityOf(request.resource),
  };
  const { scope = [], assurance, details } = provenance;
  return {
    ...{ kind, scope, assurance, details },
    properties: request.action.properties ?? {},
    facts: {
      originator: celAttributes(seen.originator),
      actor: celAttributes(seen.actor),
      resource: celAttributes(seen.resource),
    },
    withheld: new Set(Object.values(seen).flatMap((entity) => [...((entity && withheldOf(entity)) ?? [])])),
    derivedNames: derived.namesOf(request.action.name),
    derived(name) {
      if (!known.has(name)) known.set(name, derived.of(event, name, fact)?.cel);
      return known.get(name);
    },
  };
}

/** Stands for the derived values of an action whose policies read none. */
export const NOTHING_DERIVED = (): undefined => undefined;

/**
 * Returns a derived value of an action, in Cedar's JSON format; undefined if the action does not have it.
 *
 * @throws {UnknownValueError} if it cannot be computed
 */
export function derivedOf(
  { derived, registry }: Pick<MoreParts, 'derived' | 'registry'>,
  event: LedgerEvent,
  name: string,
): unknown {
  return derived.of(event, name, factReader(registry))?.cedar;
}

/** Returns the reader of facts of any entity. One that is too old is as one that is not known. */
function factReader(registry: Registry): FactReader {
  return (type, id, attribute) => {
    const value = registry.resident({ type, id })?.attributes.get(attribute);
    return value === undefined ? undefined : celFact(value);
  };
}

function celAttributes(entity: Entity | undefined): ReadonlyMap<string, unknown> {
  return new Map([...(entity?.attributes ?? [])].map(([name, value]) => [name, celFact(value)]));
}

/** Returns a fact as CEL has it: an entity is its text, a decimal a number. */
function celFact(value: Value): unknown {
  return fromJson(valueToJson(value));
}

function fromJson(json: unknown): unknown {
  if (typeof json === 'number') return Number.isSafeInteger(json) ? BigInt(json) : json;
  if (Array.isArray(json)) return json.map(fromJson);
  if (typeof json !== 'object' || json === null) return json;
  if ('__entity' in json) {
    return uidText(json.__entity as EntityUid);
  }
  if ('__extn' in json) {
    const { fn, arg } = json.__extn as { readonly fn: string; readonly arg?: string };
    return fn === 'decimal' ? Number(arg) : (arg ?? null);
  }
  return new Map(Object.entries(json).map(([name, one]) => [name, fromJson(one)]));
}
