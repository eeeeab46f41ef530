import { type EntityUid, parseUid, sameUid, uidText } from '@writ/cedar';
import {
  type Cap,
  type Constraint,
  DETAILS_TYPE,
  type GrantTerms,
  type TokenGrant,
} from '../lib/authorization-details.js';
import { isBetween, isWithin, own } from './within.js';

/** A grant of a mandate. */
export interface Grant extends Omit<GrantTerms, 'uses' | 'limits'> {
  /** Its own caps, and those of everything that it was narrowed from. */
  readonly caps: readonly Cap[];
}

/** The most that a task may do (docs/concepts.md, "Mandate"), whatever its identities may ever do. */
export interface Mandate {
  /** The kind of task; empty if the bundle has no kinds. */
  readonly kind: string;
  /** `any`: whatever its identities may do. */
  readonly grants: 'any' | readonly Grant[];
}

/** An action, as a mandate looks at it. */
export interface MandatedAction {
  readonly name: string;
  /** The effects of its tool; undefined if the tool is not described. */
  readonly effects: readonly string[] | undefined;
  readonly resource: EntityUid;
  readonly input: unknown;
  readonly now: Date;
}

/** Makes the mandate of a new task. `id` names the task, and its caps. */
export function mandateOf(kind: string, terms: 'any' | readonly GrantTerms[], id: string): Mandate {
  if (terms === 'any') return { kind, grants: 'any' };
  return { kind, grants: terms.map((one, i) => grantOf(one, [], `${id}#${i}`)) };
}

function grantOf({ uses, limits, ...terms }: GrantTerms, inherited: readonly Cap[], id: string): Grant {
  const own: Cap[] = uses === undefined && limits === undefined ? [] : [{ id, uses, limits }];
  return { ...terms, caps: [...inherited, ...own] };
}

/**
 * Makes a narrower mandate. Each grant must be within one of the parent, and inherits the caps of the first such one, so that many
 * children of one parent do not have more than it.
 *
 * @param id names its own caps, and nothing else
 * @returns the mandate, or the first grant that is within no grant of the parent
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

/** A part of a grant of a mandate. */
export interface GrantPart {
  /** The grant that it is a part of, by its index. */
  readonly of: number;
  readonly terms: Omit<GrantTerms, 'uses' | 'limits'>;
}

/**
 * Makes a narrower mandate of parts of the grants of another. Each part inherits the caps of its grant, so that the parts together may
 * do no more than it.
 *
 * @returns undefined if a part is wider than its grant
 */
export function madeOfParts(parent: Mandate, parts: readonly GrantPart[]): Mandate | undefined {
  if (parent.grants === 'any') return undefined;
  const grants: Grant[] = [];
  for (const { of, terms } of parts) {
    const whole = parent.grants[of];
    if (whole === undefined || !isWithin(terms, whole)) return undefined;
    grants.push({ ...terms, caps: whole.caps });
  }
  return { kind: parent.kind, grants };
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
  if (value === undefined || value === null) return constraint.optional === true;
  if (Array.isArray(value))
    return value.every((item) => !Array.isArray(item) && item !== null && satisfies(item, constraint));
  if (constraint.one_of !== undefined && !constraint.one_of.includes(value as string)) return false;
  return isBetween(value, constraint);
}

/** Returns the amounts that an action would use up of the limits of a grant; or the argument that is not an amount. */
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

/** Returns a mandate as a token has it; undefined if it restricts nothing. */
export function detailsOf({ grants }: Mandate): TokenGrant[] | undefined {
  if (grants === 'any') return undefined;
  return grants.map(({ caps, ...terms }) => ({
    type: DETAILS_TYPE,
    ...terms,
    ...(caps.length === 0 ? {} : { caps: [...caps] }),
  })) as TokenGrant[];
}

/** Returns the mandate of a token. */
export function mandateIn(kind: string, details: readonly TokenGrant[] | undefined): Mandate {
  if (details === undefined) return { kind, grants: 'any' };
  return { kind, grants: details.map(({ type: _type, caps, ...terms }) => ({ ...terms, caps: caps ?? [] })) };
}
