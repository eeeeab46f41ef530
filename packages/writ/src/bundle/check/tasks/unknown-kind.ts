import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

/** A kind of task of a client of the gateway that the bundle does not have. */
export const unknownClientKind: Rule = {
  code: 'tasks/unknown-kind',
  check({ tasks, settings: { gateway } }, find) {
    const near = new NearNames(Object.keys(tasks?.tasks ?? {}));
    for (const [client, { task }] of Object.entries(gateway.clients)) {
      if (task === undefined || Object.hasOwn(tasks?.tasks ?? {}, task)) continue;
      find
        .in('writ.yaml')
        .error(
          `the tasks of the client ${client} are of the kind ${task}, which tasks.yaml does not have`,
          near.help(task, 'name a kind of tasks.yaml; without `task` they are of the default kind'),
          valueAt(['gateway', 'clients', client, 'task']),
        );
    }
  },
};
