import { wrongInPath } from '../../../lib/json-path.js';
import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

/** A path of a fetcher that is not a JSONPath (RFC 9535). */
export const factPath: Rule = {
  code: 'facts/json-path',
  check({ facts: { fetchers } }, find) {
    for (const [name, { attributes, id, http }] of Object.entries(fetchers)) {
      const paths: [string, readonly string[]][] = [
        [id, ['id']],
        [http?.items ?? '$', ['http', 'items']],
        ...Object.entries(attributes).map(([attribute, path]): [string, string[]] => [path, ['attributes', attribute]]),
      ];
      for (const [path, way] of paths) {
        const wrong = wrongInPath(path);
        if (wrong === undefined) continue;
        const message = `${name}: ${path} is not a JSONPath: ${wrong.message}`;
        const at = valueAt(['fetchers', name, ...way], wrong.offset);
        find.in('facts.yaml').error(message, 'write a path as in $.state (RFC 9535)', at);
      }
    }
  },
};
