import type { Operation, Service } from '@writ/enforce/http';
import { type DraftedTool, draftTools } from '../draft.js';
import type { Effect } from '../effects.js';
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
  /** The parts of its input that policies do not see; a request with one is denied. */
  readonly unseen: readonly string[];
}

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Guesses what the operations of a service do: their methods say whether they change anything, their names the rest. */
export function draftOperations(
  { operations }: Service,
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
    return {
      operation,
      isReading,
      tool: { ...tool, ...(isReading ? READS : changing(operation, tool)), notes: [] },
      isReserved: isReserved(operation.name),
      unseen: unseen.get(operation.name) ?? [],
    };
  });
}

const READS: Pick<DraftedTool, 'effects' | 'because'> = { effects: ['read'], because: 'its method only reads' };

/** The parts of the input of a change: its path names what is changed, and the rest says how. */
function partsOf({ path, query, headers, body }: Operation): [part: string, argument: GuessedArgument][] {
  return [
    ...(path.size === 0 ? [] : [['path_params', { role: 'target', kind: undefined }] as [string, GuessedArgument]]),
    ...[query.size === 0 ? [] : ['query'], headers.size === 0 ? [] : ['headers'], body.kinds.size === 0 ? [] : ['body']]
      .flat()
      .map((part): [string, GuessedArgument] => [part, { role: 'content', kind: undefined }]),
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
