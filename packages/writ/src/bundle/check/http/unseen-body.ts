import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

const SHOWN = 3;

/** Operations that a front cannot ask about, because their decision rests on a body that it does not send along. */
export const unseenBody: Rule = {
  code: 'http/unseen-body',
  check({ services, settings: { http } }, find) {
    for (const [name, front] of Object.entries(http.fronts)) {
      if (front.body === 'carried') continue;
      for (const [i, asked] of front.services.entries()) {
        const operations = services.find((service) => service.name === asked)?.operations ?? [];
        const unseen = operations.filter(({ body }) => [...body.kinds.values()].includes('json'));
        if (unseen.length === 0) continue;
        const shown = unseen.slice(0, SHOWN).map((operation) => operation.name);
        const more = unseen.length > SHOWN ? ` and ${unseen.length - SHOWN} more` : '';
        find
          .in('writ.yaml')
          .warning(
            `${name} sends no bodies along, so that ${asked} has operations that are refused with one: ${shown.join(', ')}${more}`,
            'put the proxy of Writ there, or declare these bodies opaque (x-writ-body: opaque)',
            valueAt(['http', 'fronts', name, 'services', i]),
          );
      }
    }
  },
};
