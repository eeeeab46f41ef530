import { quoted } from '../definition/problems.js';
import type { Parameter } from '../definition/service.js';
import { canBeDeclared } from '../request/header-names.js';
import { isObject, type JsonObject, type Located, type Reading } from './reading.js';
import { type ParameterShape, shapeOf } from './value-rule.js';

/** The parameters of an operation, by where they stand. Headers are in lower case. */
interface DeclaredParameters {
  readonly path: Map<string, Parameter>;
  readonly query: Map<string, Parameter>;
  readonly headers: Map<string, Parameter>;
}

const MAX_PARAMETERS = 200;
/** OpenAPI leaves these to other parts of the document. */
const NOT_PARAMETERS: ReadonlySet<string> = new Set(['accept', 'content-type', 'authorization']);
const NAMES = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}&=#;+%\\?]{1,200}$/u;

/**
 * Reads the parameters of an operation: those of its path, replaced by its own of the same name and place.
 *
 * @param notes receives what is left out
 */
export function parametersOf(reading: Reading, lists: readonly Located[], notes: string[]): DeclaredParameters {
  const found = new Map<string, { readonly value: JsonObject; readonly at: Located['at'] }>();
  for (const { value, at } of lists) {
    if (value === undefined) continue;
    if (!Array.isArray(value) || value.length > MAX_PARAMETERS) {
      reading.problem(at, `parameters is not a list of at most ${MAX_PARAMETERS}`, 'write a list');
      continue;
    }
    const own = new Set<string>();
    for (const [i, one] of (value as unknown[]).entries()) {
      const parameter = reading.object({ value: one, at: [...at, i] }, 'a parameter');
      if (parameter === undefined) continue;
      const { name, in: place } = parameter.value;
      const key = JSON.stringify([place, place === 'header' ? String(name).toLowerCase() : name]);
      if (own.has(key)) reading.problem(parameter.at, `the parameter ${quoted(name)} is declared twice`, 'remove one');
      own.add(key);
      found.set(key, parameter);
    }
  }
  const declared: DeclaredParameters = { path: new Map(), query: new Map(), headers: new Map() };
  for (const one of found.values()) add(reading, one, declared, notes);
  return declared;
}

function add(
  reading: Reading,
  { value, at }: { readonly value: JsonObject; readonly at: Located['at'] },
  declared: DeclaredParameters,
  notes: string[],
): undefined {
  const { name, in: place } = value;
  if (typeof name !== 'string' || !NAMES.test(name))
    return reading.problem(
      at,
      `${quoted(name)} is not a name that every server reads alike`,
      'name it without &, =, #, ;, +, % and \\',
    );
  switch (place) {
    case 'path':
    case 'query':
      break;
    case 'header':
      if (NOT_PARAMETERS.has(name.toLowerCase())) return undefined;
      if (!canBeDeclared(name.toLowerCase()))
        return reading.problem(
          at,
          `the header ${quoted(name)} cannot be a parameter`,
          'it belongs to the connection, or has another spelling at some servers: remove it',
        );
      break;
    case 'cookie':
      if (value.required === true)
        return reading.problem(
          at,
          `the cookie ${quoted(name)} is required, and cookies are not forwarded`,
          'take it as a header',
        );
      notes.push(`the cookie ${quoted(name)} does not reach the service`);
      return undefined;
    default:
      return reading.problem(at, `${quoted(name)} is in ${quoted(place)}`, 'write in: path, query or header');
  }
  const parameter = parameterOf(reading, value, at, name, place);
  if (parameter === undefined) return undefined;
  if (place === 'header') declared.headers.set(name.toLowerCase(), parameter);
  else declared[place].set(name, parameter);
  return undefined;
}

function parameterOf(
  reading: Reading,
  value: JsonObject,
  at: Located['at'],
  name: string,
  place: 'path' | 'query' | 'header',
): Parameter | undefined {
  if (place === 'query' && /^_method$/i.test(name))
    return reading.problem(
      at,
      'many servers take _method for the method of the request',
      'name the parameter otherwise',
    );
  if (place === 'path' && value.required !== true)
    return reading.problem(at, `the path parameter ${quoted(name)} is not required`, 'write required: true');
  if (value.content !== undefined)
    return reading.problem(
      [...at, 'content'],
      'a parameter that is a document of its own has no one reading',
      'declare it with a schema, or put it into the body',
    );
  const shape = shapeOf(reading, { value: value.schema ?? {}, at: [...at, 'schema'] });
  if (shape === undefined) return undefined;
  const form = formOf(shape, value, place);
  if (form === undefined)
    return reading.problem(
      at,
      `${place} parameters are not read as style ${quoted(value.style ?? 'its default')}, explode ${quoted(String(value.explode ?? 'its default'))}, for ${SHAPES[shape.kind]}`,
      FORMS[place],
    );
  if (form !== 'members' && place === 'query' && /[[\]]/.test(name) && !/^[^[\]]+\[\]$/.test(name))
    return reading.problem(
      at,
      `servers differ in the meaning of the brackets of ${quoted(name)}`,
      'declare it as style: deepObject',
    );
  return {
    name,
    isRequired: value.required === true,
    form,
    value:
      shape.kind === 'list' ? shape.items : shape.kind === 'value' ? shape.rule : { type: 'string', isAddress: false },
    members: shape.kind === 'object' ? shape.members : new Map(),
    schema: isObject(value.schema) ? value.schema : {},
  };
}

const SHAPES = { value: 'a value', list: 'a list', object: 'an object' } as const;
const FORMS = {
  path: 'a path parameter is one value, in style simple',
  query: 'a query parameter is a value or a list in style form, or an object in style deepObject',
  header: 'a header is a value or a list, in style simple',
} as const;

/** Returns the form that a style gives a shape; undefined for a form that is not read. */
function formOf(
  { kind }: ParameterShape,
  { style, explode }: JsonObject,
  place: 'path' | 'query' | 'header',
): Parameter['form'] | undefined {
  if (place !== 'query') {
    if (style !== undefined && style !== 'simple') return undefined;
    if (kind === 'value') return 'single';
    return kind === 'list' && place === 'header' ? 'commas' : undefined;
  }
  if (kind === 'object') return style === 'deepObject' && explode !== false ? 'members' : undefined;
  if (style !== undefined && style !== 'form') return undefined;
  if (kind === 'value') return 'single';
  return explode === false ? 'commas' : 'repeated';
}
