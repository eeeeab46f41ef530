import { askService, type ServiceFlags } from './ask-service.js';
import { UsageError } from './errors.js';
import { printNote } from './output.js';

/** The parts of a task that it is found by. */
interface NamedTask {
  readonly txn: string;
  readonly originator: string;
  readonly actor: string;
  readonly state: string;
}

/** The most tasks that are looked through, the newest first. */
const MAX_TASKS = 1_000;

/**
 * Returns the id of a task that a person named: by that id, or by the client that works in it, as `Agent::"bot"`. A client without a
 * token does not see its id.
 *
 * @param isOnly whether a client with several active tasks is refused; otherwise the newest of them is meant
 * @throws {UsageError} if the client has no task, or several
 */
export async function taskNamed(name: string, flags: ServiceFlags, isOnly: boolean): Promise<string> {
  if (!name.includes('::')) return name;
  const { tasks } = await askService<{ tasks: readonly NamedTask[] }>(flags, 'GET', `/v1/tasks?limit=${MAX_TASKS}`);
  const own = tasks.filter(({ actor, originator }) => actor === name || originator === name);
  const active = own.filter(({ state }) => state === 'active');
  const [newest = own[0]] = active;
  if (newest === undefined)
    throw new UsageError(`${name} has no task that this caller may see`, 'writ task list shows those there are');
  if (active.length > 1) {
    const others = active.slice(1).map(({ txn }) => txn);
    if (isOnly)
      throw new UsageError(
        `${name} has ${active.length} active tasks`,
        `name one: ${[newest.txn, ...others].join(', ')}`,
      );
    printNote(`${name} has ${others.length} more active: ${others.join(', ')}`);
  }
  return newest.txn;
}
