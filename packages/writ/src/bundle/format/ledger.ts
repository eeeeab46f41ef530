import { z } from 'zod';

const window = z
  .string()
  .regex(
    /^([1-9][0-9]*(s|m|h|d)|hour|day|week|month)$/,
    'a window is a number and s, m, h or d, as in 24h; or hour, day, week or month, of the calendar in UTC',
  );

const cel = z.string().min(1);
/** The words that are a whole key: those with a meaning of their own, and a variable that is one by itself. */
const LEDGER_KEYS = ['task', 'actor', 'originator', 'resource', 'session', 'lineage', 'action'];

const accumulator = z
  .strictObject({
    /** One of these, or CEL that gives a text or a whole number. */
    key: cel.refine((text) => !/^\w+$/.test(text) || LEDGER_KEYS.includes(text), {
      message: `a key is ${LEDGER_KEYS.join(', ')}, or CEL as in input.customer`,
    }),
    /** `labels`: those of the results of completed actions. `action`: their names. Or CEL that gives a text or a list of texts. */
    set: cel.optional(),
    /** CEL as for `set`: how many different ones. */
    distinct: cel.optional(),
    /** CEL that gives a whole number. */
    sum: cel.optional(),
    /** CEL over `result` as well: what it really came to. */
    actual: cel.optional(),
    /** Whether the sum is a decimal number. */
    decimal: z.literal(true).optional(),
    count: z.literal(true).optional(),
    /** CEL, true for the actions that count. */
    on: cel.optional(),
    window: window.optional(),
  })
  .refine(({ sum, actual, decimal }) => sum !== undefined || (actual === undefined && decimal === undefined), {
    message: '`actual` and `decimal` are of a `sum`',
  })
  .refine((a) => [a.set, a.distinct, a.sum, a.count].filter((fold) => fold !== undefined).length === 1, {
    message: 'an accumulator has exactly one of `set`, `distinct`, `sum` and `count`',
  });

export const ledgerYaml = z.strictObject({
  accumulators: z
    .record(z.string().regex(/^[a-zA-Z_]\w*$/, 'a name is letters, digits and _'), accumulator)
    .default({}),
});

export type LedgerYaml = z.infer<typeof ledgerYaml>;
