import type { ActionDeclaration } from '@writ/cedar';
import type { AccessRequest } from '@writ/sdk/authzen';
import { describe, expect, it } from 'vitest';
import { planeFrom } from '../../test/planes.js';
import type { Origin } from '../ledger/flow/origins.js';
import { leavesOf } from '../ledger/flow/result-labels.js';
import { readAnswer } from '../ledger/flow/result-value.js';
import { saidIn } from '../ledger/flow/said-values.js';
import { NOTHING_STORED } from '../ledger/flow/stored-labels.js';
import { Ledger } from '../ledger/ledger.js';
import type { TaskKey } from '../lib/ids.js';
import { type DataFlow, dataFlowOf, readsArguments, recordedOrigins, untraced } from './data-flow.js';
import type { Coverage } from './mandates.js';

const plane = planeFrom({
  'schema.cedarschema': `
    entity User, Tool, Page;
    type Summary = { integrity: Long };
    action seen appliesTo { principal: [User], resource: [Tool], context: { tool: { effects: Set<String> } } };
    action read appliesTo { principal: [User], resource: [Tool], context: { tool: { effects: Set<String>, authority: Long } } };
    action traced appliesTo { principal: [User], resource: [Tool], context: { origins: { to?: Summary } } };
    action plain appliesTo { principal: [User], resource: [Tool] };`,
  'tools.yaml': `
tools:
  send_mail: { effects: [egress], arguments: { to: destination, body: content } }
  get_customer: { effects: [read], result: { $: [confidential], $.mail: { kind: email } } }
  read_page: { effects: [read], arguments: { page: target }, reads: wiki }
  write_page: { effects: [write], arguments: { page: target, text: content }, writes: wiki }
`,
  'policies/all.cedar': '@id("p") permit(principal, action, resource);',
});
const now = new Date('2026-06-01T12:00:00Z');
const task = 'task' as TaskKey;
const call = (name: string, input: object, resource = { type: 'Tool', id: name }): AccessRequest => ({
  subject: { type: 'User', id: 'ana' },
  action: { name },
  resource,
  context: { input },
});
const flowOf = (request: AccessRequest, ledger = new Ledger({}), coverage?: Coverage): DataFlow =>
  dataFlowOf(plane.tools.of(request.action.name), request, { ledger, task, coverage, now });
const froms = ({ call: traced }: DataFlow) => traced?.origins.map(({ argument, role, from }) => [argument, role, from]);

/** A ledger in whose store a task has left labels, or in whose task something was read. */
const entered = (request: AccessRequest, labels: readonly string[], ledger = new Ledger({})): Ledger => {
  const { data } = flowOf(request, ledger);
  const keys = { task, actor: 'a', originator: 'o', resource: 'r', session: 's' };
  const event = {
    ...{ action: 'x', input: {}, lineage: 'o', labels, keys },
    resource: request.resource,
    effects: [],
    call: undefined,
    data,
  };
  ledger.reserve('01JX0000000000000000000000', event, now);
  return ledger;
};

it('untraced has the labels that the tool is described by, and nothing else', () => {
  const tool = plane.tools.of('get_customer');
  expect(untraced(tool)).toEqual({ tool, call: undefined, addedLabels: tool.addedLabels, data: undefined });
});

describe('readsArguments', () => {
  it.each([
    ['plain', false],
    ['seen', false],
    ['read', true],
    ['traced', true],
  ])('of %s is %s', (action, expected) => {
    expect(readsArguments(plane.actions.get(action) as ActionDeclaration)).toBe(expected);
  });
});

describe('the origin of an argument', () => {
  const mail = call('send_mail', { to: 'ana@shop.example', body: 'hello' });
  it('is nowhere, if nobody said it', () => {
    expect(froms(flowOf(mail))).toEqual([
      ['to', 'destination', 'nowhere'],
      ['body', 'content', 'nowhere'],
    ]);
  });

  it('is the prompt, if the user said it', () => {
    const ledger = new Ledger({});
    ledger.values.update(task, (values) => values.addPrompt('mail ana@shop.example'));
    expect(froms(flowOf(mail, ledger))?.[0]).toEqual(['to', 'destination', 'prompt']);
  });

  it('is a field of a result, if a tool answered it', () => {
    const ledger = new Ledger({});
    const tool = plane.tools.of('get_customer');
    const answer = readAnswer({ content: [{ type: 'text', text: '{"mail":"ana@shop.example"}' }] }, 'json');
    ledger.values.update(task, (values) =>
      values.addResult('d-1', 'get_customer', saidIn(leavesOf(tool, {}, answer as never, NOTHING_STORED))),
    );
    const flow = flowOf(mail, ledger);
    expect(froms(flow)?.[0]).toEqual(['to', 'destination', 'field']);
    expect(flow.call?.origins[0]?.labels).toEqual(expect.arrayContaining(['confidential']));
  });

  it.each([
    ['the mandate, if it names the value', { covers: true, namedInput: ['to'], grant: 0 }, 'mandate'],
    ['nowhere, if the mandate does not cover the call', { covers: false, namedInput: ['to'] }, 'nowhere'],
  ])('is %s', (_clause, coverage, from) => {
    const flow = flowOf(mail, new Ledger({}), { kind: 'k', namesResource: false, ...coverage });
    expect(froms(flow)?.[0]).toEqual(['to', 'destination', from]);
  });
});

describe('a store', () => {
  const [write, read] = [call('write_page', { page: 'p-1', text: 'hi' }), call('read_page', { page: 'p-1' })];
  it('gives back the labels that were left under an item', () => {
    const ledger = entered(call('get_customer', {}), ['confidential']);
    entered(write, [], ledger);
    const flow = flowOf(read, ledger);
    expect(flow.data?.stored).toEqual(['confidential']);
    expect(flow.addedLabels).toEqual(expect.arrayContaining(['confidential']));
  });

  it('gives back none of another item', () => {
    const ledger = entered(write, [], entered(call('get_customer', {}), ['confidential']));
    expect(flowOf(call('read_page', { page: 'p-2' }), ledger).data?.stored).toEqual([]);
  });

  it('keeps what its content carries', () => {
    const ledger = entered(call('get_customer', {}), ['confidential']);
    expect(flowOf(write, ledger).data).toMatchObject({ labels: ['confidential'], writes: [expect.any(String)] });
    expect(flowOf(read, ledger).data).toMatchObject({ labels: [], writes: [] });
  });

  it.each([
    ['the targets, for the tool itself', call('write_page', { page: 'p-1' }), 1],
    [
      'the resource too, if the call was mapped to one',
      call('write_page', { page: 'p-1' }, { type: 'Page', id: 'x' }),
      2,
    ],
    ['the whole store, if nothing is named', call('write_page', {}), 1],
  ])('is written under %s', (_clause, request, keys) => {
    expect(flowOf(request).data?.writes).toHaveLength(keys);
  });
});

it('recordedOrigins keeps at most 50', () => {
  const origins = Array.from(
    { length: 60 },
    (_, i) => ({ argument: `a${i}`, labels: [] as readonly string[] }) as Origin,
  );
  expect(recordedOrigins(origins)).toEqual(origins.slice(0, 50));
});
