import type { ValueRule, ValueType } from '../definition/service.js';
import { isObject, type JsonObject, type Located, type Reading } from './reading.js';

const TYPES: ReadonlySet<unknown> = new Set(['string', 'integer', 'number', 'boolean']);
const ADDRESSES: ReadonlySet<unknown> = new Set(['uri', 'uri-reference', 'iri', 'iri-reference', 'url']);
const MAX_DEPTH = 8;

/** The values that a schema admits, as far as a parameter needs them. */
export type ParameterShape =
  | { readonly kind: 'value'; readonly rule: ValueRule }
  | { readonly kind: 'list'; readonly items: ValueRule }
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, ValueRule & { readonly isRequired: boolean }> };

/** Reads the schema of a parameter; undefined, with a problem, if it is not a value, a list of values or an object of values. */
export function shapeOf(reading: Reading, schema: Located, depth = 0): ParameterShape | undefined {
  const found = reading.object(schema, 'the schema');
  if (found === undefined) return undefined;
  const { value, at } = found;
  if (depth > MAX_DEPTH) return reading.problem(at, 'the schema is nested too deep', 'write the type of the value');
  const choices = ['anyOf', 'oneOf', 'allOf'].find((key) => Array.isArray(value[key]));
  if (choices !== undefined) return composed(reading, value, [...at, choices], depth);
  const type = typeIn(value);
  if (type === 'array') {
    const items = shapeOf(reading, { value: value.items ?? {}, at: [...at, 'items'] }, depth + 1);
    if (items === undefined || items.kind === 'value') return items && { kind: 'list', items: items.rule };
    return reading.problem(at, 'a list in a parameter has values, and no lists or objects', 'put it into the body');
  }
  if (type === 'object') return objectOf(reading, value, at, depth);
  if (!TYPES.has(type))
    return reading.problem(
      at,
      'the type of this parameter is not one of string, integer, number, boolean, array, object',
      'write one type',
    );
  return {
    kind: 'value',
    rule: { type: type as ValueType, choices: choicesIn(value), isAddress: ADDRESSES.has(value.format) },
  };
}

/** Returns the one type of a schema. One that says nothing admits any text. */
function typeIn({ type, enum: values }: JsonObject): unknown {
  const types = (Array.isArray(type) ? type : [type]).filter((one) => one !== 'null');
  if (types.length !== 1) return undefined;
  const [only] = types as unknown[];
  if (only !== undefined) return only;
  return values === undefined || (Array.isArray(values) && values.every((one) => typeof one === 'string'))
    ? 'string'
    : undefined;
}

function choicesIn({ enum: values }: JsonObject): ReadonlySet<string> | undefined {
  return Array.isArray(values) ? new Set(values.filter((one) => one !== null).map(String)) : undefined;
}

/** Choices of schemas admit what each of them is alone, if that is of one type. */
function composed(reading: Reading, schema: JsonObject, at: Located['at'], depth: number): ParameterShape | undefined {
  const parts = (schema[at[at.length - 1] as string] as unknown[]).slice(0, 20);
  const others = parts
    .map((value, i) => ({ value, at: [...at, i] }))
    .filter(({ value }) => !isObject(value) || value.type !== 'null');
  const shapes = others.map((one) => shapeOf(reading, one, depth + 1));
  const [first] = shapes;
  if (first === undefined || shapes.includes(undefined)) return undefined;
  if (shapes.length === 1) return first;
  const isAlike = shapes.every(
    (one) => one?.kind === 'value' && first.kind === 'value' && one.rule.type === first.rule.type,
  );
  if (!isAlike || first.kind !== 'value')
    return reading.problem(at, 'the choices for this parameter have different types', 'write one type');
  return {
    kind: 'value',
    rule: {
      ...first.rule,
      choices: undefined,
      isAddress: shapes.every((one) => one?.kind === 'value' && one.rule.isAddress),
    },
  };
}

function objectOf(reading: Reading, schema: JsonObject, at: Located['at'], depth: number): ParameterShape | undefined {
  const { properties, additionalProperties, required } = schema;
  if (!isObject(properties) || (additionalProperties !== undefined && additionalProperties !== false))
    return reading.problem(
      at,
      'an object in a parameter names all its members',
      'list them under properties, without additionalProperties',
    );
  const members = new Map<string, ValueRule & { isRequired: boolean }>();
  for (const [name, value] of Object.entries(properties)) {
    const shape = shapeOf(reading, { value, at: [...at, 'properties', name] }, depth + 1);
    if (shape === undefined) return undefined;
    if (shape.kind !== 'value')
      return reading.problem(
        [...at, 'properties', name],
        'a member of an object in a parameter is a value',
        'put it into the body',
      );
    members.set(name, { ...shape.rule, isRequired: Array.isArray(required) && required.includes(name) });
  }
  return { kind: 'object', members };
}
