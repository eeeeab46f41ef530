import { messageOf } from '@writ/sdk/lib/message-of';

/** Returns a JSON value as CEL has it: whole numbers as integers, and objects as maps, so that no name is special. */
export function celValue(value: unknown): unknown {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(celValue);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key, celValue(item)]));
}

/** Returns the first line of the message of an error. */
export function firstLine(error: unknown): string {
  return messageOf(error).split('\n')[0] ?? '';
}
