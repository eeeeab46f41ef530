import { parseUid } from '@writ/cedar';
import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

/** An approver whose entity type the schema does not have. */
export const unknownApproverType: Rule = {
  code: 'access/unknown-approver-type',
  check({ access, schema }, find) {
    for (const [name, { ask, escalate }] of Object.entries(access.templates)) {
      const asked: [string, PropertyKey[]][] = [
        ...ask.map((uid, at): [string, PropertyKey[]] => [uid, ['ask', at]]),
        ...escalate.flatMap((step, index) =>
          step.ask.map((uid, at): [string, PropertyKey[]] => [uid, ['escalate', index, 'ask', at]]),
        ),
      ];
      for (const [uid, way] of asked) {
        const type = parseUid(uid)?.type ?? '';
        if (schema.entityTypes.has(type)) continue;
        const message = `${name}: the schema has no entity type ${type}`;
        find
          .in('access.yaml')
          .error(message, `${uid} cannot exist: declare the type`, valueAt(['templates', name, ...way]));
      }
    }
  },
};
