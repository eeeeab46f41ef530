import type { TasksYaml } from '../../bundle/format/tasks.js';
import { millisecondsOf } from '../../lib/duration.js';
import { environmentText } from '../../lib/environment.js';
import { CommandSource } from './command-source.js';
import { HttpPlannerSource } from './http-source.js';
import { Planner } from './planner.js';

/**
 * Makes the planner that a bundle declares.
 *
 * @param root the folder of the bundle, in which a command runs
 * @throws {EnvironmentError} if a variable is not in the environment
 */
export function declaredPlanner(declared: NonNullable<TasksYaml['planner']>, root: string): Planner {
  const filled = (values: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, environmentText(value, `the planner's ${name}`)]),
    );
  const source =
    'command' in declared
      ? new CommandSource({
          command: declared.command as [string, ...string[]],
          cwd: root,
          env: filled(declared.env),
        })
      : new HttpPlannerSource(declared.url, filled(declared.headers));
  return new Planner(source, millisecondsOf(declared.timeout));
}
