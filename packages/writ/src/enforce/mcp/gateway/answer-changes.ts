import { type ChangeResult, digest } from '@writ/sdk/obligations';
import type { CallResult } from '../protocol/result.js';
import { changedAnswer } from './answer-transform.js';

/** Changes the result of a tool in this process: for a guard, which has one client. */
export const changeHere: ChangeResult = (result, obligations) =>
  changedAnswer(result as CallResult, obligations, digest);
