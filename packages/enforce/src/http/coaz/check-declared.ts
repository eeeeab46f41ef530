import { readDeclared } from '../../coaz/operation-mapper.js';
import { MappingError } from '../../errors.js';
import type { Operation, Service } from '../definition/service.js';
import { HTTP_BINDING } from './binding.js';

/** Returns the operations of a service whose declared mappings cannot be used, and why. */
export function checkDeclared({
  operations,
}: Service): readonly { readonly operation: Operation; readonly error: MappingError }[] {
  return operations.flatMap((operation) => {
    if (operation.mapping === undefined) return [];
    const read = readDeclared(HTTP_BINDING, operation.mapping, operation.name);
    return read instanceof MappingError ? [{ operation, error: read }] : [];
  });
}
