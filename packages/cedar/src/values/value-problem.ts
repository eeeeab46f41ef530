import { CedarError } from '../errors.js';
import type { CedarType } from '../schema/types.js';
import { ValueReader } from './read-value.js';
import { Entity } from './value.js';

/**
 * Returns what is wrong with a value in Cedar's JSON format, read under a type; undefined if it fits.
 *
 * @param path of the value, for the message
 */
export function valueProblem(json: unknown, type: CedarType, path: string): CedarError | undefined {
  try {
    new ValueReader('request', ({ type: of, id }) => new Entity(of, id)).value(json, type, path);
    return undefined;
  } catch (error) {
    if (error instanceof CedarError) return error;
    throw error;
  }
}
