import { type EntityUid, parseUid, sameUid, uidText } from '@writ/cedar';
import {
  type Cap,
  type Constraint,
  DETAILS_TYPE,
  type GrantTerms,
  type TokenGrant,
} from '../lib/authorization-details.js';

/** One thing that a task may do. */
export interface Grant extends Omit<GrantTerms, 'uses' | 'limits'> {
  /** Its own, and those of everything that it was narrowed from. */
  readonly caps: readonly Cap[];
}

/** The most that a task may do (docs/concepts.md, "Mandate"), whatever its identities may ever do. */
export interface Mandate {
  /** The kind of task; empty when the bundle has no kinds. */
  readonly kind: string;
  /** `any`: whatever its identities may do. */
  readonly grants: 'any' | readonly Grant[];
}

/** An action, as a mandate looks at it. */
export interface MandatedAction {
  readonly name: string;
  /** Of its tool; undefined when nobody described it. */
  readonly effects: readonly string[] | undefined;
  readonly resource: EntityUid;
  readonly input: unknown;
  readonly now: Date;
}

/** The mandate of somebody who asks for these things at the beginning of a task. `id` names the task: its quantities count there. */
export function mandateOf(kind: string, terms: 'any' | readonly GrantTerms[], id: string): Mandate {
  if (terms === 'any') return { kind, grants: 'any' };
  return { kind, grants: terms.map((one, i) => grantOf(one, [], `${id}#${i}`)) };
}

function grantOf({ uses, limits, ...terms }: GrantTerms, inherited: readonly Cap[], id: string): Grant {
  const own: Cap[] = uses === undefined && limits === undefined ? [] : [{ id, uses, limits }];
  return { ...terms, caps: [...inherited, ...own] };
}

/**
 * A narrower mandate. Each element must be within one of the mandate that it comes from; it takes over the quantities of the first
 * such one, so that many children of one parent do not have more than it.
 *
 * @param id where quantities of its own count: of nothing else
 * @returns the mandate, or the first element that is within none
 */
export function narrowed(
  parent: Mandate,
  asked: readonly GrantTerms[],
  id: string,
): { readonly mandate: Mandate } | { readonly wider: GrantTerms } {
  const grants: Grant[] = [];
  for (const [i, terms] of asked.entries()) {
    const inherited = parent.grants === 'any' ? [] : parent.grants.find((one) => isWithin(terms, one))?.caps;
    if (inherited === undefined) return { wider: terms };
    grants.push(grantOf(terms, inherited, `${id}#${i}`));
  }
  return { mandate: { kind: parent.kind, grants } };
}

/** Whether everything that the one covers is covered by the other. Read off the terms; when in doubt it is not. */
export function isWithin(child: GrantTerms, parent: Omit<Grant, 'caps'>): boolean {
  return (
    isSubset(child.actions, parent.actions) &&
    isSubset(child.effects, parent.effects) &&
    (parent.resources === undefined ||
      child.resources?.every((one) => parent.resources?.some((other) => isResourceWithin(one, other))) === true) &&
    Object.entries(parent.input ?? {}).every(([name, constraint]) =>
      isNarrower(own(child.input, name), constraint as Constraint),
    ) &&
    (parent.until === undefined || (child.until !== undefined && child.until <= parent.until))
  );
}

function isSubset(child: readonly string[] | undefined, parent: readonly string[] | undefined): boolean {
  return parent === undefined || child?.every((one) => parent.includes(one)) === true;
}

function isResourceWithin(child: string, parent: string): boolean {
  if (child === parent) return true;
  return parseUid(parent) === undefined && parseUid(child)?.type === parent;
}

