import { z } from 'zod';
import { cel } from '../../ledger/accumulators/expression.js';
import type { AccumulatorDeclaration, AccumulatorKind } from '../../ledger/accumulators/kind.js';
import { namesOf } from '../../ledger/accumulators/kinds.js';
import { RESULT_INTEGRITY } from '../../ledger/accumulators/result-integrity.js';
import { DERIVED_TYPES } from '../../ledger/derived/derived-type.js';

const window = z
  .string()
  .regex(
    /^([1-9][0-9]*(s|m|h|d)|hour|day|week|month)$/,
    'a window is a number and s, m, h or d, as in 24h; or hour, day, week or month, of the calendar in UTC',
  );

/** The words that are a whole key: those with a meaning of their own, and a variable that is one by itself. */
const LEDGER_KEYS = ['task', 'actor', 'originator', 'resource', 'session', 'lineage', 'action'];

const memberName = z.string().regex(/^[a-zA-Z_]\w*$/, 'a name is letters, digits and _');

const derived = z.strictObject({
  of: z.array(z.string()).min(1).describe('The actions that have it.'),
  type: z.enum(DERIVED_TYPES),
  is: cel.describe('CEL.'),
});

/** Returns the shape of `ledger.yaml`: an accumulator has the members of its kind (ledger/accumulators), and a few of its own. */
export function ledgerShape(kinds: readonly AccumulatorKind[]) {
  const members = kinds.flatMap(({ shape }) => Object.entries(shape));
  const accumulator = z
    .strictObject({
      ...Object.fromEntries(members.map(([member, shape]): [string, z.ZodType] => [member, shape.optional()])),
      key: cel
        .refine((text) => !/^\w+$/.test(text) || LEDGER_KEYS.includes(text), {
          message: `a key is ${LEDGER_KEYS.join(', ')}, or CEL as in input.customer`,
        })
        .describe('One of these, or CEL that gives a text or a whole number.'),
      on: cel.optional().describe('CEL, true for the actions that count.'),
      window: window.optional(),
      givesBack: z
        .literal('never')
        .optional()
        .describe('Whether an outcome can give an amount back: by default one that failed or was not executed does.'),
      integrity: z
        .enum(RESULT_INTEGRITY)
        .optional()
        .describe(
          'Of an accumulator over results: the lowest integrity of the values that count, by default `internal`.',
        ),
    })
    .superRefine((declared: AccumulatorDeclaration, context) => {
      const chosen = kinds.filter(({ name }) => declared[name] !== undefined);
      if (chosen.length !== 1)
        context.addIssue({ code: 'custom', message: `an accumulator has exactly one of ${namesOf(kinds)}` });
      for (const { name, shape } of kinds) {
        for (const member of Object.keys(shape)) {
          if (declared[member] === undefined || chosen.some((kind) => member in kind.shape)) continue;
          context.addIssue({ code: 'custom', path: [member], message: `it is a member of a \`${name}\`` });
        }
      }
    })
    .transform((declared): AccumulatorDeclaration => declared);
  return z.strictObject({
    accumulators: z.record(memberName, accumulator).default({}),
    derived: z.record(memberName, derived).default({}).describe('Values that are computed from calls and facts.'),
  });
}
