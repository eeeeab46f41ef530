import { z } from 'zod';
import { ImportError } from './errors.js';

/** The mapping from a row, or a document of any shape, to an entity. */

const READ_AS = ['text', 'whole', 'decimal', 'truth', 'texts', 'entity', 'entities'] as const;

const attribute = z.union([
  /** Name of the column; its text is used unchanged. */
  z.string().min(1),
  z
    .strictObject({
      from: z.string().min(1),
      as: z.enum(READ_AS).default('text'),
      /** Type of the entities that `entity` and `entities` name. */
      type: z.string().min(1).optional(),
      /** Separator of the parts of a list. */
      separator: z.string().min(1).default(';'),
    })
    .refine(({ as, type }) => (type !== undefined) === (as === 'entity' || as === 'entities'), {
      message: '`entity` and `entities` say of which `type`; nothing else does',
    }),
]);

const parent = z.strictObject({
  type: z.string().min(1),
  from: z.string().min(1),
  separator: z.string().min(1).default(';'),
});

export const mappingShape = z.strictObject({
  type: z.string().min(1),
  /** The column with the id. */
  id: z.string().min(1),
  attributes: z.record(z.string(), attribute).default({}),
  parents: z.array(parent).default([]),
});
export type EntityMapping = z.output<typeof mappingShape>;

/** Returns the JSON of an entity from a row or document. @throws {ImportError} that names the wrong column */
export function entityFrom(document: unknown, { type, id, attributes, parents }: EntityMapping): unknown {
  if (typeof document !== 'object' || document === null) throw new ImportError('this is no row');
  const cells = new Map(Object.entries(document));
  const cell = (name: string): unknown => {
    if (!cells.has(name)) throw new ImportError(`there is no column ${name}`);
    const value = cells.get(name);
    return value === '' || value === null ? undefined : value;
  };
  const key = cell(id);
  if (typeof key !== 'string' && typeof key !== 'number')
    throw new ImportError(`the column ${id}, which is the id, is empty`);
  const attrs: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(attributes)) {
    const { from, ...how } = typeof given === 'string' ? { from: given, as: 'text' as const, separator: ';' } : given;
    const value = cell(from);
    // An empty cell leaves the attribute out.
    if (value !== undefined) attrs[name] = readCell(value, from, how);
  }
  return {
    uid: { type, id: String(key) },
    attrs,
    parents: parents.flatMap(({ type: of, from, separator }) => {
      const value = cell(from);
      return value === undefined ? [] : partsOf(value, separator).map((one) => ({ type: of, id: one }));
    }),
  };
}

function readCell(
  value: unknown,
  column: string,
  { as, type, separator }: { as: (typeof READ_AS)[number]; type?: string | undefined; separator: string },
): unknown {
  const text = String(value).trim();
  switch (as) {
    case 'whole':
      if (!/^-?[0-9]{1,15}$/.test(text)) throw new ImportError(`the column ${column} is not a whole number: ${text}`);
      return Number(text);
    case 'decimal':
      if (!/^-?[0-9]+(\.[0-9]{1,4})?$/.test(text))
        throw new ImportError(`the column ${column} is not a decimal: ${text}`);
      return { __extn: { fn: 'decimal', arg: text.includes('.') ? text : `${text}.0` } };
    case 'truth':
      if (/^(true|yes|1)$/i.test(text)) return true;
      if (/^(false|no|0)$/i.test(text)) return false;
      throw new ImportError(`the column ${column} is neither true nor false: ${text}`);
    case 'texts':
      return partsOf(value, separator);
    case 'entity':
      return { __entity: { type, id: text } };
    case 'entities':
      return partsOf(value, separator).map((id) => ({ __entity: { type, id } }));
    default:
      return typeof value === 'string' ? value : text;
  }
}

function partsOf(value: unknown, separator: string): string[] {
  const parts = Array.isArray(value) ? value.map(String) : String(value).split(separator);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}
