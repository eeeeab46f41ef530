import { staysUp, unless } from '../alive.js';
import type { Attack } from '../attack.js';
import { PLAIN } from '../bundles.js';
import { rest } from '../processes.js';
import { Refused, type Service } from '../service.js';

/** Section E: CEL and JSONPath of a bundle, over an answer that makes them expensive. */

/** A bundle whose author makes reading answers expensive. */
const EXPENSIVE: Readonly<Record<string, string>> = {
  'CEL: loops in loops over the answer': `{ $: external, '$[*]': { labels: [pii], when: 'result.all(a, result.all(b, result.all(c, a != b || c == c)))' } }`,
  'CEL: a pattern that backtracks': `{ $: external, '$[*]': { labels: [pii], when: 'string(value).matches("(a+)+(b+)+$")' } }`,
  'JSONPath: descendants of descendants': `{ $: external, '$..*..*..*..*': { labels: [pii] } }`,
  'JSONPath: a filter in a filter': `{ $: external, '$[?@..[?@..[?@ != 7]]]': { labels: [pii] } }`,
  'JSONPath: a pattern that backtracks': `{ $: external, '$[?match(@, "(a+)+(b+)+")]': { labels: [pii] } }`,
};

const BIG_LIST = JSON.stringify(
  Array.from({ length: 3_000 }, (_, i) => (i % 3 === 0 ? [[i], [i]] : `${'a'.repeat(40)}!`)),
);

const expensive = Object.entries(EXPENSIVE).map(
  ([what, result]): Attack => ({
    kind: 'expressions of a bundle',
    name: what,
    finding: 'E',
    seconds: 90,
    async attack(world) {
      const files = { ...PLAIN, 'tools.yaml': String(PLAIN['tools.yaml']).replace('{ $: external }', () => result) };
      let service: Service;
      try {
        service = await world.fresh(files);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        // A bundle that is refused harms nobody.
        return undefined;
      }
      return staysUp(
        service,
        async () => {
          const id = (await service.ask()).headers.get('x-decision-id');
          void service
            .send('POST', '/v1/outcomes', { decisionId: id, status: 'completed', result: JSON.parse(BIG_LIST) })
            .catch(() => undefined);
          await rest(3_000);
        },
        { seconds: 8 },
      );
    },
    async twin(world) {
      const service = await world.plain();
      const id = (await service.ask()).headers.get('x-decision-id');
      const { status } = await service.send('POST', '/v1/outcomes', {
        decisionId: id,
        status: 'completed',
        result: JSON.parse(BIG_LIST),
      });
      return unless(status === 204, () => `the same answer, with cheap rules, was answered with ${status}`);
    },
  }),
);

export const EXPRESSIONS: readonly Attack[] = expensive;
