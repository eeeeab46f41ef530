import { quoted } from '../definition/problems.js';
import type { BodyKind, BodyRule, Method } from '../definition/service.js';
import { entriesOf, type JsonObject, type Located, type Reading } from './reading.js';

/** The settings of a service for all bodies. */
export interface BodyDefaults {
  readonly body: 'json' | 'opaque' | 'none';
  readonly maxBytes: number;
}

const MAX_TYPES = 50;
const ANY: ReadonlySet<string> = new Set(['*/*', 'application/*']);
const TYPE = /^(?:\*|[a-z0-9!#$&^_.+-]+)\/(?:\*|[a-z0-9!#$&^_.+-]+)$/;
/** Methods whose bodies servers read, ignore or refuse. */
const WITHOUT_BODY: ReadonlySet<Method> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

/** Returns whether a media type is JSON. */
function isJsonType(type: string): boolean {
  return type === 'application/json' || /^application\/[a-z0-9.-]+\+json$/.test(type);
}

/** Reads the bodies of an operation. */
export function bodyOf(
  reading: Reading,
  method: Method,
  operation: JsonObject,
  at: Located['at'],
  { body, maxBytes }: BodyDefaults,
  notes: string[],
): BodyRule {
  const none: BodyRule = { kinds: new Map(), isRequired: false, maxBytes, schema: undefined };
  const own = operation['x-writ-body'];
  if (own !== undefined && own !== 'json' && own !== 'opaque') {
    reading.problem([...at, 'x-writ-body'], `x-writ-body is ${quoted(own)}`, 'write json or opaque');
    return none;
  }
  if (operation.requestBody === undefined) return none;
  const found = reading.object({ value: operation.requestBody, at: [...at, 'requestBody'] }, 'the request body');
  if (found === undefined) return none;
  const isRequired = found.value.required === true;
  if (WITHOUT_BODY.has(method)) {
    if (isRequired)
      reading.problem(
        found.at,
        `a body of ${method} has no meaning that servers agree on`,
        'use POST, PUT or PATCH, or parameters',
      );
    return none;
  }
  const rule = own ?? body;
  if (rule === 'none') {
    if (isRequired)
      reading.problem(
        found.at,
        'the operation needs a body, and the service has body: none',
        'write body: json or body: opaque',
      );
    return none;
  }
  const kinds = new Map<string, BodyKind>();
  const left: string[] = [];
  let schema: unknown;
  const types = entriesOf(found.value.content, [...found.at, 'content']).slice(0, MAX_TYPES);
  for (const { key, value } of types) {
    const type = key.split(';', 1)[0]?.trim().toLowerCase() as string;
    if (!TYPE.test(type))
      reading.problem(
        [...found.at, 'content', key],
        `${quoted(key)} is not a media type`,
        'write it as application/json',
      );
    else if (rule === 'opaque') kinds.set(type, 'opaque');
    else if (isJsonType(type) || ANY.has(type)) {
      // Of any type, JSON is the one that can be read.
      kinds.set(ANY.has(type) ? 'application/json' : type, 'json');
      schema ??= (value as JsonObject | null)?.schema;
    } else left.push(type);
  }
  if (kinds.size === 0 && (isRequired || left.length === 0))
    reading.problem(
      found.at,
      left.length === 0 ? 'the request body has no media type' : `the media type ${left[0]} cannot be read`,
      'declare application/json, or write x-writ-body: opaque at the operation: policies then see its size and media type alone',
    );
  else for (const type of left) notes.push(`bodies of ${type} are refused`);
  return { kinds, isRequired, maxBytes, schema };
}
