import { z } from 'zod';

/**
 * What a task may do at most, as it is written: an element of `authorization_details` (RFC 9396) of the type `writ_action`, in an
 * exchange, in a token, and without its `type` in `tasks.yaml`. The language is small on purpose, so that whether one element is
 * within another is read off them. A member that nobody knows is refused: it may have been meant to restrict.
 */

export const DETAILS_TYPE = 'writ_action';

const MAX_LIST = 64;
export const MAX_GRANTS = 16;

const text = z.string().min(1).max(1_024);
/** An integer that every JSON parser reads alike. */
const whole = z.int();
const scalar = z.union([text, whole, z.boolean()]);

/** What a value of the input must be: one of these, and between these. A list must be so in each of its items. */
const constraintShape = z
  .strictObject({
    one_of: z.array(scalar).min(1).max(MAX_LIST).optional(),
    min: whole.optional(),
    max: whole.optional(),
    optional: z.literal(true).optional().describe('Whether an absent argument is covered too.'),
  })
  .refine(({ optional: _, ...one }) => Object.values(one).some((value) => value !== undefined), {
    message: 'a constraint has `one_of`, `min` or `max`',
  });

const members = {
  actions: z.array(text).min(1).max(MAX_LIST).optional().describe('The names of actions.'),
  effects: z
    .array(text)
    .min(1)
    .max(MAX_LIST)
    .optional()
    .describe(
      'Every effect of the tool must be one of these; a tool that `tools.yaml` does not describe is not covered.',
    ),
  resources: z
    .array(text)
    .min(1)
    .max(MAX_LIST)
    .optional()
    .describe('Entities as `Order::"17"`, or whole types as `Order`.'),
  input: z.record(text, constraintShape).optional().describe('By argument.'),
  until: whole.min(0).optional().describe('Seconds since the epoch.'),
};

/** How often, and how much of an argument in all. */
const quantities = {
  uses: whole.min(0).optional(),
  limits: z.record(text, whole.min(0)).optional(),
};

const NAMES_WHAT = { message: 'name `actions` or `effects`: an element that names neither would cover everything' };
function namesWhat({ actions, effects }: { actions?: unknown; effects?: unknown }): boolean {
  return actions !== undefined || effects !== undefined;
}

/** An element as `tasks.yaml` has it. */
export const grantShape = z.strictObject({ ...members, ...quantities }).refine(namesWhat, NAMES_WHAT);
const typed = { type: z.literal(DETAILS_TYPE) };
/** An element as somebody asks for it. */
const askedGrantShape = z.strictObject({ ...typed, ...members, ...quantities }).refine(namesWhat, NAMES_WHAT);
const capShape = z.strictObject({ id: text, ...quantities });
/** An element as a token of ours has it: with the quantities of everything that it was narrowed from, each counted by itself. */
const tokenGrantShape = z
  .strictObject({ ...typed, ...members, caps: z.array(capShape).optional() })
  .refine(namesWhat, NAMES_WHAT);

export const askedDetailsShape = z.array(askedGrantShape).min(1).max(MAX_GRANTS);
export const tokenDetailsShape = z.array(tokenGrantShape).min(1).max(MAX_GRANTS);

/** How often something may be done, and how much of an argument in all. What has one `id` is counted together. */
export type Cap = z.output<typeof capShape>;
export type Constraint = z.output<typeof constraintShape>;
export type GrantTerms = z.output<typeof grantShape>;
export type TokenGrant = z.output<typeof tokenGrantShape>;
