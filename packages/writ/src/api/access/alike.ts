import { isObject } from '@writ/sdk/lib/is-object';
import type { AccessTask } from '../../access/access-task.js';
import { listName } from '../../access/like-requests.js';
import type { LogReader } from '../../audit/log/log-reader.js';

/** Like calls that are one question. */
export interface AlikeCalls {
  /** The name of the list, with which all of it is decided. */
  readonly list: string;
  readonly calls: readonly { readonly id: string; readonly values: Readonly<Record<string, unknown>> }[];
}

/** The most characters of one argument that are shown in a list. */
const MAX_SHOWN = 300;

/** Returns the calls of a question with the arguments in which they differ, as they are recorded; undefined of one call alone. */
export async function alikeCalls(
  tasks: readonly AccessTask[],
  reader: Pick<LogReader, 'find'>,
): Promise<AlikeCalls | undefined> {
  if (tasks.length < 2) return undefined;
  const inputs: Record<string, unknown>[] = [];
  for (const { items } of tasks) {
    const found = await reader.find(items[0]?.decision ?? '');
    const input = found?.decision.request.context?.input;
    inputs.push(isObject(input) ? { ...input } : {});
  }
  const names = [...new Set(inputs.flatMap((input) => Object.keys(input)))].sort();
  const differing = names.filter((name) => new Set(inputs.map((input) => JSON.stringify(input[name]))).size > 1);
  const calls = tasks.map(({ id }, i) => ({
    id,
    values: Object.fromEntries(differing.map((name) => [name, shown(inputs[i]?.[name])])),
  }));
  return { list: listName(tasks), calls };
}

function shown(value: unknown): unknown {
  const text = JSON.stringify(value) ?? 'null';
  return text.length <= MAX_SHOWN ? (value ?? null) : `${text.slice(0, MAX_SHOWN)}…`;
}
