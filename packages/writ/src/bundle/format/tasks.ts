import { z } from 'zod';
import { grantShape, MAX_GRANTS } from '../../lib/authorization-details.js';
import { name } from '../names.js';
import { lifetimeShape } from './lifetime.js';
import { EFFECTS } from './tools.js';

const effects: readonly string[] = EFFECTS;
const grant = grantShape.superRefine((terms, context) => {
  for (const [i, effect] of (terms.effects ?? []).entries()) {
    if (!effects.includes(effect))
      context.addIssue({ code: 'custom', path: ['effects', i], message: `an effect is one of ${EFFECTS.join(', ')}` });
  }
});

const kind = z.strictObject({
  /** The part of `scope` that chooses it; its name when it is not given. */
  scope: z.string().regex(/^\S+$/, 'a part of a scope has no spaces').optional(),
  /** The most that its tasks may do; `any` restricts nothing. */
  mandate: z.union([z.literal('any'), z.array(grant).min(1).max(MAX_GRANTS)]),
  /** How long its tokens live; that of `tokens` when it is not given. */
  lifetime: lifetimeShape.optional(),
  /** The result of an action outside the mandate: denied, or requestable. */
  outside: z.enum(['deny', 'ask']).default('deny'),
});

/** `tasks.yaml`: kinds of task and their mandates (docs/tasks.md). */
export const tasksYaml = z
  .strictObject({
    /** The kind of a task that nobody started as another. */
    default: z.string(),
    tasks: z.record(name, kind),
  })
  .superRefine(({ default: usual, tasks }, context) => {
    const mandate = Object.hasOwn(tasks, usual) ? tasks[usual]?.mandate : undefined;
    if (mandate === undefined)
      context.addIssue({ code: 'custom', path: ['default'], message: `there is no kind ${usual} in \`tasks\`` });
    if (Array.isArray(mandate) && mandate.some(({ uses, limits }) => uses !== undefined || limits !== undefined)) {
      const message = 'the default kind has no `uses` and no `limits`: its tasks have no beginning to count from';
      context.addIssue({ code: 'custom', path: ['tasks', usual, 'mandate'], message });
    }
    const scopes = new Map<string, string>();
    for (const [name, { scope = name }] of Object.entries(tasks)) {
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
