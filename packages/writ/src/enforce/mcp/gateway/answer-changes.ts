import { createHash } from 'node:crypto';
import type { Obligation } from '../../../decide/decision.js';
import { changedAnswer } from './answer-transform.js';

/** Carries out the obligations of a permit on a result. The hashes of its changes have no key. */
export type ChangeAnswer = (
  result: Parameters<typeof changedAnswer>[0],
  obligations: readonly Obligation[],
) => ReturnType<typeof changedAnswer>;

/** Changes a result in this process: for a guard, which has one client. */
export const changeHere: ChangeAnswer = (result, obligations) => changedAnswer(result, obligations, digest);

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
