import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

/** A mapping for a service, or for an operation of it, that the bundle does not have. */
export const unknownOperation: Rule = {
  code: 'http/unknown-operation',
  check({ mappings, services }, find) {
    const near = new NearNames(services.map(({ name }) => name));
    for (const { file, service, operations } of mappings) {
      if (service === undefined) continue;
      const its = services.find(({ name }) => name === service);
      if (its === undefined) {
        const help = near.help(service, 'it is never used: declare the service, or remove the mapping');
        const message = `the mapping names the service ${service}, which writ.yaml does not have`;
        find.in(file).warning(message, help, valueAt(['service']));
        continue;
      }
      const known = new NearNames(its.operations.map(({ name }) => name));
      for (const name of Object.keys(operations))
        if (!its.operations.some((one) => one.name === name))
          find
            .in(file)
            .warning(
              `${service} has no operation ${name}`,
              known.help(name, 'it is never used: name the operationId, or the method and the path'),
              ['operations', name],
            );
    }
  },
};
