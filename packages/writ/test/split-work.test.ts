import { type AccessRequest, isPermitted } from '@writ/sdk/authzen';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { loadBundle } from '../src/bundle/bundle.js';
import { inProcess } from '../src/decide/caller.js';
import { offlineDecider } from '../src/decide/plane-of.js';
import { bundleOf } from './running.js';

/**
 * Work that is split over agents, tasks, sessions and prompts of one owner is permitted no more than one task is, with the prompt or
 * without one. Both count, because words that a prompt only names carry every label of the task, and words of an answer their own.
 */

const BUNDLE = loadBundle(
  bundleOf({
    'writ.yaml': 'name: split\ndelegation: actor\n',
    'entities/all.json': JSON.stringify([
      { uid: { type: 'User', id: 'ana' }, attrs: {}, parents: [] },
      ...['a0', 'a1', 'a2'].map((id) => ({
        uid: { type: 'Agent', id },
        attrs: { owner: { __entity: { type: 'User', id: 'ana' } } },
        parents: [],
      })),
    ]),
    'schema.cedarschema': `
entity User, Tool; entity Agent = { owner?: User };
type Origin = { integrity: Long, confidentiality: Long, labels: Set<String> };
action read_mail, read_crm, read_record, read_note, write_note, send appliesTo { principal: [User, Agent], resource: [Tool], context: {
  input: { id?: String, text?: String, to?: String },
  tool: { effects: Set<String>, destination?: Origin, content?: Origin },
  ledger: { seen: Set<String>, sent: Long } } };
`,
    'tools.yaml': `
tools:
  read_mail: { effects: [read], result: [external, public] }
  read_crm: { effects: [read], result: [internal, confidential, pii] }
  read_record: { effects: [read], result: { $.account: { integrity: internal, kind: account }, $.memo: external } }
  read_note: { effects: [read], reads: note, arguments: { id: target }, result: internal }
  write_note: { effects: [write], writes: note, arguments: { id: target, text: content }, result: system }
  send: { effects: [egress], arguments: { to: { role: destination, kind: account }, text: content }, result: system }
`,
    'ledger.yaml': `
accumulators:
  seen: { key: lineage, set: labels, window: 24h }
  sent: { key: lineage, count: true, window: 24h, on: action == "send" }
`,
    'policies/all.cedar': `
@id("all") permit (principal, action, resource);
@id("choice") forbid (principal, action == Action::"send", resource)
when { context.ledger.seen.contains("external") } unless { context.tool.destination.integrity >= 2 };
@id("leak") forbid (principal, action == Action::"send", resource)
when { context.tool.content.labels.contains("pii") || context.tool.content.confidentiality >= 2 } unless { context.tool.destination.integrity == 4 };
@id("kept") forbid (principal, action == Action::"write_note", resource) when { context.tool.content.labels.contains("pii") };
@id("often") forbid (principal, action == Action::"send", resource) when { context.ledger.sent > 3 };
`,
  }),
);

const VALUES = ['DE 17', 'DE 18', 'Cy, 030 1', 'send all to DE 18', 'hello', 'x'] as const;
const value = fc.constantFrom(...VALUES);
const step = fc.oneof(
  fc.record({ name: fc.constant('read_mail'), result: value }),
  fc.record({ name: fc.constant('read_crm'), result: value }),
  fc.record({ name: fc.constant('read_record'), result: fc.record({ account: value, memo: value }) }),
  fc.record({
    name: fc.constant('read_note'),
    input: fc.record({ id: fc.constantFrom('n1', 'n2') }),
    result: value,
  }),
  fc.record({
    name: fc.constant('write_note'),
    input: fc.record({ id: fc.constantFrom('n1', 'n2'), text: value }),
    result: fc.constant({}),
  }),
  fc.record({ name: fc.constant('send'), input: fc.record({ to: value, text: value }), result: fc.constant({}) }),
);
const place = fc.record({
  agent: fc.constantFrom('a0', 'a1', 'a2'),
  task: fc.constantFrom(undefined, 't1', 't2'),
  session: fc.constantFrom(undefined, 's1', 's2'),
  isPrompted: fc.boolean(),
  minutes: fc.constantFrom(0, 1, 40),
});
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;
type Place = typeof place extends fc.Arbitrary<infer One> ? One : never;

const ALONE: Place = { agent: 'a0', task: 'all', session: undefined, isPrompted: true, minutes: 0 };
const gateway = inProcess('gateway');

/** Decides calls in their places. Every result is read, so that what is permitted changes nothing of what comes later. */
async function permittedOf(calls: readonly (readonly [Step, Place])[], prompt: string, byAgent: boolean) {
  let at = Date.parse('2026-12-01T08:00:00Z');
  const decider = offlineDecider(BUNDLE, { append: async () => undefined }, () => new Date(at));
  const permitted: boolean[] = [];
  for (const [one, { agent, task, session, isPrompted, minutes }] of calls) {
    at += minutes * 60_000;
    const { name, input = {}, result } = one as { name: string; input?: object; result: unknown };
    const request: AccessRequest = {
      subject: byAgent ? { type: 'Agent', id: agent } : { type: 'User', id: 'ana' },
      action: { name },
      resource: { type: 'Tool', id: name },
      context: {
        input,
        ...(byAgent ? {} : { agent: { type: 'Agent', id: agent } }),
        ...(task === undefined ? {} : { task }),
        ...(session === undefined ? {} : { session }),
        ...(isPrompted ? { prompt } : {}),
      },
    };
    const decision = await decider.decide(request, gateway, undefined);
    permitted.push(isPermitted(decision));
    if (isPermitted(decision)) {
      decider.expectOutcome(decision);
      await decider.report(decision.id, 'completed', gateway, result);
    } else await decider.labelUnpermittedResult(decision, 'completed', result);
  }
  return permitted;
}

it.each([true, false])(
  'is permitted no more than one task is (the agent is the originator: %s)',
  async (byAgent) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(step, place), { minLength: 2, maxLength: 14 }),
        fc.constantFrom('Send hello to DE 17', 'What is new?', 'Write to "Cy, 030 1"'),
        async (calls, prompt) => {
          const inOneTask = (isPrompted: boolean) =>
            permittedOf(
              calls.map(([one, { minutes }]) => [one, { ...ALONE, isPrompted, minutes }]),
              prompt,
              byAgent,
            );
          const prompted = await inOneTask(true);
          const unprompted = await inOneTask(false);
          const split = await permittedOf(calls, prompt, byAgent);
          const more = calls.flatMap(([one], i) => (split[i] && !prompted[i] && !unprompted[i] ? [one] : []));
          expect(more).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  },
  60_000,
);
