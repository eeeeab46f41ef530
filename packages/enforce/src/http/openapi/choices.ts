import { quoted } from '../definition/problems.js';
import type { Operation } from '../definition/service.js';
import { entriesOf, isObject, type JsonObject, type Located, type Reading } from './reading.js';

const MEMBER = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
const VALUE = /^[!-~](?:[ -~]{0,198}[!-~])?$/;
const MAX_CHOICES = 500;
const OF_CHOICES: ReadonlySet<string> = new Set(['member', 'operations']);
const OF_CHOICE: ReadonlySet<string> = new Set([
  ...['operationId', 'summary', 'description', 'schema', 'x-authzen-mapping', 'x-writ-conversation'],
]);

/**
 * Reads `x-writ-operations`: the operations of a route of which a member of the body chooses one, as `method` does in JSON-RPC.
 *
 * @param read reads what each operation has of its own: its name and its mapping
 */
export function choicesOf(
  reading: Reading,
  route: Operation,
  { value, at: of }: Located,
  read: (choice: JsonObject, of: { readonly at: Located['at']; readonly usualName: string }) => Partial<Operation>,
): Operation[] {
  const at = [...of, 'x-writ-operations'];
  const declared = (value as JsonObject)['x-writ-operations'];
  if (!isObject(declared) || Object.keys(declared).some((key) => !OF_CHOICES.has(key)))
    return none(reading, at, 'it is not an object with member and operations');
  const { member } = declared;
  if (typeof member !== 'string' || !MEMBER.test(member))
    return none(reading, [...at, 'member'], `${quoted(member)} is not a member of a body`);
  const kinds = [...route.body.kinds.values()];
  if (!route.body.isRequired || kinds.length === 0 || kinds.some((kind) => kind !== 'json'))
    return none(reading, of, 'the body that chooses is not a required body of JSON alone');
  if (route.mapping !== undefined)
    return none(reading, [...of, 'x-authzen-mapping'], 'the route has a mapping, and each of its operations is mapped');
  const entries = entriesOf(declared.operations, [...at, 'operations']);
  if (entries.length === 0 || entries.length > MAX_CHOICES)
    return none(reading, [...at, 'operations'], `it has not 1 to ${MAX_CHOICES} operations`);
  return entries.flatMap(({ key, value: choice, at: place }) => {
    if (!VALUE.test(key))
      return none(reading, place, `${quoted(key)} is not a text of 1 to 200 visible ASCII characters`);
    const other = isObject(choice) ? Object.keys(choice).find((name) => !OF_CHOICE.has(name)) : '';
    if (!isObject(choice) || other !== undefined)
      return none(reading, place, `${quoted(key)} is not an operation${other ? `: it has no ${quoted(other)}` : ''}`);
    return [
      {
        ...route,
        ...read(choice, { at: place, usualName: key }),
        body: { ...route.body, schema: choice.schema ?? route.body.schema },
        chosenBy: { member, value: key },
      },
    ];
  });
}

function none(reading: Reading, at: Located['at'], message: string): [] {
  reading.problem(at, message, 'write x-writ-operations: { member: method, operations: { SendMessage: {} } }');
  return [];
}
