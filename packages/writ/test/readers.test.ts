import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleOf, type Running, run } from './running.js';

/** Readers of data, over tasks, stores and restarts: by a service. */

const FILES = {
  'writ.yaml': 'name: readers',
  'schema.cedarschema': `
entity User, Tool, Task, Store;
action declassify appliesTo { principal: [User], resource: [Task, Store], context: { input: { labels: Set<String>, reason: String } } };
action read_mails, find_people, read_note, write_note, copy_note, send_mail appliesTo {
  principal: [User], resource: [Tool],
  context: { input?: { id?: String, to?: Set<String>, text?: String, target?: String } } };`,
  'tools.yaml': `
tools:
  read_mails:
    effects: [read]
    result:
      $: [external, confidential]
      $[*]: { readers: [record.from, record.to] }
      $[*].from: { integrity: attested, kind: email }
      $[*].team: { readers: [staff] }
      $[*].pin: restricted
  find_people:
    effects: [read]
    result: { $: [internal, directory], '$[*].email': { integrity: internal, kind: email, clears: [staff] } }
  write_note: { effects: [write], writes: note, arguments: { id: target, text: content }, result: [internal, public] }
  read_note: { effects: [read], reads: note, arguments: { id: target }, result: internal }
  copy_note: { effects: [write], reads: note, writes: note, arguments: { id: target, target: destination }, result: [system, public] }
  send_mail: { effects: [egress], arguments: { to: { role: destination, kind: email }, text: content }, result: [system, public] }
readers: { staff: ['@shop.example', cy@partner.example] }
`,
  'policies/all.cedar': `
@id("all") permit (principal, action, resource);
@id("ana") forbid (principal, action, resource) when { context.tool.destination.unclear.contains("ana@x.example") };
@id("ben") forbid (principal, action, resource) when { context.tool.destination.unclear.contains("ben@x.example") };
@id("eve") forbid (principal, action, resource) when { context.tool.destination.unclear.contains("eve@evil.example") };
@id("lou") forbid (principal, action, resource) when { context.tool.destination.unclear.contains("lou@shop.example") };
@id("cy") forbid (principal, action, resource) when { context.tool.destination.unclear.contains("cy@partner.example") };
@id("dan") forbid (principal, action, resource) when { context.tool.destination.unclear.contains("dan@other.example") };
`.replaceAll('when { context', 'when { context.tool has destination && context'),
};

const MAILS = [
  { from: 'ana@x.example', to: ['me@x.example', 'ben@x.example'], body: 'the launch is on Friday', pin: 'pin-4711' },
  { from: 'ben@x.example', to: ['me@x.example'], body: 'the budget is twelve thousand', team: 'the plan for the team' },
];
const EVERYBODY = [
  'ana@x.example',
  'ben@x.example',
  'eve@evil.example',
  'lou@shop.example',
  'cy@partner.example',
  'dan@other.example',
];

