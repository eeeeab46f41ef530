import { z } from 'zod';

/** The shapes of a bundle's YAML files (design section 9). Unknown keys are refused: a typing error is not a setting. */

const uidText = z
  .string()
  .regex(/^[A-Za-z_][\w:]*::"(?:[^"\\]|\\.)*"$/, 'an entity is written Type::"id", as in Agent::"support-bot"');

const server = z.strictObject({
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  env: z.record(z.string(), z.string()).default({}),
  /** The folder that a file server serves, for mappings that speak of paths. */
  root: z.string().optional(),
});

const client = z.strictObject({ agent: uidText, for: uidText });
const name = z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'a name is lower-case letters, digits, dots and dashes');

export const writYaml = z.strictObject({
  name,
  /** `path`: every identity on the delegation path must be permitted. `actor`: the present actor alone. */
  delegation: z.enum(['path', 'actor']).default('path'),
  gateway: z
    .strictObject({ servers: z.record(name, server).default({}), clients: z.record(name, client).default({}) })
    .default({ servers: {}, clients: {} }),
});

const window = z.string().regex(/^[1-9][0-9]*(s|m|h|d)$/, 'a window is a number and s, m, h or d, as in 24h');

const accumulator = z
  .strictObject({
    key: z.enum(['task', 'actor', 'originator', 'resource']),
    /** `labels`: those of the results of completed actions. `action`: the names of completed actions. */
    set: z.enum(['labels', 'action']).optional(),
    /** CEL over `action`, `input` and `resource`, giving a whole number. */
    sum: z.string().optional(),
    count: z.literal(true).optional(),
    /** CEL, true for the actions that count. */
    on: z.string().optional(),
    window: window.optional(),
  })
  .refine((a) => [a.set, a.sum, a.count].filter((fold) => fold !== undefined).length === 1, {
    message: 'an accumulator has exactly one of `set`, `sum` and `count`',
  })
  .refine((a) => a.set === undefined || a.window === undefined, { message: 'a `set` has no window' });

export const ledgerYaml = z.strictObject({
  accumulators: z
    .record(z.string().regex(/^[a-zA-Z_]\w*$/, 'a name is letters, digits and _'), accumulator)
    .default({}),
});

export const EFFECTS = ['read', 'write', 'egress', 'money', 'account', 'destroy'] as const;

export const toolsYaml = z.strictObject({
  tools: z
    .record(
      z.string(),
      z.strictObject({
        effects: z.array(z.enum(EFFECTS)).min(1),
        /** Labels that its result brings into the task. */
        labels: z.array(z.string()).default([]),
      }),
    )
    .default({}),
});

/** A COAZ mapping: a template of an AuthZEN request. Leaf strings that begin with `$` are CEL. */
const mapping = z.strictObject({
  evaluation: z.strictObject({
    subject: z.unknown().optional(),
    action: z.strictObject({ name: z.string() }).optional(),
    resource: z.strictObject({
      type: z.string(),
      id: z.string(),
      properties: z.record(z.string(), z.unknown()).optional(),
    }),
    context: z.record(z.string(), z.unknown()).optional(),
  }),
});

export const mappingYaml = z.strictObject({ server: name, tools: z.record(z.string(), mapping) });

const expectation = {
  expect: z.enum(['allow', 'deny']),
  /** The policies that decide, in any order. */
  because: z.array(z.string()).optional(),
  outcome: z.enum(['completed', 'failed', 'unknown', 'none']).default('completed'),
};
const properties = z.record(z.string(), z.unknown()).optional();
const entity = z.strictObject({ type: z.string(), id: z.string(), properties });

/** A call, mapped as the gateway would; or an AuthZEN request as it is. */
const step = z.union([
  z.strictObject({
    call: z.string(),
    server: z.string().optional(),
    input: z.record(z.string(), z.unknown()).default({}),
    ...expectation,
  }),
  z.strictObject({
    request: z.strictObject({
      subject: entity,
      action: z.strictObject({ name: z.string(), properties }),
      resource: entity,
      context: z.record(z.string(), z.unknown()).optional(),
    }),
    ...expectation,
  }),
]);

const task = z
  .strictObject({
    test: z.string(),
    /** Who calls; a request says so itself. */
    agent: uidText.optional(),
    for: uidText.optional(),
    /** The moment at which the test runs. */
    now: z.iso.datetime().optional(),
    given: z.strictObject({ entities: z.array(z.unknown()).default([]) }).optional(),
    steps: z.array(step).min(1),
  })
  .refine(({ for: originator, steps }) => originator !== undefined || steps.every((one) => 'request' in one), {
    message: 'a test with a `call` says with `for` on whose behalf it is',
  });

export const testsYaml = z.strictObject({ tests: z.array(task) });

export type WritYaml = z.infer<typeof writYaml>;
export type LedgerYaml = z.infer<typeof ledgerYaml>;
export type ToolsYaml = z.infer<typeof toolsYaml>;
export type MappingYaml = z.infer<typeof mappingYaml>;
export type TestsYaml = z.infer<typeof testsYaml>;
export type TestTask = TestsYaml['tests'][number];
export type TestStep = TestTask['steps'][number];
