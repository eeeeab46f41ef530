import { z } from 'zod';
import { millisecondsOf, UNITS } from '../../lib/duration.js';
import { durationShape } from '../../lib/duration-shape.js';
import { LANGUAGES, STATEMENTS } from '../../programs/facts.js';
import { typeName } from '../names.js';

/** `tools.yaml`: the effects of tools, the roles of their arguments and the labels of their results (docs/tools.md). */

export const EFFECTS = ['read', 'write', 'egress', 'money', 'account', 'destroy'] as const;
const INTEGRITY = ['external', 'attested', 'internal', 'system'] as const;
const CONFIDENTIALITY = ['public', 'internal', 'confidential', 'restricted'] as const;
const ROLES = ['destination', 'target', 'secret', 'amount', 'content'] as const;

const kind = z.string().regex(/^[a-z][a-z0-9-]*$/, 'a kind is a word, as email or iban');
const words = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

const group = z.string().regex(/^[a-z][a-z0-9_-]*$/, 'a group of readers is a word, as staff');
const domain = z
  .string()
  .max(253)
  .regex(/^(?:[a-z0-9-]+\.)+[a-z0-9-]+$/i, 'a service is a domain, as shop.example');
const reader = z.string().max(320).regex(/@/, 'a member of a group is an address, or a domain as @shop.example');

/** Labels of a part of a result, with the kind of value that it is, and when they hold. */
const labelled = z.strictObject(
  {
    integrity: z.enum(INTEGRITY).optional(),
    confidentiality: z.enum(CONFIDENTIALITY).optional(),
    labels: z.array(z.string().min(1)).optional(),
    kind: kind.optional(),
    readers: z
      .array(z.string().min(1).max(320))
      .min(1)
      .max(100)
      .optional()
      .describe('Its readers beside its owner: addresses, `@domain`s, groups, and fields as `record.sender`.'),
    clears: z.array(group).min(1).optional().describe('The groups of readers that the value is a member of.'),
    sentBy: z
      .string()
      .min(1)
      .max(320)
      .optional()
      .describe(
        'The field of the record that says who sent it, as `record.sender`: a sender that the server has checked.',
      ),
    when: z.string().min(1).optional().describe('CEL over `input`, `result`, `record` and `value`.'),
  },
  { error: wrongPart },
);
const labels = z.union([words, labelled]);

/** Returns what is wrong with a part by JSONPath that is read as labels of the whole, because its own labels have no right form. */
function wrongPart(issue: z.core.$ZodRawIssue): string | undefined {
  const isOfPart = issue.code === 'unrecognized_keys' && issue.keys.every((key) => key.startsWith('$'));
  return isOfPart ? 'the labels of a part are words, a list of words, or a map as { integrity: internal }' : undefined;
}

/** By JSONPath. */
const byPath = z.record(
  z.string().regex(/^\$/, 'a part of a result is a JSONPath, as $.items[*].name; $ is all of it'),
  z.union([labels, z.array(labelled).min(1)]),
);

const role = z.enum(ROLES);
const store = z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'a store is lower-case letters, digits, dots and dashes');

const MAX_KEEP_MS = 3_650 * UNITS.d;
const keep = durationShape.refine(
  (text) => millisecondsOf(text) >= UNITS.m && millisecondsOf(text) <= MAX_KEEP_MS,
  'labels are kept for at least 1m and at most 3650d, as in 30d',
);

const schemaName = z.string().regex(/^[^.]{1,63}$/, 'a schema is a name, as public');
const argument = z.strictObject({
  role: role.optional(),
  kind: kind.optional(),
  language: z
    .enum(LANGUAGES)
    .optional()
    .describe('The language of an argument that is a program: the call has the effects of what it does.'),
  dialect: z.literal('postgresql').optional().describe('Of SQL: the only one that is read.'),
  searchPath: z
    .array(schemaName)
    .min(1)
    .max(16)
    .optional()
    .describe('Of SQL: the schemas in which the role of the tool finds names; `[public]` if it is not given.'),
  catalogue: z
    .string()
    .regex(/^catalogues\/[\w.-]+\.json$/, 'a catalogue is a file of the bundle, as catalogues/shop.json')
    .optional()
    .describe('Of SQL: the snapshot of the database, which says what views, triggers and partitions touch.'),
  tables: typeName
    .optional()
    .describe('Of SQL: the type of the entities that tables are. Each table of a statement is then decided on.'),
});

