import type { Running } from './running.js';

/** A bundle with a budget of 50, and what happens on it: refunds, and revocations. */

export const REFUNDS = {
  'writ.yaml': 'name: state\ntokens: { trustDomain: shop.example }\ncallers: { clerk: {}, default: {} }',
  'schema.cedarschema': `
entity Team; entity User in [Team] { level?: Long }; entity Order;
action refund appliesTo {
  principal: [User], resource: [Order], context: { input: { amount: Long }, ledger: { refunded: Long } }
};`,
  'ledger.yaml': 'accumulators: { refunded: { key: originator, sum: input.amount, on: action == "refund" } }',
  'policies/all.cedar': `
@id("all") permit (principal, action, resource);
@id("limit") forbid (principal, action, resource) when { context.ledger.refunded > 50 };`,
};

export const refund = (user: string, amount: number): object => ({
  subject: { type: 'User', id: user },
  action: { name: 'refund' },
  resource: { type: 'Order', id: '1' },
  context: { input: { amount } },
});

/** Asks for a refund. @returns whether it is permitted */
export async function decide(writ: Running, user: string, amount: number): Promise<boolean> {
  return (await writ.send('POST', '/access/v1/evaluation', refund(user, amount))).json.decision;
}

export async function admin(writ: Running, method: string, path: string, body: unknown): Promise<void> {
  const { status, text } = await writ.send(method, path, body, { as: 'admin' });
  if (status >= 300) throw new Error(`${path}: ${text}`);
}

export const revoke = (writ: Running, user: string): Promise<void> =>
  admin(writ, 'POST', '/v1/revocations', { kind: 'identity', target: `User::"${user}"`, reason: 'left' });
