import type { Operation, Service } from '@writ/enforce/http';
import { type DraftedTool, draftTools } from '../draft.js';
import type { Effect } from '../effects.js';
import { argumentsIn, recordIn } from '../json-schema.js';
import type { GuessedArgument } from '../roles.js';

/** An operation of a service as it is drafted. */
export interface DraftedOperation {
  readonly operation: Operation;
  /** Whether its method only reads: it is permitted, and any other is asked for. */
  readonly isReading: boolean;
  /** The guess at its effects and its answers, as of a tool of the name. */
  readonly tool: DraftedTool;
  /** Whether the name is one of an action of Writ, which no operation can have. */
  readonly isReserved: boolean;
  /** The parts of its input that Cedar has no type for, as `body` or `body.lines`: policies do not see them. */
  readonly unseen: readonly string[];
}

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Guesses what the operations of a service do: their methods say whether they change anything, their names the rest. */
export function draftOperations(
  { operations, components }: Service,
  unseen: ReadonlyMap<string, readonly string[]>,
  isReserved: (name: string) => boolean,
): DraftedOperation[] {
  const sorted = [...operations].sort((a, b) => (a.name < b.name ? -1 : 1));
  const tools = draftTools(
    sorted.map(({ name, method }) => ({
      name,
      inputSchema: { type: 'object' },
      annotations: READING.has(method) ? { readOnlyHint: true } : {},
    })),
  );
  return sorted.map((operation, i) => {
    const isReading = READING.has(operation.method);
    const tool = tools[i] as DraftedTool;
    const opaque = opaqueParts(operation, components, unseen.get(operation.name) ?? []);
    return {
      operation,
      isReading,
      tool: { ...tool, ...(isReading ? READS : changing(operation, tool)), opaque, notes: [] },
      isReserved: isReserved(operation.name),
      unseen: opaque,
    };
  });
}

/** Returns the parts that no policy sees: a part whole if the schema has no member of it. */
function opaqueParts(operation: Operation, components: unknown, unseen: readonly string[]): string[] {
  const { path, query, headers, body } = operation;
  const members = {
    path_params: [...path.keys()],
    query: [...query.keys()],
    headers: [...headers.keys()],
    body: [...argumentsIn({ ...recordIn(body.schema), components }).of.keys()],
  };
  const takesJson = [...body.kinds.values()].includes('json');
  return Object.entries(members).flatMap(([part, names]) => {
    if (part === 'body' && !takesJson) return [];
    const hidden = names.filter((name) => unseen.includes(`${part}.${name}`));
    const isWhole = hidden.length === names.length && (part === 'body' || names.length > 0);
    return isWhole ? [part] : hidden.map((name) => `${part}.${name}`);
  });
}

const READS: Pick<DraftedTool, 'effects' | 'because'> = { effects: ['read'], because: 'its method only reads' };

/** The parts of the input of a change: its path names what is changed, and the rest says how. */
function partsOf({ path, query, headers, body }: Operation): [string, GuessedArgument][] {
  const kinds = new Set(body.kinds.values());
  const parts = {
    query: query.size > 0,
    headers: headers.size > 0,
    body: kinds.has('json'),
    opaque: kinds.has('opaque'),
  };
  const there = Object.entries(parts).flatMap(([part, isThere]) => (isThere ? [part] : []));
  return [
    ...(path.size === 0 ? [] : [['path_params', { role: 'target', kind: undefined }] as [string, GuessedArgument]]),
    ...there.map((part): [string, GuessedArgument] => [part, { role: 'content', kind: undefined }]),
  ];
}

/** A method that changes something counts as a change, whatever its name says. */
function changing(operation: Operation, { effects, because }: DraftedTool): Partial<DraftedTool> {
  const parts = partsOf(operation);
  const said = { arguments: new Map(parts), roles: Object.fromEntries(parts.map(([part, { role }]) => [part, role])) };
  if (operation.method === 'DELETE') return { ...said, effects: ['destroy'], because: 'its method deletes' };
  const changes = effects.filter((effect) => effect !== 'read');
  if (changes.length > 0) return { ...said, effects, because };
  return { ...said, effects: ['write'] satisfies Effect[], because: `${operation.method} can change something` };
}
