import { isObject } from '@writ/sdk/lib/is-object';
import { ToolDescriptionError } from '../errors.js';
import { clauseOf } from './readers.js';

/** The readers of a part of a result, as `tools.yaml` says them. */
export interface ReaderRule {
  /** Addresses and `@domain`s. */
  readonly fixed: readonly string[];
  readonly groups: readonly string[];
  /** The members of the record that have readers, each as a path. */
  readonly fields: readonly (readonly string[])[];
}

const FIELD = /^record((?:\.[A-Za-z_][A-Za-z0-9_-]*)+)$/;
/** A group of readers is a word. */
const GROUP = /^[a-z][a-z0-9_-]*$/;
/** Members of a person in which an address is. */
const ADDRESSES = ['email', 'emailAddress', 'email_address', 'address', 'mail', 'id', 'login', 'username'];
const MAX_FOUND = 1_000;

/** Returns the members that a field is found by; undefined if it is not written as `record.sender`. */
export function fieldIn(said: string): readonly string[] | undefined {
  return FIELD.exec(said)?.[1]?.slice(1).split('.');
}

/** @param at the way to the readers, in the description of the tool. @throws {ToolDescriptionError} */
export function readerRuleOf(where: string, said: readonly string[], at: readonly PropertyKey[] = []): ReaderRule {
  const rule = { fixed: [] as string[], groups: [] as string[], fields: [] as (readonly string[])[] };
  for (const [i, one] of said.entries()) {
    const field = fieldIn(one);
    if (field !== undefined) rule.fields.push(field);
    else if (one.includes('@')) rule.fixed.push(one);
    else if (GROUP.test(one)) rule.groups.push(one);
    else
      throw new ToolDescriptionError(
        `${where}: ${one} is no reader`,
        'a reader is an address, a domain as @shop.example, a group, or a field as record.sender',
        { path: [...at, i] },
      );
  }
  return rule;
}

/** Returns the clause of readers that a rule gives for a record. A record without the fields is for its owner alone. */
export function clauseFor({ fixed, groups, fields }: ReaderRule, record: unknown): string {
  const found: string[] = [...fixed];
  for (const field of fields) addReaders(found, memberOf(record, field));
  return clauseOf(found, groups);
}

function memberOf(record: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return record;
  return isObject(record) && Object.hasOwn(record, name) ? memberOf(record[name], rest) : undefined;
}

/** Adds the readers that a field says: a text, a list of texts or of people, or a record by address. */
function addReaders(found: string[], value: unknown): void {
  if (found.length >= MAX_FOUND) return;
  if (typeof value === 'string') found.push(plainAddress(value));
  else if (Array.isArray(value)) for (const one of value.slice(0, MAX_FOUND)) addReaders(found, one);
  else if (isObject(value)) {
    const own = ADDRESSES.find((name) => typeof value[name] === 'string');
    if (own !== undefined) found.push(plainAddress(value[own] as string));
    else found.push(...Object.keys(value).filter((name) => name.includes('@')));
  }
}

/** Returns the address of a mailbox with the name of its owner: the name says nothing. A whole domain is nobody's mailbox. */
function plainAddress(text: string): string {
  const plain = /<([^<>]*)>\s*$/.exec(text)?.[1] ?? text;
  return plain.trim().replace(/^@+/, '');
}
