import { z } from 'zod';
import { grantShape, MAX_GRANTS } from '../../lib/authorization-details.js';
import { millisecondsOf } from '../../lib/duration.js';
import { durationShape } from '../../lib/duration-shape.js';
import { name } from '../names.js';
import { lifetimeShape } from './lifetime.js';
import { EFFECTS } from './tools.js';
import { httpUrl } from './url.js';

const effects: readonly string[] = EFFECTS;
const grant = grantShape.superRefine((terms, context) => {
  for (const [i, effect] of (terms.effects ?? []).entries()) {
    if (!effects.includes(effect))
      context.addIssue({ code: 'custom', path: ['effects', i], message: `an effect is one of ${EFFECTS.join(', ')}` });
  }
});

const proposer = z.enum(['words', 'planner']);

const kind = z.strictObject({
  scope: z
    .string()
    .regex(/^\S+$/, 'a part of a scope has no spaces')
    .optional()
    .describe('The part of `scope` that chooses it; its name when it is not given.'),
  mandate: z
    .union([z.literal('any'), z.array(grant).min(1).max(MAX_GRANTS)])
    .describe('The most that its tasks may do; `any` restricts nothing.'),
  lifetime: lifetimeShape.optional().describe('How long its tokens live; that of `tokens` when it is not given.'),
  outside: z
    .enum(['deny', 'ask'])
    .default('deny')
    .describe('The result of an action outside the mandate: denied, or requestable.'),
  fromPrompt: z
    .union([proposer, z.array(proposer).min(1).max(2)])
    .optional()
    .describe('The means by which a task is narrowed to the prompt that it starts with; several in this order.'),
});

const timeout = durationShape
  .refine((text) => millisecondsOf(text) <= 60_000, 'a plan is made within a minute')
  .default('10s');
/** A program, or a service, that proposes mandates. */
const planner = z.union([
  z.strictObject({
    command: z.array(z.string().min(1)).min(1),
    env: z
      .record(z.string(), z.string())
      .default({})
      .describe('Variables of its environment; `${env:NAME}` stands for one of the service.'),
    timeout,
  }),
  z.strictObject({
    url: httpUrl,
    headers: z
      .record(z.string(), z.string())
      .default({})
      .describe('`${env:NAME}` stands for a variable of the environment.'),
    timeout,
  }),
]);

/** `tasks.yaml`: kinds of task and their mandates (docs/tasks.md). */
export const tasksYaml = z
  .strictObject({
    default: z.string().describe('The kind of a task that nobody started as another.'),
    tasks: z.record(name, kind),
    planner: planner.optional().describe('Proposes mandates, for the kinds that say so.'),
  })
  .superRefine(({ default: usual, tasks, planner: declared }, context) => {
    const mandate = Object.hasOwn(tasks, usual) ? tasks[usual]?.mandate : undefined;
    if (mandate === undefined)
      context.addIssue({ code: 'custom', path: ['default'], message: `there is no kind ${usual} in \`tasks\`` });
    if (Array.isArray(mandate) && mandate.some(({ uses, limits }) => uses !== undefined || limits !== undefined)) {
      const message = 'the default kind has no `uses` and no `limits`: its tasks have no beginning to count from';
      context.addIssue({ code: 'custom', path: ['tasks', usual, 'mandate'], message });
    }
    const scopes = new Map<string, string>();
    for (const [name, { scope = name, fromPrompt, mandate: whole }] of Object.entries(tasks)) {
      const means = [fromPrompt ?? []].flat();
      if (means.includes('planner') && declared === undefined) {
        const message = 'there is no `planner`: say beside `tasks` how to ask it';
        context.addIssue({ code: 'custom', path: ['tasks', name, 'fromPrompt'], message });
      }
      if (means[0] === 'words' && whole === 'any') {
        const message = 'words narrow what a mandate names, and this one is `any`: name its actions';
        context.addIssue({ code: 'custom', path: ['tasks', name, 'fromPrompt'], message });
      }
      const other = scopes.get(scope);
      if (other !== undefined)
        context.addIssue({
          code: 'custom',
          path: ['tasks', name, 'scope'],
          message: `the scope ${scope} chooses ${other} already`,
        });
      scopes.set(scope, name);
    }
  });

export type TasksYaml = z.output<typeof tasksYaml>;
