/** The files of a bundle that count refunds, in all and lately, and what has been done and seen; without its policies. */
export const LEDGER_FILES = {
  'schema.cedarschema': `
entity Team; entity User in [Team]; entity Order;
action refund, look appliesTo {
  principal: [User], resource: [Order],
  context: { input: { amount: Long }, ledger: { refunded: Long, lately: Long, done: Set<String>, seen: Set<String> } }
};`,
  'tools.yaml': 'tools: { look: { effects: [read], result: [internal, pii] } }',
  'ledger.yaml': `
accumulators:
  refunded: { key: originator, sum: input.amount, on: action == "refund" }
  lately: { key: originator, window: 1h, count: true, on: action == "refund" }
  done: { key: originator, set: action }
  seen: { key: originator, set: labels }
`,
};
