/** The bundle of the service that is killed: two budgets for each person, and an action that uses nothing up. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Of each person: the sum of the amounts, and the number of refunds. */
export const LIMITS = { refunded: 100, refunds: 24 } as const;

export type Durability = 'before-response' | 'async';

export function writeBundle(folder: string, durability: Durability): void {
  const files = {
    'writ.yaml': `name: kills\ncallers: { default: {} }\nrecord: { durability: ${durability} }\n`,
    'schema.cedarschema': `entity User, Order;
action refund appliesTo {
  principal: [User], resource: [Order],
  context: { input: { amount: Long }, ledger: { refunded: Long, refunds: Long } }
};
action look appliesTo { principal: [User], resource: [Order] };
`,
    'ledger.yaml': `accumulators:
  refunded: { key: originator, sum: input.amount, on: action == "refund" }
  refunds: { key: originator, count: true, on: action == "refund" }
`,
    'policies/all.cedar': `@id("all") permit (principal, action, resource);
@id("sum") forbid (principal, action == Action::"refund", resource) when { context.ledger.refunded > ${LIMITS.refunded} };
@id("count") forbid (principal, action == Action::"refund", resource) when { context.ledger.refunds > ${LIMITS.refunds} };
`,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
