import { parseUid, uidText } from '@writ/cedar';
import { z } from 'zod';
import type { PersonKeys } from '../../audit/protection/person-keys.js';
import type { SearchIndex } from '../../audit/search/search-index.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';
import { type ChangeParts, recordChange } from './changes.js';

export interface ErasureParts extends ChangeParts {
  readonly personKeys: PersonKeys;
  /** Undefined until the index is open. */
  readonly searchIndex: () => SearchIndex | undefined;
}

/** `/v1/erasures`: makes the recorded data of a person unreadable. Every proof still holds. */
export function erasureRoute(parts: ErasureParts): Route {
  const { personKeys, searchIndex, log } = parts;
  return route({
    method: 'POST',
    url: '/v1/erasures',
    operationId: 'erasePerson',
    tag: 'Administration',
    summary: 'Destroy the key of a person: their recorded data becomes unreadable',
    access: { kind: 'area', area: 'erasures', how: 'write' },
    body: z.object({ person: z.string().max(4_096), reason: z.string().min(1).max(1_000) }),
    answers: {
      200: { description: 'How many keys were destroyed', shape: z.object({ destroyed: z.number() }) },
      404: { description: 'No erasable data of the person is recorded' },
    },
    async handle({ body: { person, reason }, caller }) {
      const uid = parseUid(person);
      if (uid === undefined) throw new Problem(400, 'person: not an entity, as in User::"ana"');
      const name = uidText(uid);
      const ids = await personKeys.destroy(name, () => log.settled());
      await searchIndex()?.remove([`identity=${name}`, `originator=${name}`, `resource=${name}`]);
      if (ids.length === 0)
        throw new Problem(
          404,
          `nothing that can be erased is recorded of ${name}; is ${uid.type} one of record.erasable in writ.yaml?`,
        );
      // The record of the erasure does not name the person.
      await recordChange(parts, caller, 'person.erase', { keys: ids, reason });
      return { destroyed: ids.length };
    },
  });
}
