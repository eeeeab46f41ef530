import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBundle } from '../src/bundle/bundle.js';
import { checkBundle } from '../src/bundle/check/check.js';
import { bundleOf, type Running, run } from './running.js';

/** The five results and the Obligations Profile. */

const FILES = {
  'writ.yaml': `
name: results
callers:
  notifier: { obligations: [notification] }
`,
  'schema.cedarschema': `
entity User { level: Long };
entity Doc { owner?: String };
action read, mail, redacted, several, pay, wire, close, guarded appliesTo { principal: [User], resource: [Doc] };
`,
  'obligations.yaml': `
obligations:
  tell-owner: { type: notification, properties: { to: owner@shop.example, body: somebody read it } }
  hide-iban: { type: redact, properties: { path: $.iban } }
`,
  'policies/all.cedar': `
@id("read") permit (principal, action == Action::"read", resource);
@id("mail") @obligation("tell-owner") permit (principal, action == Action::"mail", resource);
@id("redacted") @obligation("hide-iban") permit (principal, action == Action::"redacted", resource);
@id("several") @obligation("hide-iban tell-owner") permit (principal, action == Action::"several", resource);
@id("pay") permit (principal, action == Action::"pay", resource);
@id("pay-with-care") @reason("payments need a second factor") @stepUp("urn:shop:loa:3")
forbid (principal, action == Action::"pay", resource);
@id("wire") permit (principal, action == Action::"wire", resource);
@id("wire-on-request") @requestable("treasury") forbid (principal, action == Action::"wire", resource);
@id("wire-never-for-mallory") forbid (principal == User::"mallory", action == Action::"wire", resource);
@id("close-with-care") @stepUp("urn:shop:loa:3") forbid (principal, action == Action::"close", resource);
@id("guarded") permit (principal, action == Action::"guarded", resource) when { principal.level > 2 };
`,
  'entities/users.json': JSON.stringify(
    ['ana', 'mallory'].map((id) => ({ uid: { type: 'User', id }, attrs: { level: 3 } })),
  ),
};

let writ: Running;
beforeAll(async () => {
  writ = await run(bundleOf(FILES));
});
afterAll(() => writ.stop());

const ask = async (action: string, { user = 'ana', context = {}, as = 'default' } = {}) =>
  (
    await writ.send(
      'POST',
      '/access/v1/evaluation',
      { subject: { type: 'User', id: user }, action: { name: action }, resource: { type: 'Doc', id: '1' }, context },
      { as },
    )
  ).json;
const notification = {
  id: 'tell-owner',
  type: 'notification',
  properties: { to: 'owner@shop.example', body: 'somebody read it' },
};
const redact = { id: 'hide-iban', type: 'redact', properties: { path: '$.iban' } };

describe('obligations', () => {
  it('are in the metadata', async () => {
    const { json } = await writ.send('GET', '/.well-known/authzen-configuration', undefined, { as: null });
    expect(json.supported_obligations).toEqual(['notification', 'redact', 'step-up']);
  });

  it('a permit with one that the enforcement point did not say it can carry out is a denial', async () => {
    expect(await ask('mail')).toEqual({ decision: false });
    expect(await ask('mail', { context: { supported_obligations: ['redact', 'made-up'] } })).toEqual({
      decision: false,
    });
    expect(await ask('mail', { context: { supported_obligations: 'notification' } })).toEqual({ decision: false });
  });

  it('reach one that said so in the request', async () => {
    const answer = await ask('mail', { context: { supported_obligations: ['notification'] } });
    expect(answer).toMatchObject({ decision: true, context: { result: 'allow', obligations: [notification] } });
    expect(answer.context).not.toHaveProperty('reasons');
  });

  it('reach one that is registered so', async () => {
    expect(await ask('mail', { as: 'notifier' })).toMatchObject({
      decision: true,
      context: { obligations: [notification] },
    });
    expect(await ask('redacted', { as: 'notifier' })).toEqual({ decision: false });
  });

  it('one that changes the input or the result makes the permit a `modify`', async () => {
    const context = { supported_obligations: ['redact', 'notification'] };
    expect(await ask('redacted', { context })).toMatchObject({
      decision: true,
      context: { result: 'modify', obligations: [redact] },
    });
    const several = await ask('several', { context });
    expect(several).toMatchObject({ decision: true, context: { result: 'modify' } });
    expect(several.context.obligations).toEqual([redact, notification]);
  });

  it('a search names them with the result, and leaves out what cannot be carried out', async () => {
    const search = (context: object) =>
      writ.send('POST', '/access/v1/search/action', {
        subject: { type: 'User', id: 'ana' },
        resource: { type: 'Doc', id: '1' },
        context,
      });
    expect((await search({})).json.results).toEqual([{ name: 'guarded' }, { name: 'read' }]);
    expect((await search({ supported_obligations: ['redact'] })).json.results).toEqual([
      { name: 'guarded' },
      { name: 'read' },
      { name: 'redacted', obligations: [redact] },
    ]);
  });
});

