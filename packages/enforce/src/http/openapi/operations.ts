import { quoted } from '../definition/problems.js';
import { METHODS, type Method, type Operation } from '../definition/service.js';
import { parametersIn, templateOf } from '../routes/template.js';
import type { BodyDefaults } from './body.js';
import { bodyOf } from './body.js';
import { choicesOf } from './choices.js';
import { parametersOf } from './parameters.js';
import { entriesOf, isObject, type JsonObject, type Located, type Reading } from './reading.js';

/** The settings that the operations of a document are read with. */
interface OperationOptions extends BodyDefaults {
  readonly basePath: string;
  /** Whether `x-authzen-mapping` counts. */
  readonly mapsItself: boolean;
}

/** An operation, with its place in the document. */
interface PlacedOperation {
  readonly operation: Operation;
  readonly at: Located['at'];
}

const MAX_OPERATIONS = 2_000;
/** Members of a path item that are no operations. */
const OTHERS: ReadonlySet<string> = new Set(['$ref', 'summary', 'description', 'parameters', 'servers']);
/** Fits an action name, a line of a log and a header. */
const NAME = /^[!-~](?:[ -~]{0,198}[!-~])?$/;

/** Reads the operations of a document. @param notes receives what is left out */
export function operationsOf(
  reading: Reading,
  root: JsonObject,
  options: OperationOptions,
  notes: string[],
): PlacedOperation[] {
  const found: PlacedOperation[] = [];
  for (const path of entriesOf(root.paths, ['paths'])) {
    if (path.key.startsWith('x-')) continue;
    const item = reading.object(path, 'a path');
    if (item === undefined) continue;
    if (item.value.servers !== undefined)
      reading.problem(
        [...item.at, 'servers'],
        'a path has servers of its own, and all operations go to one upstream',
        'make it a service of its own',
      );
    for (const member of entriesOf(item.value, item.at)) {
      const method = member.key.toUpperCase() as Method;
      if (OTHERS.has(member.key) || member.key.startsWith('x-')) continue;
      if (!METHODS.includes(method) || member.key !== member.key.toLowerCase()) {
        reading.problem(
          member.at,
          `${quoted(member.key)} is not an operation that can be served`,
          `use ${METHODS.join(', ').toLowerCase()}`,
        );
        continue;
      }
      const all = operationsAt(reading, { ...member, method, route: path.key, item }, options, notes);
      found.push(...all.map((operation) => ({ operation, at: member.at })));
    }
    if (found.length > MAX_OPERATIONS) {
      reading.problem(path.at, `the document has more than ${MAX_OPERATIONS} operations`, 'divide it into services');
      break;
    }
  }
  return found;
}

const MAX_SUMMARY = 200;

/** Returns a summary as one line that a terminal can show; undefined without one. */
function summaryIn(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return line === '' ? undefined : [...line].slice(0, MAX_SUMMARY).join('');
}

interface Member extends Located {
  readonly method: Method;
  readonly route: string;
  readonly item: { readonly value: JsonObject; readonly at: Located['at'] };
}

/** Reads the operation of a method of a path, or those of which the body chooses one. */
function operationsAt(reading: Reading, member: Member, options: OperationOptions, notes: string[]): Operation[] {
  const one = operationOf(reading, member, options, notes);
  if (one === undefined) return [];
  if (!isObject(member.value) || member.value['x-writ-operations'] === undefined) return [one];
  return choicesOf(reading, one, member, (choice, { at, usualName }) =>
    ownOf(reading, choice, { at, usualName, mapsItself: options.mapsItself }),
  );
}

/** Reads what an operation says of itself: its name, its mapping, its conversation. */
function ownOf(
  reading: Reading,
  value: JsonObject,
  {
    at,
    usualName,
    mapsItself,
  }: { readonly at: Located['at']; readonly usualName: string; readonly mapsItself: boolean },
): Pick<Operation, 'name' | 'summary' | 'mapping' | 'conversation'> {
  const name = value.operationId ?? usualName;
  if (typeof name !== 'string' || !NAME.test(name))
    reading.problem(
      [...at, 'operationId'],
      `${quoted(name)} is not a name of 1 to 200 visible ASCII characters`,
      'mend the operationId',
    );
  const conversation = value['x-writ-conversation'];
  if (conversation !== undefined && (typeof conversation !== 'string' || !WAY.test(conversation)))
    reading.problem(
      [...at, 'x-writ-conversation'],
      `${quoted(conversation)} is not the way to a member of the body`,
      'write it as params.message.contextId',
    );
  return {
    name: String(name),
    summary: summaryIn(value.summary),
    mapping: mapsItself ? value['x-authzen-mapping'] : undefined,
    ...(conversation === undefined ? {} : { conversation: String(conversation).split('.') }),
  };
}

/** Members of objects, one inside the other. */
const WAY = /^[A-Za-z_][A-Za-z0-9_]{0,63}(?:\.[A-Za-z_][A-Za-z0-9_]{0,63}){0,7}$/;

function operationOf(
  reading: Reading,
  { value, at, method, route, item }: Member,
  options: OperationOptions,
  notes: string[],
): Operation | undefined {
  if (!isObject(value))
    return reading.problem(at, 'the operation is not an object', 'write it as the OpenAPI specification has it');
  if (value.servers !== undefined)
    return reading.problem(
      [...at, 'servers'],
      'an operation has servers of its own, and all operations go to one upstream',
      'make it a service of its own',
    );
  const template = templateOf(options.basePath + route);
  if (typeof template === 'string')
    return reading.problem(item.at, `${quoted(route)}: ${template}`, 'write a path that has one reading');
  const said = ownOf(reading, value, { at, usualName: `${method} ${route}`, mapsItself: options.mapsItself });
  const { name } = said;
  const own: string[] = [];
  const { path, query, headers } = parametersOf(
    reading,
    [
      { value: item.value.parameters, at: [...item.at, 'parameters'] },
      { value: value.parameters, at: [...at, 'parameters'] },
    ],
    own,
  );
  const names = parametersIn(template);
  for (const one of names)
    if (!path.has(one))
      reading.problem(
        at,
        `{${one}} of the path ${quoted(route)} is not declared`,
        'declare it as a parameter in: path',
      );
  for (const one of path.keys())
    if (!names.includes(one))
      reading.problem(at, `the path ${quoted(route)} has no {${one}}`, 'remove the parameter, or mend its name');
  const body = bodyOf(reading, method, value, at, options, own);
  if (said.conversation !== undefined && ![...body.kinds.values()].includes('json'))
    reading.problem(
      [...at, 'x-writ-conversation'],
      'the operation has no body of JSON, which could say its conversation',
      'remove x-writ-conversation, or declare application/json',
    );
  const upgrade = value['x-writ-upgrade'];
  if (upgrade !== undefined && (upgrade !== 'websocket' || method !== 'GET'))
    reading.problem(
      [...at, 'x-writ-upgrade'],
      `x-writ-upgrade is ${quoted(upgrade)}, at ${method}`,
      'write websocket, at a get',
    );
  notes.push(...own.map((note) => `${name}: ${note}`));
  return {
    ...said,
    method,
    route,
    template,
    path,
    query,
    headers,
    body,
    upgrade: upgrade === 'websocket' ? 'websocket' : undefined,
  };
}
