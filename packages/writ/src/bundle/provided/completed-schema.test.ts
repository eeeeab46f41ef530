import type { CedarType, Schema } from '@writ/cedar';
import { describe, expect, it } from 'vitest';
import { readBundleFrom } from '../bundle.js';
import { checkBundle } from '../check/check.js';

const SCHEMA = `
entity User; entity Task; entity Tool;
type Common = { input: { amount: Long } };
action changing;
action "pay out" in [changing] appliesTo { principal: [User], resource: [Tool], context: Common };
action look appliesTo { principal: [User], resource: [Tool], context: { input?: { id: String } } };
action bare appliesTo { principal: [User], resource: [Tool] };
action start_task appliesTo { principal: [User], resource: [Task] };
`;
const TASKS = 'default: some\ntasks: { some: { mandate: [{ effects: [read] }] } }\n';
const LEDGER =
  'accumulators:\n  paid: { key: task, sum: input.amount, on: action == "pay out" }\n  seen: { key: task, set: labels }\n';

function read(policies: string, more: Readonly<Record<string, string>> = {}) {
  const files = { 'writ.yaml': 'name: x\n', 'schema.cedarschema': SCHEMA, 'policies/all.cedar': policies, ...more };
  const texts = new Map(Object.entries(files));
  const { bundle, findings } = readBundleFrom({ root: '/', texts, version: 'sha256:0', unread: [] });
  const errors = (bundle === undefined ? findings : checkBundle(bundle)).filter(({ severity }) => severity === 'error');
  return { bundle, errors: errors.map(({ message }) => message) };
}
const shape = (type: CedarType): unknown =>
  type.kind === 'record'
    ? Object.fromEntries(
        [...type.attributes].map(([name, { type: inner, required }]) => [
          `${name}${required ? '' : '?'}`,
          shape(inner),
        ]),
      )
    : type.kind === 'set'
      ? [shape(type.element)]
      : type.kind === 'extension'
        ? type.name
        : type.kind;
const contextOf = (schema: Schema | undefined, id: string): unknown => {
  const action = schema?.action({ type: 'Action', id });
  return action && shape(action.context);
};

describe('the schema of a bundle', () => {
  it('is completed with the mandate that policies read, without a declaration for each action', () => {
    const { bundle, errors } = read(
      '@id("a") forbid (principal, action, resource) when { context has mandate && !context.mandate.covers };\n@id("b") permit (principal, action, resource);',
      { 'tasks.yaml': TASKS },
    );
    expect(errors).toEqual([]);
    expect(contextOf(bundle?.schema, 'pay out')).toEqual({ input: { amount: 'long' }, mandate: { covers: 'bool' } });
    expect(contextOf(bundle?.schema, 'look')).toEqual({ 'input?': { id: 'string' }, mandate: { covers: 'bool' } });
    expect(contextOf(bundle?.schema, 'bare')).toEqual({ mandate: { covers: 'bool' } });
    // No mandate is for the actions of Writ itself.
    expect(contextOf(bundle?.schema, 'start_task')).toEqual({ 'mandate?': { covers: 'bool' } });
  });

  it('has it as optional where only a token brings a mandate, so that a policy that expects one is an error', () => {
    const policies = '@id("a") permit (principal, action == Action::"look", resource) when { context.mandate.covers };';
    expect(read(policies, { 'tasks.yaml': TASKS }).errors).toEqual([]);
    expect(read(policies).errors.join()).toContain('mandate');
  });

  it('is completed for the actions alone that a policy is on, also by their group', () => {
    const { bundle } = read(
      `@id("a") permit (principal, action in Action::"changing", resource) when { context.ledger.paid < 5 && context.tool.authority > 1 };
       @id("b") permit (principal, action == Action::"look", resource) when { context.now < datetime("2030-01-01") && context.ledger.seen.contains("pii") };`,
      { 'ledger.yaml': LEDGER },
    );
    expect(contextOf(bundle?.schema, 'pay out')).toEqual({
      input: { amount: 'long' },
      ledger: { paid: 'long' },
      tool: { authority: 'long' },
    });
    expect(contextOf(bundle?.schema, 'look')).toEqual({
      'input?': { id: 'string' },
      now: 'datetime',
      ledger: { seen: ['string'] },
    });
    expect(contextOf(bundle?.schema, 'bare')).toEqual({});
  });

  it('has the origins of roles and arguments as optional, with the parts that are read', () => {
    const { bundle, errors } = read(
      '@id("a") permit (principal, action == Action::"pay out", resource) when { context.tool has destination && context.tool.destination.integrity >= 2 && context.origins has amount.from };',
    );
    expect(errors).toEqual([]);
    expect(contextOf(bundle?.schema, 'pay out')).toEqual({
      input: { amount: 'long' },
      tool: { 'destination?': { integrity: 'long' } },
      origins: { 'amount?': { from: ['string'] } },
    });
  });

  it.each([
    ['of the caller', 'context.sources == "x"'],
    ['that Writ does not provide', 'context.mandate.covers2'],
    ['of an accumulator that nobody declares', 'context.ledger.nothing > 1'],
    ['whose type is that of the bundle', 'context.provenance.originator == principal'],
  ])('stays without an attribute %s', (_what, condition) => {
    const { errors } = read(`@id("a") permit (principal, action == Action::"look", resource) when { ${condition} };`);
    expect(errors).not.toEqual([]);
  });

  it('stays as it is declared: a declared part is not changed', () => {
    const own = SCHEMA.replace('{ input?: { id: String } }', '{ mandate?: { kind: String } }');
    const policies = (part: string) =>
      `@id("a") permit (principal, action == Action::"look", resource) when { context has mandate && ${part} };`;
    const { bundle, errors } = read(policies('context.mandate.kind == "x"'), {
      'schema.cedarschema': own,
      'tasks.yaml': TASKS,
    });
    expect(errors).toEqual([]);
    expect(contextOf(bundle?.schema, 'look')).toEqual({ 'mandate?': { kind: 'string' } });
    expect(bundle?.schema.text).toBe(own);
    expect(
      read(policies('context.mandate.covers'), { 'schema.cedarschema': own, 'tasks.yaml': TASKS }).errors,
    ).not.toEqual([]);
  });

  it('is not completed where it gives a type of Cedar another meaning', () => {
    const own = `${SCHEMA}\ntype datetime = Long;\naction timed appliesTo { principal: [User], resource: [Tool], context: { at: datetime } };`;
    const { errors } = read(
      '@id("a") permit (principal, action, resource) when { context.now < datetime("2030-01-01") };',
      {
        'schema.cedarschema': own,
      },
    );
    expect(errors.join()).toContain('now');
  });
});
