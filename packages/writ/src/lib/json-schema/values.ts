import { areUnique, identityOf } from './equality.js';
import type { Patterns } from './patterns.js';
import type { Work } from './work.js';

type Keywords = Readonly<Record<string, unknown>>;

/** Returns why a value does not fit the keywords that look at it alone, and at no schema within; undefined if it does. */
export function valueError(schema: Keywords, value: unknown, patterns: Patterns, work: Work): string | undefined {
  return (
    typeError(schema, value) ??
    choiceError(schema, value, work) ??
    (typeof value === 'number' ? numberError(schema, value) : undefined) ??
    (typeof value === 'string' ? textError(schema, value, patterns, work) : undefined) ??
    (Array.isArray(value) ? listError(schema, value, work) : undefined) ??
    (isRecord(value) ? recordError(schema, value, work) : undefined)
  );
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeError({ type, nullable }: Keywords, value: unknown): string | undefined {
  if (typeof type !== 'string' && !Array.isArray(type)) return undefined;
  const types = Array.isArray(type) ? type : [type];
  if ((nullable === true && value === null) || types.some((one) => isOf(one, value))) return undefined;
  return `must be ${types.join(',')}`;
}

function isOf(type: unknown, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isRecord(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function choiceError(schema: Keywords, value: unknown, work: Work): string | undefined {
  if (Object.hasOwn(schema, 'const') && identityOf(schema.const, work) !== identityOf(value, work))
    return 'must be equal to constant';
  if (!Array.isArray(schema.enum)) return undefined;
  const identity = identityOf(value, work);
  return schema.enum.some((one) => identityOf(one, work) === identity)
    ? undefined
    : 'must be equal to one of the allowed values';
}

function numberError(schema: Keywords, value: number): string | undefined {
  const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below, multipleOf } = schema;
  // Draft 4 has truth values here.
  if (typeof minimum === 'number' && (value < minimum || (above === true && value === minimum)))
    return `must be >${above === true ? '' : '='} ${minimum}`;
  if (typeof maximum === 'number' && (value > maximum || (below === true && value === maximum)))
    return `must be <${below === true ? '' : '='} ${maximum}`;
  if (typeof above === 'number' && value <= above) return `must be > ${above}`;
  if (typeof below === 'number' && value >= below) return `must be < ${below}`;
  if (typeof multipleOf === 'number' && multipleOf > 0 && !isMultiple(value, multipleOf))
    return `must be multiple of ${multipleOf}`;
  return undefined;
}

function isMultiple(value: number, of: number): boolean {
  const times = value / of;
  // 0.07 is a multiple of 0.01, and the quotient is not quite 7.
  return Math.abs(times - Math.round(times)) <= Math.abs(times) * 1e-12;
}

function textError(schema: Keywords, text: string, patterns: Patterns, work: Work): string | undefined {
  const { minLength, maxLength, pattern } = schema;
  if (typeof minLength === 'number' || typeof maxLength === 'number') {
    work.take(1 + text.length / 16);
    const length = charactersIn(text);
    if (typeof minLength === 'number' && length < minLength) return `must NOT have fewer than ${minLength} characters`;
    if (typeof maxLength === 'number' && length > maxLength) return `must NOT have more than ${maxLength} characters`;
  }
  if (typeof pattern === 'string' && !patterns.fits(pattern, text, work))
    return `must match pattern ${JSON.stringify(pattern)}`;
  return undefined;
}

function charactersIn(text: string): number {
  let characters = 0;
  for (let at = 0; at < text.length; at += 1) {
    const pair = (text.codePointAt(at) ?? 0) > 0xffff;
    if (pair) at += 1;
    characters += 1;
  }
  return characters;
}

function listError(schema: Keywords, list: readonly unknown[], work: Work): string | undefined {
  const { minItems, maxItems, uniqueItems } = schema;
  if (typeof minItems === 'number' && list.length < minItems) return `must NOT have fewer than ${minItems} items`;
  if (typeof maxItems === 'number' && list.length > maxItems) return `must NOT have more than ${maxItems} items`;
  if (uniqueItems === true && !areUnique(list, work)) return 'must NOT have duplicate items';
  return undefined;
}

function recordError(schema: Keywords, record: Record<string, unknown>, work: Work): string | undefined {
  const { minProperties, maxProperties, required, dependentRequired, dependencies } = schema;
  if (typeof minProperties === 'number' || typeof maxProperties === 'number') {
    const { length } = Object.keys(record);
    work.take(length);
    if (typeof minProperties === 'number' && length < minProperties)
      return `must NOT have fewer than ${minProperties} properties`;
    if (typeof maxProperties === 'number' && length > maxProperties)
      return `must NOT have more than ${maxProperties} properties`;
  }
  if (Array.isArray(required)) {
    work.take(required.length);
    const missing = required.find((name) => typeof name === 'string' && !Object.hasOwn(record, name));
    if (missing !== undefined) return `must have required property '${missing}'`;
  }
  for (const depending of [dependentRequired, dependencies]) {
    if (!isRecord(depending)) continue;
    for (const [name, needed] of Object.entries(depending)) {
      work.take(1);
      if (!Array.isArray(needed) || !Object.hasOwn(record, name)) continue;
      work.take(needed.length);
      const missing = needed.find((one) => typeof one === 'string' && !Object.hasOwn(record, one));
      if (missing !== undefined) return `must have property '${missing}' when property '${name}' is present`;
    }
  }
  return undefined;
}
