import type { Rule } from '../rule.js';
import { hasAction } from '../schema-parts.js';

/** Kinds of task that cannot be started. */
export const noStartAction: Rule = {
  code: 'tasks/no-start-action',
  check(bundle, find) {
    const { tasks } = bundle;
    if (tasks === undefined || hasAction(bundle, 'start_task')) return;
    // A client of the gateway begins its own without asking.
    const ofClients = Object.values(bundle.settings.gateway.clients).map(({ task }) => task);
    const [first] = Object.keys(tasks.tasks).filter((name) => name !== tasks.default && !ofClients.includes(name));
    if (first === undefined) return;
    find
      .in('tasks.yaml')
      .error(
        `the schema has no action start_task, so no task of the kind ${first} can be started`,
        'declare it for the resource Task, and say in a policy who may start which kind',
        ['tasks', first],
      );
  },
};