function isNarrower(child: Constraint | undefined, parent: Constraint): boolean {
  if (child === undefined) return false;
  const { one_of: values } = child;
  if (parent.one_of !== undefined && values?.every((value) => parent.one_of?.includes(value)) !== true) return false;
  const areValuesWithin = values?.every((value) => isBetween(value, parent)) === true;
  const isFloorKept = parent.min === undefined || (child.min !== undefined && child.min >= parent.min);
  const isCeilingKept = parent.max === undefined || (child.max !== undefined && child.max <= parent.max);
  return areValuesWithin || (isFloorKept && isCeilingKept);
}

/** The reason why a grant does not cover an action: it is for something else, or it is for this and cannot be used now. */
export interface Misfit {
  readonly kind: 'for-another' | 'unusable';
  readonly why: string;
}

/** Returns why a grant does not cover an action, its quantities aside; undefined if it covers it. */
export function misfit(grant: Grant, action: MandatedAction): Misfit | undefined {
  const { actions, effects, resources, input, until } = grant;
  if (actions !== undefined && !actions.includes(action.name)) return forAnother(action.name);
  if (effects !== undefined) {
    const beyond = action.effects?.find((effect) => !effects.includes(effect));
    if (action.effects === undefined || action.effects.length === 0)
      return { kind: 'unusable', why: `the effects of ${action.name} are not known` };
    if (beyond !== undefined) return forAnother(`the effect ${beyond}`);
  }
  if (resources?.some((one) => isOf(action.resource, one)) === false) return forAnother(uidText(action.resource));
  if (until !== undefined && action.now.getTime() >= until * 1_000)
    return { kind: 'unusable', why: 'its time is over' };
  for (const [name, constraint] of Object.entries(input ?? {})) {
    if (!satisfies(argument(action.input, name), constraint)) return forAnother(`this ${name}`);
  }
  return undefined;
}

function forAnother(what: string): Misfit {
  return { kind: 'for-another', why: `it is not for ${what}` };
}

function isOf(resource: EntityUid, pattern: string): boolean {
  const uid = parseUid(pattern);
  return uid === undefined ? resource.type === pattern : sameUid(uid, resource);
}

function satisfies(value: unknown, constraint: Constraint): boolean {
  if (Array.isArray(value)) return value.every((item) => !Array.isArray(item) && satisfies(item, constraint));
  if (constraint.one_of !== undefined && !constraint.one_of.includes(value as string)) return false;
  return isBetween(value, constraint);
}

function isBetween(value: unknown, { min, max }: Constraint): boolean {
  if (min === undefined && max === undefined) return value !== undefined && value !== null;
  return typeof value === 'number' && Number.isFinite(value) && value >= (min ?? value) && value <= (max ?? value);
}

/** The amounts that an action would use up of the limits of a grant; or the argument that is no amount. */
export function amountsOf(
  grant: Grant,
  input: unknown,
): { readonly amounts: Readonly<Record<string, number>> } | { readonly wrong: string } {
  const amounts: Record<string, number> = {};
  for (const { limits } of grant.caps) {
    for (const name of Object.keys(limits ?? {})) {
      const amount = argument(input, name);
      if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount < 0) return { wrong: name };
      amounts[name] = amount;
    }
  }
  return { amounts };
}

function argument(input: unknown, name: string): unknown {
  return typeof input === 'object' && input !== null ? own(input as Record<string, unknown>, name) : undefined;
}

function own<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** As a token says it: nothing, when it restricts nothing. */
export function detailsOf({ grants }: Mandate): TokenGrant[] | undefined {
  if (grants === 'any') return undefined;
  return grants.map(({ caps, ...terms }) => ({
    type: DETAILS_TYPE,
    ...terms,
    ...(caps.length === 0 ? {} : { caps: [...caps] }),
  })) as TokenGrant[];
}

/** What a token says. */
export function mandateIn(kind: string, details: readonly TokenGrant[] | undefined): Mandate {
  if (details === undefined) return { kind, grants: 'any' };
  return { kind, grants: details.map(({ type: _type, caps, ...terms }) => ({ ...terms, caps: caps ?? [] })) };
}
