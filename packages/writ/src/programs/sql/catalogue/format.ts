import { z } from 'zod';

/** A catalogue snapshot: rows of PostgreSQL's catalogs under the names that PostgreSQL gives their columns. */

/** PostgreSQL writes an oid in JSON as a text; other tools write a number. */
const oid = z
  .union([z.number().int().min(0).max(0xffffffff), z.string().regex(/^[0-9]{1,10}$/)])
  .transform(Number)
  .describe('An object identifier, as a number or its text');
const name = z
  .string()
  .min(1)
  .max(63)
  .refine((text) => !text.includes('\0'), 'a name has no U+0000');
/** Names of operators and of types can be longer only with a schema. */
const text = z.string().max(1_000_000);
const letter = z.string().max(1);
const acl = z.array(z.string().max(500)).max(10_000).nullable();
const MAX_ROWS = 200_000;

/** Further members stay as they are: privileges and owners, which facts do not need. */
function rows<T extends z.ZodRawShape>(shape: T) {
  return z.array(z.looseObject(shape)).max(MAX_ROWS);
}

const optional = <T extends z.ZodType>(type: T) => type.nullable().optional();

const relationName = z.strictObject({ schema: name, name });

const catalog = z.object({
  roles: rows({ oid, rolname: name, rolsuper: z.boolean(), rolbypassrls: z.boolean() }).optional(),
  members: rows({ roleid: oid, member: oid }).optional(),
  databases: rows({ oid, datname: name, datacl: acl }).optional(),
  defaultAcl: rows({ defaclrole: oid, defaclnamespace: oid, defaclobjtype: letter, defaclacl: acl }).optional(),
  schemas: rows({ oid, nspname: name }),
  relations: rows({
    oid,
    relname: name,
    relnamespace: oid,
    relkind: z.enum(['r', 'p', 'v', 'm', 'f', 'S']),
    relrowsecurity: z.boolean(),
  }),
  columns: rows({
    attrelid: oid,
    attnum: z.number().int(),
    attname: name,
    atttypid: oid,
    attgenerated: letter,
    adsrc: optional(text).describe('The default of the column, or what generates it'),
    sequences: z.array(oid).max(100).describe('The sequences that the default uses'),
  }),
  views: rows({ oid, def: text }),
  inherits: rows({ inhrelid: oid, inhparent: oid }),
  foreignKeys: rows({
    conrelid: oid,
    confrelid: oid,
    conkey: z.array(z.number().int()).max(64),
    confkey: z.array(z.number().int()).max(64),
    confdeltype: letter,
    confupdtype: letter,
  }),
  expressions: rows({ relid: oid, expr: text }).describe(
    'What a write evaluates: checks, and expressions of indexes, partitions and statistics',
  ),
  triggers: rows({
    tgrelid: oid,
    tgname: name,
    tgtype: z.number().int(),
    tgenabled: letter,
    functions: z.array(oid).max(1_000),
  }),
  rules: rows({ ev_class: oid, rulename: name, ev_type: letter }),
  policies: rows({ polrelid: oid, polname: name, polcmd: letter, qual: optional(text), withcheck: optional(text) }),
  functions: rows({
    oid,
    proname: name,
    pronamespace: oid,
    prokind: letter,
    provolatile: letter,
    lanname: name,
    body: z.string().max(64).describe('A digest of the body'),
    extension: optional(name),
  }),
  types: rows({
    oid,
    typname: name,
    typnamespace: oid,
    typtype: letter,
    typbasetype: oid,
    typrelid: oid,
    inner: oid.describe('The type of the elements of an array or a range'),
    basename: optional(name),
    checks: z.array(text).max(1_000).describe('The checks of a domain, and its default'),
    extension: optional(name),
  }),
  operators: rows({ oprname: name, oprnamespace: oid, oprcode: oid, volatility: optional(letter) }),
  casts: rows({ source: text, target: text, castfunc: oid, volatility: optional(letter) }),
});

const declared = z.strictObject({
  schema: name,
  name,
  body: z.string().min(1).max(64).describe('The digest of the body that was read; another body is not declared'),
  reads: z.array(relationName).max(1_000).default([]),
  writes: z.array(relationName).max(1_000).default([]),
});

export const catalogueShape = z.strictObject({
  format: z.literal('writ/postgres-catalogue'),
  version: z.literal(1),
  server: z.object({
    version: z.number().int().describe('server_version_num'),
    database: name,
    searchPath: z.array(name).max(100).describe('The path that the definitions of views are written for'),
  }),
  declared: z
    .array(declared)
    .max(10_000)
    .default([])
    .describe('What functions touch, written by a person who has read them; the query writes nothing here'),
  catalog,
});

export type CatalogueFile = z.output<typeof catalogueShape>;
export type CatalogRows = CatalogueFile['catalog'];
