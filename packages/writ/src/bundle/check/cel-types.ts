import type { CedarType, RecordType } from '@writ/cedar';
import type { CelRecord } from '../../ledger/accumulators/environment.js';

/** Returns the CEL types of the attributes of a Cedar record. */
export function celRecord({ attributes }: RecordType): CelRecord {
  return Object.fromEntries([...attributes].map(([name, { type }]) => [name, celTypeOf(type)]));
}

/** A decimal is whatever number the call gives. */
function celTypeOf(type: CedarType): string | CelRecord {
  switch (type.kind) {
    case 'long':
      return 'int';
    case 'string':
    case 'bool':
      return type.kind;
    case 'record':
      return celRecord(type);
    case 'set': {
      const element = celTypeOf(type.element);
      return typeof element === 'string' ? `list<${element}>` : 'list<dyn>';
    }
    default:
      return 'dyn';
  }
}
