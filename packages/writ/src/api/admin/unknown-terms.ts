import { parseUid, uidText } from '@writ/cedar';
import { z } from 'zod';
import type { DecisionQuery } from '../../audit/search/terms.js';
import { identityNames, type KnownParts, nearest } from './known-targets.js';

/** A term of a query for decisions that no decision on the record has. */
export const unknownTermShape = z.object({
  term: z.string(),
  value: z.string(),
  /** Names that are near it. */
  near: z.array(z.string()).readonly(),
});
type UnknownTerm = z.output<typeof unknownTermShape>;

/** The terms whose values are names that a person types. */
const TERMS = [
  ...(['identity', 'originator', 'policy', 'tool', 'action', 'resource', 'task', 'session'] as const),
  ...(['enforcementPoint', 'policyVersion'] as const),
] as const;
type Term = (typeof TERMS)[number];

/**
 * Returns the terms of a query that found nothing which no decision has, with the names that are near. A term that cannot be looked up
 * in one search is left out: it may be known.
 */
export async function unknownTerms(parts: KnownParts, query: DecisionQuery): Promise<UnknownTerm[]> {
  const unknown: UnknownTerm[] = [];
  for (const term of TERMS) {
    const value = query[term];
    if (value === undefined) continue;
    const { decisions, next } = await parts.search.find({ [term]: value }, 1);
    if (decisions.length === 0 && next === undefined)
      unknown.push({ term, value, near: await nearOf(parts, term, value) });
  }
  return unknown;
}

async function nearOf(parts: KnownParts, term: Term, value: string): Promise<readonly string[]> {
  switch (term) {
    case 'identity':
    case 'originator':
      return nearIdentities(parts, value);
    case 'policy':
      return nearest(value, [...parts.decider().plane.policies.policies.keys()]);
    case 'tool':
      return nearTools(parts, value);
    case 'action':
      return nearest(value, [...parts.decider().plane.actions.keys()]);
    case 'enforcementPoint':
      return nearest(
        value,
        parts.credentials.holders().map(({ holder }) => holder.name),
      );
    default:
      return [];
  }
}

/** A person may type the id of an identity alone. */
async function nearIdentities(parts: KnownParts, value: string): Promise<readonly string[]> {
  const names = await identityNames(parts);
  const { type, id } = parseUid(value) ?? { type: undefined, id: value };
  const sameId = names.filter((one) => one.id === id).map(uidText);
  const near = nearest(
    id,
    names.map((one) => one.id),
  );
  const others = names.filter((one) => near.includes(one.id) && (type === undefined || one.type === type)).map(uidText);
  return [...new Set([...sameId, ...others])].filter((one) => one !== value).slice(0, MAX_NEAR);
}

const MAX_NEAR = 3;

/** A person may type the name of a tool without its server. */
function nearTools({ toolPins, servers }: KnownParts, value: string): readonly string[] {
  const pinned = toolPins.list();
  const whole = pinned.map(({ server, tool }) => `${server}/${tool}`);
  const sameName = pinned.filter(({ tool }) => tool === value).map(({ server, tool }) => `${server}/${tool}`);
  return [...new Set([...sameName, ...nearest(value, [...servers(), ...whole])])].slice(0, MAX_NEAR);
}
