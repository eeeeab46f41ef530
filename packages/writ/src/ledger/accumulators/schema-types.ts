import type { SchemaType } from './kind.js';

/** The types of Cedar that accumulators have. */

export const LONG: SchemaType = { name: 'Long', is: ({ kind }) => kind === 'long' };

export const DECIMAL: SchemaType = {
  name: 'decimal',
  is: (type) => type.kind === 'extension' && type.name === 'decimal',
};

export const STRING_SET: SchemaType = {
  name: 'Set<String>',
  is: (type) => type.kind === 'set' && type.element.kind === 'string',
};
