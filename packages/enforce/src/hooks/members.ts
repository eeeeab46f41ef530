import { isObject } from '@writ/sdk/lib/is-object';
import { MappingError } from '../errors.js';

type Json = Readonly<Record<string, unknown>>;

const MAX_ID = 256;

/** Returns a member that is a text. @throws {MappingError} if it is not */
export function textIn(of: Json, ...names: readonly string[]): string {
  const text = optionalText(of, ...names);
  if (text === undefined) throw new MappingError(`${names.join(' or ')} is missing`);
  return text;
}

/** Returns the one of several members that is there. @throws {MappingError} if it is no text, or if two of them differ */
export function optionalText(of: Json, ...names: readonly string[]): string | undefined {
  const there = names.filter((name) => Object.hasOwn(of, name) && of[name] !== undefined && of[name] !== null);
  const [first] = there;
  if (first === undefined) return undefined;
  const value = of[first];
  if (typeof value !== 'string') throw new MappingError(`${first} is no text`);
  const other = there.find((name) => of[name] !== value);
  if (other !== undefined) throw new MappingError(`${first} and ${other} differ`);
  return value;
}

/** Returns an id: a text that is not empty, not long, and printable. @throws {MappingError} if it is not one */
export function idIn(of: Json, ...names: readonly string[]): string {
  const id = textIn(of, ...names);
  if (id.length === 0 || id.length > MAX_ID || /\p{C}/u.test(id))
    throw new MappingError(`${names.join(' or ')} is no id of 1 to ${MAX_ID} printable characters`);
  return id;
}

/** Returns an id, or undefined if it is not there. @throws {MappingError} if it is not one */
export function optionalId(of: Json, name: string): string | undefined {
  return of[name] === undefined || of[name] === null ? undefined : idIn(of, name);
}

/** Returns a member that is an object. @throws {MappingError} if it is not */
export function objectIn(of: Json, name: string): Json {
  const value = Object.hasOwn(of, name) ? of[name] : undefined;
  if (!isObject(value)) throw new MappingError(`${name} is no object`);
  return value;
}
