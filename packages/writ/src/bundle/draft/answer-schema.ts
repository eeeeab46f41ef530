import { type Answer, type ResultFormat, readAnswer } from '../../ledger/flow/result-value.js';
import type { JsonSchema } from './json-schema.js';

/** Returns the format that recorded answers are in where it has to be said, as YAML has; undefined for all others. */
export function formatOf(answers: readonly unknown[]): ResultFormat | undefined {
  const isText = (format?: ResultFormat): boolean => answers.some((answer) => hasText(readAnswer(answer, format)));
  return isText() && !isText('yaml') ? 'yaml' : undefined;
}

function hasText({ value, texts }: Answer): boolean {
  return texts.length > 0 || typeof value === 'string';
}

/** Returns a schema of recorded answers: the fields that they have, and nothing of their values. */
export function schemaOfAnswers(answers: readonly unknown[]): JsonSchema {
  const format = formatOf(answers);
  return schemaOfAll(
    answers.map((answer) => readAnswer(answer, format).value),
    0,
  );
}

const MAX_DEPTH = 10;
const MAX_ITEMS = 50;
const MAX_MEMBERS = 60;

function schemaOfAll(values: readonly unknown[], depth: number): JsonSchema {
  const some = values.slice(0, MAX_ITEMS).filter((value) => value !== null);
  const lists = some.filter(Array.isArray);
  const records = some.filter((value) => typeof value === 'object' && !Array.isArray(value)) as JsonSchema[];
  const types = new Set(some.map(typeOf));
  const schema = { ...(types.size === 0 ? {} : { type: [...types] }), ...formatOfTexts(some) };
  if (depth > MAX_DEPTH) return schema;
  return {
    ...schema,
    ...(lists.length === 0 ? {} : { items: schemaOfAll(lists.flat(), depth + 1) }),
    ...(records.length === 0 ? {} : membersOf(records, depth)),
  };
}

function membersOf(records: readonly JsonSchema[], depth: number): JsonSchema {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const valuesOf = (name: string): unknown[] =>
    records.filter((one) => Object.hasOwn(one, name)).map((one) => one[name]);
  // A key that is an address, a number or an id is data; so are many.
  const isMap = names.length > MAX_MEMBERS || names.some((name) => !/^[\p{L}_$][\p{L}\p{N} _$-]{0,60}$/u.test(name));
  if (isMap) return { additionalProperties: schemaOfAll(names.flatMap(valuesOf), depth + 1) };
  return { properties: Object.fromEntries(names.map((name) => [name, schemaOfAll(valuesOf(name), depth + 1)])) };
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'bigint' ? 'integer' : typeof value;
}

const FORMS: readonly (readonly [string, RegExp])[] = [
  ['email', /^[^\s@]+@[^\s@]+\.[^\s@]+$/],
  ['url', /^[a-z][a-z0-9+.-]{1,20}:\/\/\S+$/i],
  ['iban', /^[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}$/],
  ['phone', /^\+[0-9][0-9 ().-]{6,20}$/],
];

/** Returns the form that all texts of a field have, as a format. */
function formatOfTexts(values: readonly unknown[]): JsonSchema {
  const texts = values.filter((value) => typeof value === 'string' && value !== '') as string[];
  const form =
    texts.length === 0
      ? undefined
      : FORMS.find(([, pattern]) => texts.every((text) => pattern.test(text.slice(0, 200))));
  return form === undefined ? {} : { format: form[0] };
}
