import type { Answer, Client } from './client.js';

/** One kind of thing that a client does, and what must be true of the answer. */
export interface Deed {
  readonly name: string;
  /** How often, against the others. */
  readonly weight: number;
  do(world: World): Promise<string | undefined>;
}

/** What deeds work with. */
export interface World {
  readonly client: Client;
  readonly key: string;
  readonly admin: string;
  /** A whole number from 0 up to below n. */
  pick(n: number): number;
  /** Decisions that were answered with a permit, and how it is to be found on the record. */
  readonly answered: Map<string, boolean>;
}

const SHED = 503;

function evaluation(world: World): Record<string, unknown> {
  const { pick } = world;
  return {
    subject: { type: 'User', id: `u${pick(25)}` },
    action: { name: ['read', 'read', 'read', 'write', 'pay'][pick(5)] },
    resource: { type: 'Doc', id: `d${pick(220)}` },
    context: { task: `t${pick(50)}`, ...(pick(2) === 0 ? { supported_obligations: ['notification'] } : {}) },
  };
}

/** Nothing but what is asked for, and being turned away. */
function misfit(answer: Answer, ...expected: number[]): string | undefined {
  if (answer.status === SHED || expected.includes(answer.status)) return undefined;
  return `status ${answer.status}: ${answer.text.slice(0, 200)}`;
}

/** Remembers some of the decisions, to look for on the record. */
function remember(world: World, ids: readonly string[], decisions: readonly { decision: boolean }[]): void {
  for (const [i, id] of ids.entries()) {
    if (world.answered.size < 5_000 && world.pick(10) === 0) world.answered.set(id, decisions[i]?.decision === true);
  }
}

export const DEEDS: readonly Deed[] = [
  {
    name: 'evaluation with its outcome',
    weight: 60,
    async do(world) {
      const answer = await world.client.send(
        'POST',
        '/access/v1/evaluation',
        world.key,
        JSON.stringify(evaluation(world)),
      );
      if (answer.status !== 200) return misfit(answer, 200);
      const { decision } = JSON.parse(answer.text) as { decision: boolean };
      remember(world, answer.decisionIds, [{ decision }]);
      if (!decision) return undefined;
      const status = ['completed', 'completed', 'failed', 'unknown'][world.pick(4)];
      const outcome = JSON.stringify({ decisionId: answer.decisionIds[0], status });
      return misfit(await world.client.send('POST', '/v1/outcomes', world.key, outcome), 204);
    },
  },
  {
    name: 'batch',
    weight: 10,
    async do(world) {
      const evaluations = Array.from({ length: 1 + world.pick(40) }, () => ({
        ...evaluation(world),
        action: { name: 'read' },
      }));
      const answer = await world.client.send(
        'POST',
        '/access/v1/evaluations',
        world.key,
        JSON.stringify({ evaluations }),
      );
      if (answer.status !== 200) return misfit(answer, 200);
      const answers = (JSON.parse(answer.text) as { evaluations: { decision: boolean }[] }).evaluations;
      if (answers.length !== evaluations.length) return `${answers.length} answers to ${evaluations.length}`;
      remember(world, answer.decisionIds, answers);
      return undefined;
    },
  },
  {
    name: 'search',
    weight: 4,
    async do(world) {
      const { subject, resource } = evaluation(world);
      const part = ['subject', 'resource', 'action'][world.pick(3)] as string;
      const body =
        part === 'subject'
          ? { subject: { type: 'User' }, action: { name: 'read' }, resource }
          : part === 'resource'
            ? { subject, action: { name: 'read' }, resource: { type: 'Doc' }, page: { limit: 20 } }
            : { subject, resource };
      return misfit(await world.client.send('POST', `/access/v1/search/${part}`, world.key, JSON.stringify(body)), 200);
    },
  },
  {
    name: 'nonsense',
    weight: 10,
    async do(world) {
      const bodies = [
        '',
        '{',
        '[]',
        'null',
        '{"subject":1}',
        '{"a":1,"a":2}',
        '{"n":1e999}',
        `{"a":"${'x'.repeat(world.pick(100_000))}"}`,
      ];
      const body = bodies[world.pick(bodies.length)] as string;
      const paths = ['/access/v1/evaluation', '/access/v1/evaluations', '/access/v1/search/subject', '/v1/outcomes'];
      const path = paths[world.pick(paths.length)] as string;
      return misfit(await world.client.send('POST', path, world.key, body), 400);
    },
  },
  {
    name: 'a stranger',
    weight: 4,
    do: async (world) => misfit(await world.client.send('GET', '/v1/decisions', `writ_${'A'.repeat(43)}`), 401),
  },
  {
    name: 'administration',
    weight: 4,
    async do(world) {
      const { client, admin, pick } = world;
      const id = `x${pick(30)}`;
      switch (pick(5)) {
        case 0: {
          const entity = [{ uid: { type: 'User', id }, parents: [{ type: 'Team', id: 'staff' }] }];
          return misfit(await client.send('PUT', '/v1/entities', admin, JSON.stringify(entity)), 200);
        }
        case 1:
          return misfit(await client.send('DELETE', `/v1/entities/User/${id}`, admin), 200, 404);
        case 2: {
          const body = JSON.stringify({ kind: 'identity', target: `User::"${id}"`, reason: 'soak' });
          const revoked = await client.send('POST', '/v1/revocations', admin, body);
          if (revoked.status !== 201) return misfit(revoked, 201);
          const { id: revocation } = JSON.parse(revoked.text) as { id: string };
          return misfit(await client.send('DELETE', `/v1/revocations/${revocation}?reason=soak`, admin), 200, 404);
        }
        case 3:
          return misfit(await client.send('GET', `/v1/decisions?limit=5&result=deny`, admin), 200);
        default:
          return misfit(await client.send('GET', '/v1/log?limit=50', admin), 200);
      }
    },
  },
  {
    name: 'reload',
    weight: 0.2,
    do: async (world) => misfit(await world.client.send('POST', '/v1/policy/reload', world.admin), 200),
  },
];

/** A deed, by weight. */
export function pickDeed(random: () => number): Deed {
  let left = random() * DEEDS.reduce((sum, { weight }) => sum + weight, 0);
  for (const deed of DEEDS) {
    left -= deed.weight;
    if (left < 0) return deed;
  }
  return DEEDS[0] as Deed;
}
