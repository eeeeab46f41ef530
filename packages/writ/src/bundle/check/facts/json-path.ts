import { compileJsonPath } from '../../../lib/json-path.js';
import { messageOf } from '../../../lib/message-of.js';
import type { Rule } from '../rule.js';

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
        const why = wrongIn(path);
        if (why === undefined) continue;
        const message = `${name}: ${path} is not a JSONPath: ${why}`;
        find.in('facts.yaml').error(message, 'write a path as in $.state (RFC 9535)', ['fetchers', name, ...way]);
      }
    }
  },
};

function wrongIn(path: string): string | undefined {
  try {
    compileJsonPath(path);
    return undefined;
  } catch (error) {
    return messageOf(error).split('\n')[0];
  }
}
