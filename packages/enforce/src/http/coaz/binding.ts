import { type Binding, RESERVED_CONTEXT } from '../../coaz/binding.js';
import type { Operation } from '../definition/service.js';
import type { CanonicalRequest } from '../request/body.js';
import { inputOf, variablesOf } from './variables.js';

/** An operation of a service, before there is a request for it. */
export type NamedOperation = Pick<CanonicalRequest, 'service' | 'operation' | 'pathParams'>;

/**
 * COAZ-HTTP as data (docs/coaz-http.md): how a request of one reading becomes a request for a decision. A request that is not of an
 * operation has no action, so that nothing permits it.
 */
export const HTTP_BINDING: Binding<CanonicalRequest, NamedOperation> = {
  name: 'COAZ-HTTP',
  placeOf: ({ service, operation }) => ({ service: service.name, name: operation?.name ?? '' }),
  actionOf: ({ operation }) => operation?.name ?? '',
  variables: { bundle: ['request', 'token', 'service'], declared: ['request', 'token', 'service'] },
  valuesOf: (request, claims) => ({ ...variablesOf(request, claims) }),
  declaration: 'x-authzen-mapping',
  declaredIn: ({ operation }) => declaredOf(operation),
  hasDefaultAction: true,
  reserved: new Set([...RESERVED_CONTEXT, 'agent']),
  anchor: 'sub',
  defaultOf: ({ operation, pathParams }) => ({
    action: operation?.name ?? '',
    resource: { type: 'Route', id: operation?.route ?? '', properties: { params: pathParams } },
  }),
  contextOf: (request, more) => ({
    input: inputOf(request),
    // Revocations of an upstream and of a tool are for services and operations too.
    upstream: { server: request.service.name, tool: request.operation?.name ?? '' },
    ...more,
  }),
};

/** The mapper remembers a compiled mapping by the object that declares it: one for each operation. */
const declared = new WeakMap<Operation, Readonly<Record<string, unknown>>>();

function declaredOf(operation: Operation | undefined): Readonly<Record<string, unknown>> | undefined {
  if (operation?.mapping === undefined) return undefined;
  let made = declared.get(operation);
  if (made === undefined) {
    made = { 'x-authzen-mapping': operation.mapping };
    declared.set(operation, made);
  }
  return made;
}
