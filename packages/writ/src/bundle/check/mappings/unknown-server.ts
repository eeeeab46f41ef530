import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

/** A mapping of a server that the gateway does not have. */
export const unknownServer: Rule = {
  code: 'mappings/unknown-server',
  check({ mappings, settings: { gateway } }, find) {
    const near = new NearNames(Object.keys(gateway.servers));
    for (const { file, server } of mappings) {
      if (server === undefined || Object.hasOwn(gateway.servers, server)) continue;
      const message = `the mapping names the server ${server}, which writ.yaml does not have`;
      find
        .in(file)
        .warning(
          message,
          near.help(server, 'it is never used: declare the server, or remove the mapping'),
          valueAt(['server']),
        );
    }
  },
};
