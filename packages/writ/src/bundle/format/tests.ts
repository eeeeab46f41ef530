import { z } from 'zod';
import { name, uidText } from '../names.js';

const expectation = {
  expect: z.enum(['allow', 'modify', 'step_up', 'defer', 'deny']),
  because: z.array(z.string()).optional().describe('The policies that decide, in any order.'),
  outcome: z.enum(['completed', 'failed', 'unknown', 'none']).default('completed'),
  result: z
    .unknown()
    .optional()
    .describe('The answer of the action: the task knows its labels and values from then on.'),
  approve: z
    .literal(true)
    .optional()
    .describe(
      "A person approves a call that is a `step_up`: its values count as the user's for the rest of the task, and it is asked again.",
    ),
  times: z.int().min(1).max(10_000).default(1).describe('How often it is done; each time the same is expected.'),
  after: z
    .string()
    .regex(/^[1-9][0-9]*(s|m|h|d)$/, 'a time is a number and s, m, h or d, as in 2h')
    .optional()
    .describe('The time after the step before.'),
};
const properties = z.record(z.string(), z.unknown()).optional();
const entity = z.strictObject({ type: z.string(), id: z.string(), properties });

/** A call, mapped as the gateway would; or an AuthZEN request as it is. */
const step = z.union([
  z.strictObject({
    call: z.string(),
    server: z.string().optional(),
    input: z.record(z.string(), z.unknown()).default({}),
    task: z
      .string()
      .min(1)
      .optional()
      .describe('Of another task, by another agent, or for somebody else than the test says.'),
    agent: uidText.optional(),
    for: uidText.optional(),
    prompt: z.string().optional(),
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
    agent: uidText.optional().describe('The caller; a request names it itself.'),
    for: uidText.optional(),
    as: name.default('default').describe('Which caller of the service sends the requests.'),
    kind: z
      .string()
      .optional()
      .describe('The kind of task that it was started as, in `tasks.yaml`; the default kind when it is not given.'),
    prompt: z.string().optional().describe('The prompt of the user.'),
    now: z.iso
      .datetime({ error: 'it must be a time in UTC, as 2026-12-01T09:30:00Z' })
      .optional()
      .describe('The moment at which the test runs.'),
    given: z.strictObject({ entities: z.array(z.unknown()).default([]) }).optional(),
    steps: z.array(step).min(1),
  })
  .refine(({ for: originator, steps }) => originator !== undefined || steps.every((one) => 'request' in one), {
    message: 'a test with a `call` says with `for` on whose behalf it is',
  });

export const testsYaml = z.strictObject({ tests: z.array(task) });

type TestsYaml = z.infer<typeof testsYaml>;
export type TestTask = TestsYaml['tests'][number];
export type TestStep = TestTask['steps'][number];
