import type { Obligation } from '@writ/sdk/authzen';
import * as sdk from '@writ/sdk/obligations';
import { spansOf } from '../detect/finders.js';

/** Carries out an obligation on a value, with the finders of all classes of data. @throws {ObligationError} if it cannot be */
export function applyObligation(value: unknown, obligation: Obligation): Promise<unknown> {
  return sdk.applyObligation(value, obligation, spansOf);
}

/** Carries out obligations on a result that is one value. @throws {ObligationError} if one cannot be carried out */
export const changeValue: sdk.ChangeResult = (result, obligations) => sdk.changeValue(result, obligations, spansOf);

/** Carries out the obligations on the input of an operation. @throws {ObligationError} if one cannot be carried out */
export function changeInput(
  input: unknown,
  obligations: readonly Obligation[],
  hash: (text: string) => string,
): Promise<sdk.Changed> {
  return sdk.changeInput(input, obligations, { hash, find: spansOf });
}
