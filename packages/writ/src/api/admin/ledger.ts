import { parseUid, uidText } from '@writ/cedar';
import { z } from 'zod';
import { keyOfTask } from '../../decide/gather.js';
import { plainAmount } from '../../ledger/accumulators/amounts.js';
import { plainLabels } from '../../ledger/flow/readers.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Txn } from '../../lib/ids.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';

const KINDS = ['task', 'actor', 'originator', 'resource'] as const;
const named = z.string().min(1).max(1_024).optional();

/** `/v1/ledger`: the values of the accumulators under one key. */
export function ledgerRoute(ledger: Ledger, clock: () => Date): Route {
  return route({
    method: 'GET',
    url: '/v1/ledger',
    operationId: 'getLedger',
    tag: 'Administration',
    summary: 'Get the accumulators of a task, an actor, an originator or a resource',
    access: { kind: 'area', area: 'ledger', how: 'read' },
    /** One of them: a task by its `txn`, the others as `Agent::"planner"`. */
    query: z.object({ task: named, actor: named, originator: named, resource: named }),
    answers: {
      200: {
        description: 'The values of the accumulators with that kind of key',
        shape: z.object({
          key: z.string(),
          /** Of what the task has read. */
          labels: z.array(z.string()).optional(),
          values: z.record(z.string(), z.union([z.number(), z.string(), z.array(z.string())])),
          /** The names of those that an outcome gives nothing back to. */
          givesBackNever: z.array(z.string()).optional(),
        }),
      },
    },
    handle({ query }) {
      const [kind, ...more] = KINDS.filter((one) => query[one] !== undefined);
      if (kind === undefined || more.length > 0) throw new Problem(400, `name one of ${KINDS.join(', ')}`);
      const given = query[kind] as string;
      const task = kind === 'task' ? keyOfTask(given as Txn) : undefined;
      const key = task ?? entityText(kind, given);
      const values = Object.entries(ledger.look(kind, key, clock())).map(([name, value]) => [name, plainAmount(value)]);
      const labels = task === undefined ? [] : plainLabels(ledger.labels.ofTask(task, clock()));
      const never = ledger.givingNothingBack.filter((name) => values.some(([one]) => one === name));
      return {
        key: `${kind} ${given}`,
        ...(labels.length === 0 ? {} : { labels }),
        values: Object.fromEntries(values),
        ...(never.length === 0 ? {} : { givesBackNever: never }),
      };
    },
  });
}

function entityText(kind: string, text: string): string {
  const uid = parseUid(text);
  if (uid === undefined) throw new Problem(400, `${kind}: an entity is written Type::"id", as in Agent::"planner"`);
  return uidText(uid);
}
