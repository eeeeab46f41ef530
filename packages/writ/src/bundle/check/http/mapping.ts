import { MappingError, OperationMapper } from '@writ/enforce/coaz';
import { checkDeclared, HTTP_BINDING } from '@writ/enforce/http';
import type { Rule } from '../rule.js';

/** A mapping of an operation that the enforcement point could not use: every request of it would be refused. */
export const httpMapping: Rule = {
  code: 'http/mapping',
  check({ mappings, services, settings: { http } }, find) {
    for (const { file, service, operations } of mappings) {
      if (service === undefined) continue;
      for (const [name, mapping] of Object.entries(operations))
        try {
          new OperationMapper(HTTP_BINDING, [{ service, name, mapping }], 'no-schema', () => false);
        } catch (error) {
          if (!(error instanceof MappingError)) throw error;
          find.in(file).error(error.message, error.help, ['operations', name]);
        }
    }
    for (const service of services) {
      const document = http.services[service.name]?.openapi;
      for (const { operation, error } of checkDeclared(service))
        find
          .in(document ?? 'writ.yaml')
          .error(
            `${operation.name}: ${error.message}`,
            error.help ?? 'mend x-authzen-mapping in the document, or set `mappings: bundle`',
            document === undefined
              ? ['http', 'services', service.name]
              : ['paths', operation.route, operation.method.toLowerCase(), 'x-authzen-mapping'],
          );
    }
  },
};
