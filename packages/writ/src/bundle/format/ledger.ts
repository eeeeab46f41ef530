import { z } from 'zod';
import { cel } from '../../ledger/accumulators/expression.js';
import type { AccumulatorDeclaration } from '../../ledger/accumulators/kind.js';
import { KINDS, kindNames } from '../../ledger/accumulators/kinds.js';

const window = z
  .string()
  .regex(
    /^([1-9][0-9]*(s|m|h|d)|hour|day|week|month)$/,
    'a window is a number and s, m, h or d, as in 24h; or hour, day, week or month, of the calendar in UTC',
  );

/** The words that are a whole key: those with a meaning of their own, and a variable that is one by itself. */
const LEDGER_KEYS = ['task', 'actor', 'originator', 'resource', 'session', 'lineage', 'action'];

/** An accumulator has the members of its kind (ledger/accumulators), and these. */
const accumulator = z
  .strictObject({
    ...membersOfKinds(),
    /** One of these, or CEL that gives a text or a whole number. */
    key: cel.refine((text) => !/^\w+$/.test(text) || LEDGER_KEYS.includes(text), {
      message: `a key is ${LEDGER_KEYS.join(', ')}, or CEL as in input.customer`,
    }),
    /** CEL, true for the actions that count. */
    on: cel.optional(),
    window: window.optional(),
  })
  .superRefine((declared: AccumulatorDeclaration, context) => {
    const chosen = KINDS.filter(({ name }) => declared[name] !== undefined);
    if (chosen.length !== 1)
      context.addIssue({ code: 'custom', message: `an accumulator has exactly one of ${kindNames()}` });
    for (const { name, shape } of KINDS) {
      for (const member of Object.keys(shape)) {
        if (declared[member] === undefined || chosen.some((kind) => member in kind.shape)) continue;
        context.addIssue({ code: 'custom', path: [member], message: `it is a member of a \`${name}\`` });
      }
    }
  })
  .transform((declared): AccumulatorDeclaration => declared);

function membersOfKinds(): Record<string, z.ZodType> {
  const shapes = KINDS.flatMap(({ shape }) => Object.entries(shape));
  return Object.fromEntries(shapes.map(([member, shape]) => [member, shape.optional()]));
}

export const ledgerYaml = z.strictObject({
  accumulators: z
    .record(z.string().regex(/^[a-zA-Z_]\w*$/, 'a name is letters, digits and _'), accumulator)
    .default({}),
});
