import { type ActionDeclaration, sameUid, uidText } from '@writ/cedar';
import type { Verdict } from '@writ/sdk/authzen';
import type { Tools } from '../../ledger/flow/tool-description.js';
import { partsOf, partsRefused } from '../parts.js';
import type { DecisionRecord } from '../record.js';
import { holdsMasked } from './masked.js';

type RecordedParts = NonNullable<DecisionRecord['parts']>;

/**
 * Returns the tables that a bundle decides on for a recorded request, with their facts; a refusal if they are not known, and a text if the
 * record does not have their facts. The statement says which they are, and the record where that is masked.
 */
export function recordedParts(
  { request, parts = [], refusal }: DecisionRecord,
  tools: Tools,
  declared: ActionDeclaration,
): RecordedParts | Verdict | string {
  const { name } = request.action;
  if (tools.of(name).programs.every(({ tables }) => tables === undefined)) return [];
  const { input } = request.context ?? {};
  if (isMasked(input)) {
    if (refusal?.code === 'program_not_understood') return { result: 'deny', reasons: [], refusal };
    return parts.length > 0 ? parts : 'the statement was masked, and no table is on the record';
  }
  const call = tools.ofCall(name, input);
  const named = partsOf(call);
  const refused = partsRefused(call, named, declared);
  if (refused !== undefined) return refused;
  const found: RecordedParts[number][] = [];
  for (const { uid, access } of named) {
    const part = parts.find((one) => one.access === access && sameUid(one.fact.uid, uid));
    if (part === undefined) return `the facts of ${uidText(uid)} are not on the record`;
    found.push(part);
  }
  return found;
}

/** Returns whether arguments, or a part of a text in them, were masked. */
function isMasked(input: unknown): boolean {
  return holdsMasked({ input }) || (JSON.stringify(input) ?? '').includes('[masked ');
}
