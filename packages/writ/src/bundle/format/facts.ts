import { z } from 'zod';
import { millisecondsOf } from '../../lib/duration.js';
import { durationShape as duration } from '../../lib/duration-shape.js';
import { name, typeName } from '../names.js';

/** `facts.yaml`: the facts that are true only for some time, and the fetchers that read them. */

const attributeName = z.string().min(1).max(1_024);
const path = z.string().regex(/^\$/, 'a part of a document is a JSONPath, as $.state');

/** The longest that a decision waits for a fetcher. */
const MAX_BUDGET_MS = 2_000;
/** The longest timeout of a fetch. */
const MAX_TIMEOUT_MS = 30_000;

const fetcher = z
  .strictObject({
    of: typeName.describe('The type of the entities that it knows.'),
    attributes: z.record(attributeName, path).describe('The attributes that it reads, with their paths in a document.'),
    id: path.default('$.id').describe('The path of the id in a document; for a source that has many.'),
    every: duration.optional().describe('Without it, single entities are fetched when a decision needs them.'),
    budget: duration
      .default('100ms')
      .refine((text) => millisecondsOf(text) <= MAX_BUDGET_MS, {
        message: 'a decision waits for 2s at most',
      })
      .describe('The longest that a decision waits.'),
    timeout: duration
      .default('2s')
      .refine((text) => millisecondsOf(text) <= MAX_TIMEOUT_MS, {
        message: 'a fetch is given up after 30s at most',
      })
      .describe('After this a fetch is given up; what comes after the budget is there for the next decision.'),
    http: z
      .strictObject({
        url: z
          .string()
          .regex(/^https?:\/\//, 'it must be a URL of http or https, as https://crm.example/users/{id}')
          .describe('`{id}` stands for the id of the entity, encoded.'),
        headers: z
          .record(z.string(), z.string())
          .default({})
          .describe('`${env:NAME}` stands for a variable of the environment.'),
        items: path.default('$').describe('The path of the documents in the answer, for a source that has many.'),
      })
      .optional(),
    sql: z
      .strictObject({
        url: z.string().min(1).describe('`postgres://…`, or `${env:NAME}`.'),
        query: z.string().min(1).describe('`$1` is the id of the entity. A column is a member of the document.'),
      })
      .optional(),
    file: z.strictObject({ path: z.string().min(1), format: z.enum(['json', 'ndjson', 'csv']).optional() }).optional(),
  })
  .refine(({ http, sql, file }) => [http, sql, file].filter((one) => one !== undefined).length === 1, {
    message: 'a fetcher has exactly one of `http`, `sql` and `file`',
  })
  .refine(({ file, every }) => file === undefined || every !== undefined, {
    message: 'a file is read on a schedule: say how often with `every`',
  })
  .refine(({ http, every }) => http === undefined || every !== undefined || http.url.includes('{id}'), {
    message: 'the url does not say of which entity: put {id} into it, or say how often all are fetched with `every`',
  });

export const factsYaml = z.strictObject({
  facts: z.record(typeName, z.record(attributeName, z.strictObject({ maxAge: duration }))).default({}),
  fetchers: z.record(name, fetcher).default({}),
});
