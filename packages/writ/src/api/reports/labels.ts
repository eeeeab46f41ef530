import { explainBriefly } from '@writ/sdk/authzen';
import { z } from 'zod';
import type { LogReader } from '../../audit/log/log-reader.js';
import { keyOfTask } from '../../decide/gather.js';
import { DECLASSIFY } from '../../decide/own-actions.js';
import { placeOf } from '../../ledger/flow/stores.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Txn } from '../../lib/ids.js';
import { type ChangeParts, recordChange, recordRemoval } from '../admin/changes.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';

export interface LabelParts extends ChangeParts {
  readonly ledger: Ledger;
  readonly reader: LogReader;
}

const name = z.string().min(1).max(1_024);
const reason = z.string().min(1).max(1_024);
const uid = z.strictObject({ type: name, id: name });

/** The action that removes labels; the schema and the policies of the bundle decide on it. */

const declassification = z.strictObject({
  /** The person who removes the labels. */
  subject: uid,
  /** The task, by its `txn`, or the store that the labels are removed from. */
  of: z.union([z.strictObject({ task: name }), z.strictObject({ store: name, item: name.optional() })]),
  labels: z.array(name).min(1).max(100),
  reason,
});

/** `/v1/declassifications` and `/v1/endorsements`: a person removes labels, or confirms values. */
export function labelRoutes(parts: LabelParts): Route[] {
  const { decider, ledger, reader, clock } = parts;
  return [
    route({
      method: 'POST',
      url: '/v1/declassifications',
      operationId: 'declassify',
      tag: 'Administration',
      summary: 'Remove labels from a task or a store: an action that is decided like any other',
      access: { kind: 'caller' },
      body: declassification,
      answers: {
        200: { description: 'The labels are removed', shape: z.object({ decisionId: z.string() }) },
        403: { description: 'It was not permitted' },
      },
      async handle({ body, caller, reply }) {
        const { subject, of, labels, reason: why } = body;
        const resource = 'task' in of ? { type: 'Task', id: of.task } : { type: 'Store', id: placeOf(of) };
        const context = { input: { labels, reason: why } };
        const asked = { subject, action: { name: DECLASSIFY }, resource, context };
        const decision = await decider().decide(asked, { ...caller, isWrit: true }, undefined);
        reply.header('X-Decision-Id', decision.id);
        // A permit with obligations counts as a denial: nothing here would carry them out.
        if (decision.result !== 'allow') throw new Problem(403, `not permitted: ${explainBriefly(decision)}`);
        const from = 'task' in of ? { task: keyOfTask(of.task as Txn) } : of;
        // Removed first, and restored if the record fails: a label that is added meanwhile is never removed unrecorded.
        const removed = ledger.declassify(from, labels, clock());
        const detail = { decisionId: decision.id, of, labels, reason: why };
        try {
          await recordRemoval(parts, caller, 'labels.declassify', detail, removed);
        } catch (error) {
          ledger.classifyAgain(removed, clock());
          throw error;
        }
        return { decisionId: decision.id };
      },
    }),
    route({
      method: 'POST',
      url: '/v1/endorsements',
      operationId: 'endorse',
      tag: 'Administration',
      summary: 'Confirm that the values of a stopped call are right, for the rest of its task',
      access: { kind: 'area', area: 'endorsements', how: 'write' },
      body: z.strictObject({ decisionId: z.string().min(1).max(64), reason }),
      answers: {
        204: { description: 'They count as the user\u2019s own from now on; the call can be made again' },
        404: { description: 'There is no decision of that id' },
        409: { description: 'It was not stopped, or has no values' },
      },
      async handle({ body, caller, reply }) {
        const found = await reader.find(body.decisionId);
        if (found === undefined) throw new Problem(404, `there is no decision ${body.decisionId}`);
        if (found.decision.result !== 'step_up')
          throw new Problem(
            409,
            `${body.decisionId} is a ${found.decision.result}: only what a person may let is endorsed`,
          );
        const detail = { decisionId: body.decisionId, reason: body.reason };
        await recordChange(parts, caller, 'values.endorse', detail);
        if (!decider().memory.endorse(found.decision))
          throw new Problem(409, `${body.decisionId} has no values that are traced`);
        reply.code(204);
      },
    }),
  ];
}