describe('a denial that somebody can lift', () => {
  const stepUp = { id: 'pay-with-care', type: 'step-up', properties: { acr_value: 'urn:shop:loa:3' } };

  it('by a step-up: only a `@stepUp` stands in the way', async () => {
    expect(await ask('pay')).toMatchObject({ decision: false, context: { result: 'step_up', obligations: [stepUp] } });
  });

  it('on request: only a `@requestable` stands in the way', async () => {
    expect(await ask('wire')).toMatchObject({
      decision: false,
      context: { result: 'step_up', requestable: ['wire-on-request'] },
    });
  });

  it('is a denial when a plain forbid stands in the way too', async () => {
    expect(await ask('wire', { user: 'mallory' })).toEqual({ decision: false });
  });

  it('is a denial when nothing would permit it after the step-up', async () => {
    expect(await ask('close')).toEqual({ decision: false });
    const { context } = await ask('close', { context: { detail: 'reasons' } });
    expect(context).toMatchObject({ result: 'deny', refusal: { code: 'not_permitted' } });
  });
});

describe('a decision that waits for a fact', () => {
  it('names the fact that the schema promises and nobody holds', async () => {
    expect(await ask('guarded', { user: 'new' })).toMatchObject({
      decision: false,
      context: {
        result: 'defer',
        missing: [{ entity: { type: 'User', id: 'new' }, attribute: 'level' }],
        retry_after: 30,
      },
    });
    expect(await ask('guarded')).toEqual({ decision: true });
  });
});

describe('`writ check` finds annotations that stand where they cannot', () => {
  it.each([
    ['an obligation that is not declared', '@obligation("tell-nobody") permit', /tell-nobody is not declared/],
    ['an obligation on a forbid', '@obligation("tell-owner") forbid', /@obligation stands on a forbid/],
    ['a step-up on a permit', '@stepUp("urn:x") permit', /@stepUp stands on a permit/],
    ['a request on a permit', '@requestable("x") permit', /@requestable stands on a permit/],
    ['a step-up to nothing', '@stepUp("") forbid', /names no acr value/],
  ])('%s', (_what, policy, message) => {
    const folder = bundleOf({
      ...FILES,
      'policies/more.cedar': `@id("more") ${policy} (principal, action == Action::"read", resource);`,
    });
    const { bundle } = readBundle(folder);
    const findings = bundle === undefined ? [] : checkBundle(bundle);
    expect(
      findings
        .filter(({ severity }) => severity === 'error')
        .map(({ message: text }) => text)
        .join(),
    ).toMatch(message);
  });

  it('a notification to nobody', () => {
    const folder = bundleOf({ ...FILES, 'obligations.yaml': 'obligations: { tell-owner: { type: notification } }' });
    expect(
      readBundle(folder)
        .findings.map(({ message }) => message)
        .join(),
    ).toMatch(/a notification has `to`/);
  });

  it('a service policy that does not fit its schema', () => {
    const folder = bundleOf({
      ...FILES,
      'service/x.cedar': '@id("x") permit (principal, action == Action::"reed", resource);',
    });
    const { bundle } = readBundle(folder);
    expect((bundle === undefined ? [] : checkBundle(bundle)).some(({ file }) => file === 'service/x.cedar')).toBe(true);
  });
});