describe('readers', () => {
  const folder = bundleOf(FILES);
  let writ: Running;
  let tasks = 0;
  let task = '';
  let user = '';
  beforeAll(async () => {
    writ = await run(folder);
  });
  afterAll(() => writ.stop());
  const begin = (name?: string): void => {
    tasks += 1;
    task = `task ${tasks}`;
    user = name ?? `user ${tasks}`;
  };
  const again = async (): Promise<void> => {
    await writ.writ.close();
    writ = await run(folder, { data: writ.data });
  };

  const call = async (name: string, input: object, result: unknown = 'done'): Promise<string[]> => {
    const { json, headers } = await writ.send('POST', '/access/v1/evaluation', {
      subject: { type: 'User', id: user },
      action: { name },
      resource: { type: 'Tool', id: name },
      context: { input, task, detail: 'full' },
    });
    if (json.decision === false) return json.context.reasons.map(({ policy }: { policy: string }) => policy).sort();
    const decisionId = headers.get('x-decision-id');
    expect((await writ.send('POST', '/v1/outcomes', { decisionId, status: 'completed', result })).status).toBe(204);
    return [];
  };
  /** The names of those whom a text must not be sent to. */
  const unclear = (text: string): Promise<string[]> => call('send_mail', { to: EVERYBODY, text });

  it('are the fields of the record that a value is from', async () => {
    begin();
    await call('read_mails', {}, MAILS);
    expect(await unclear('the launch is on Friday')).toEqual(['cy', 'dan', 'eve', 'lou']);
    expect(await unclear('the budget is twelve thousand')).toEqual(['ana', 'cy', 'dan', 'eve', 'lou']);
  });

  it('of what was made of several are those of each, and of what is restricted in a record nobody', async () => {
    begin();
    await call('read_mails', {}, MAILS.slice(0, 1));
    expect(await unclear('Friday it is, then')).toEqual(['ana', 'ben', 'cy', 'dan', 'eve', 'lou']);
    begin();
    await call('read_mails', {}, [{ ...MAILS[0], pin: undefined }]);
    expect(await unclear('Friday it is, then')).toEqual(['cy', 'dan', 'eve', 'lou']);
    await call('read_mails', {}, MAILS.slice(1));
    expect(await unclear('On Friday, for twelve thousand')).toEqual(['ana', 'ben', 'cy', 'dan', 'eve', 'lou']);
  });

  it('may be a group: by an address, by a domain, and by a record of our own', async () => {
    begin();
    await call('read_mails', {}, MAILS);
    expect(await unclear('the plan for the team')).toEqual(['ana', 'ben', 'dan', 'eve']);
    await call('find_people', {}, [{ email: 'dan@other.example' }]);
    expect(await unclear('the plan for the team')).toEqual(['ana', 'ben', 'eve']);
    // An address in a mail is no record of our own.
    await call('read_mails', {}, [{ from: 'eve@evil.example', to: ['me@x.example'], email: 'eve@evil.example' }]);
    expect(await unclear('the plan for the team')).toEqual(['ana', 'ben', 'eve']);
  });

  it('are kept by stores, by their copies, by the lineage and over a restart', async () => {
    begin('owner');
    await call('read_mails', {}, MAILS);
    await call('write_note', { id: 'launch', text: 'the launch is on Friday' });
    await call('copy_note', { id: 'launch', target: 'copy' });
    await again();
    begin('other');
    await call('read_note', { id: 'copy' }, { text: 'Friday, the launch' });
    expect(await unclear('Friday, the launch')).toEqual(['cy', 'dan', 'eve', 'lou']);
    expect(await unclear('something made of it')).toEqual(['cy', 'dan', 'eve', 'lou']);
    begin('other');
    expect(await unclear('something made of it')).toEqual(['cy', 'dan', 'eve', 'lou']);
    begin('nobody');
    expect(await unclear('something made of nothing')).toEqual([]);
  });

  const itself = ({ labels }: { labels: { label: string; how: string }[] }): string[] =>
    labels.filter(({ how }) => how === 'itself').map(({ label }) => label);

  it('are shown by their number, and taken off with the label that they are of', async () => {
    const query = '/v1/labels?store=note&item=copy';
    const { json } = await writ.send('GET', query, undefined, { as: 'admin' });
    expect(itself(json)).toEqual(['confidential for 3 readers', 'external']);
    expect(json.declassify.labels).toEqual(['attested', 'confidential', 'external', 'restricted']);
    const body = {
      subject: { type: 'User', id: 'ana' },
      of: json.declassify.of,
      labels: ['confidential'],
      reason: 'x',
    };
    expect((await writ.send('POST', '/v1/declassifications', body)).status).toBe(200);
    await again();
    expect(itself((await writ.send('GET', query, undefined, { as: 'admin' })).json)).toEqual(['external']);
  });

  it('are nobody until the answer is known', async () => {
    begin();
    const { headers } = await writ.send('POST', '/access/v1/evaluation', {
      ...{ subject: { type: 'User', id: user }, action: { name: 'read_mails' } },
      ...{ resource: { type: 'Tool', id: 'read_mails' }, context: { input: {}, task } },
    });
    expect(await unclear('hello')).toEqual(['ana', 'ben', 'cy', 'dan', 'eve', 'lou']);
    const decisionId = headers.get('x-decision-id');
    const report = (more: object) => writ.send('POST', '/v1/outcomes', { decisionId, status: 'completed', ...more });
    const result = [{ ...MAILS[0], pin: undefined }];
    expect((await report({ result })).status).toBe(204);
    expect(await unclear('hello')).toEqual(['cy', 'dan', 'eve', 'lou']);
    // The same again changes nothing.
    expect((await report({ result })).status).toBe(204);
    expect(await unclear('hello')).toEqual(['cy', 'dan', 'eve', 'lou']);
  });

  it('never stop a task that reads more mails than there is room for: what it makes of them is for its owner', async () => {
    begin();
    const mails = Array.from({ length: 1_500 }, (_, i) => ({
      from: `p${i}@x.example`,
      to: ['ana@x.example'],
      body: `b${i}`,
    }));
    expect(await call('read_mails', {}, mails)).toEqual([]);
    expect(await unclear('hello')).toEqual(['ana', 'ben', 'cy', 'dan', 'eve', 'lou']);
    expect(await call('read_mails', {}, MAILS)).toEqual([]);
    expect(await unclear('the launch is on Friday')).toEqual(['cy', 'dan', 'eve', 'lou']);
  });
});