const describedTool = z.strictObject({
  effects: z
    .array(z.enum(EFFECTS))
    .min(1)
    .optional()
    .describe('Everything that it can do; with a program, what it does beside that.'),
  arguments: z
    .record(z.string().min(1), z.union([role, argument]))
    .default({})
    .describe('The roles of its arguments, by name or path; and those that are programs.'),
  opaque: z
    .array(z.string().min(1))
    .default([])
    .describe('Arguments that policies do not see in `context.input`: those that Cedar has no type for.'),
  result: z
    .union([words, labelled, byPath])
    .optional()
    .describe('The labels of its result: words for all of it, or by JSONPath.'),
  outputSchema: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('The JSON Schema of its results, as the server lists it: for `writ check` alone.'),
  format: z
    .enum(['json', 'yaml', 'lines', 'text'])
    .optional()
    .describe('The format of its results that are text; detected if it is not given.'),
  reads: store.optional().describe('The store that it reads, or writes: what is written there keeps its labels.'),
  writes: store.optional(),
  creates: store.optional().describe('The store that it makes a new thing in, if its answer has the id of that.'),
  service: z
    .union([domain, z.array(domain).min(1).max(20)])
    .optional()
    .describe('The domains of the service that it is of: codes that the service sent may go back to it.'),
  asked: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('The words by which a prompt asks for it; those for the verb in its name when they are not given.'),
});

const tool = describedTool
  .refine(
    ({ writes, creates }) => writes === undefined || creates === undefined,
    'a tool writes a thing that has a name, or creates one that gets its name from the answer: `writes` or `creates`',
  )
  .check(checkPrograms);

/** Checks what several members of a tool say together about its programs. */
function checkPrograms({ value, issues }: z.core.ParsePayload<z.infer<typeof describedTool>>): void {
  const wrong = (message: string, ...path: PropertyKey[]): void => {
    issues.push({ code: 'custom', message, path, input: value });
  };
  let hasProgram = false;
  for (const [name, one] of Object.entries(value.arguments)) {
    if (typeof one === 'string') continue;
    const { language, dialect, searchPath, catalogue, tables, role: its } = one;
    const at = ['arguments', name] as const;
    if (language === undefined && its === undefined) wrong('an argument has a role, a language, or both', ...at);
    if (language !== 'sql' && (dialect ?? searchPath ?? catalogue ?? tables) !== undefined)
      wrong('`dialect`, `searchPath`, `catalogue` and `tables` are of an argument with `language: sql`', ...at);
    if (language === undefined) continue;
    hasProgram = true;
    const unknown = searchPath?.findIndex((schema, i) => !isSearched(schema, i)) ?? -1;
    if (unknown >= 0)
      wrong(
        `nobody knows beforehand what ${searchPath?.[unknown]} is; write schemas by their names, and pg_catalog first or not at all`,
        ...at,
        'searchPath',
        unknown,
      );
    if (!/^[^$.[\]]+$/.test(name)) wrong('a program is a whole argument: its name, and no path', ...at);
  }
  if (value.effects === undefined && !hasProgram) wrong('the effects of the tool are missing, as in effects: [read]');
  if (hasProgram && isByPath(value.result))
    wrong('the result of a program has labels as a whole: its form is chosen with its text', 'result');
}

/** Returns whether a name means the same schema for each role and each connection. */
function isSearched(schema: string, index: number): boolean {
  return schema !== '$user' && (!schema.startsWith('pg_') || (schema === 'pg_catalog' && index === 0));
}

function isByPath(result: z.infer<typeof describedTool>['result']): boolean {
  return typeof result === 'object' && Object.keys(result).some((key) => key.startsWith('$'));
}

const effects = z.array(z.enum(EFFECTS));
const programRoles = z
  .partialRecord(z.enum(['hosts', 'reads', 'writes', 'packages']), role)
  .describe('The roles of the values within it, by the fact that has them.');
const program = z.union([effects, z.strictObject({ effects, roles: programRoles.optional() })]);
const column = z.union([words, labelled]);

const programs = z.strictObject({
  shell: z
    .record(
      z.string().regex(/^[^\s/]+(?: [^\s]+)?$/, 'a program is its name, or that and a subcommand, as git push'),
      program,
    )
    .default({})
    .describe('The effects of programs; one that is not here has every effect.'),
  sql: z.partialRecord(z.enum(STATEMENTS), program).default({}).describe('The effects of kinds of statement.'),
  tables: z
    .record(
      z.string().regex(/^[^.]{1,63}\.[^.]{1,63}$/, 'a table is a schema and a name, as public.orders'),
      z.strictObject({
        result: z.union([words, labelled]).optional(),
        columns: z.record(z.string().min(1), column).default({}),
      }),
    )
    .optional()
    .describe('The labels of tables and their columns: the result of a statement has those of all that it reads.'),
});

export const toolsYaml = z.strictObject({
  defaults: z
    .strictObject({ effects: z.array(z.enum(EFFECTS)).min(1).optional(), result: words.optional() })
    .default({})
    .describe('For what is not described.'),
  tools: z.record(z.string(), tool).default({}),
  programs: programs.default({ shell: {}, sql: {} }).describe('What programs do that are arguments of tools.'),
  stores: z
    .record(store, z.strictObject({ keep }))
    .default({})
    .describe('How long labels are kept in stores; for ever in a store that is not here.'),
  readers: z
    .record(group, z.array(reader).max(1_000))
    .default({})
    .describe('The members of groups of readers; `clears` of a field makes more.'),
  detect: z
    .partialRecord(
      z.enum(['email', 'phone', 'iban', 'card', 'secret', 'instructions', 'hidden-text']),
      z.string().min(1),
    )
    .optional()
    .describe('The classes that results are searched for, each with the label of a match.'),
});
