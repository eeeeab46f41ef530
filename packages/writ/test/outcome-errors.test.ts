import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleOf, type Running, run } from './running.js';

/** Another party writes the error of an outcome: it is protected as the arguments are (attack F18). */
describe('the error of an outcome', () => {
  let writ: Running;
  beforeAll(async () => {
    writ = await run(
      bundleOf({
        'writ.yaml':
          'name: kept\nrecord: { erasable: [User], mask: [{ path: input.iban, as: hash }, { class: card, as: drop }] }\n',
        'schema.cedarschema':
          'entity User, Order; action pay appliesTo { principal: [User], resource: [Order], context: { input?: { iban?: String, password?: String, note?: String } } };',
        'policies/all.cedar': '@id("all") permit (principal, action, resource);',
      }),
    );
  });
  afterAll(() => writ.stop());

  const pay = async (user: string, input: object): Promise<string> => {
    const asked = {
      subject: { type: 'User', id: user },
      action: { name: 'pay' },
      resource: { type: 'Order', id: '1' },
      context: { input },
    };
    const { headers } = await writ.send('POST', '/access/v1/evaluation', asked);
    return headers.get('x-decision-id') as string;
  };
  const fail = async (decisionId: string, error: string): Promise<void> => {
    expect((await writ.send('POST', '/v1/outcomes', { decisionId, status: 'failed', error })).status).toBe(204);
  };
  const errorOf = async (id: string): Promise<string | undefined> =>
    (await writ.send('GET', `/v1/decisions/${id}`, undefined, { as: 'admin' })).json.outcome?.error;
  const onDisk = (text: string): string[] =>
    readdirSync(writ.data).filter((name) => {
      const file = join(writ.data, name);
      return name.includes('.') && readFileSync(file).includes(text);
    });

  it('is masked as the arguments are: by path, by name, by class and by form, also where it is cut', async () => {
    const id = await pay('ben', { iban: 'XX00TESTIBAN99', password: 'correct-horse', note: 'x' });
    const error =
      'no XX00TESTIBAN99 for correct-horse, card 4111 1111 1111 1111, at postgres://u:hunter2@db with Bearer abc.DEF-9';
    await fail(id, error);
    const said = await errorOf(id);
    expect(said).toMatch(
      /^no \[masked\] for \[masked\], card \[masked card dropped\], at postgres:\/\/u:\[masked secret/,
    );
    for (const gone of ['XX00TESTIBAN99', 'correct-horse', '4111 1111', 'hunter2', 'abc.DEF-9']) {
      expect(said).not.toContain(gone);
      expect(onDisk(gone)).toEqual([]);
    }
    const other = await pay('ben', { iban: 'XX00TESTIBAN99' });
    await fail(other, `${'x'.repeat(490)}XX00TESTIBAN99 is no account`);
    expect(await errorOf(other)).toBe(`${'x'.repeat(490)}[masked]`);
  });

  it('is erased with the people whom its decision is about, though it names nobody as we do', async () => {
    const [ana, eve] = [await pay('ana', {}), await pay('eve', {})];
    await fail(ana, 'no account of a certain Ana Example');
    await fail(eve, 'an honest error of somebody else');
    expect(await errorOf(ana)).toBe('no account of a certain Ana Example');
    expect(onDisk('certain Ana Example')).toEqual([]);
    const erased = await writ.send('POST', '/v1/erasures', { person: 'User::"ana"', reason: 'asked' }, { as: 'admin' });
    expect(erased.status).toBeLessThan(300);
    const log = await writ.send('GET', '/v1/log?limit=1000', undefined, { as: 'admin' });
    expect(log.text).not.toContain('certain Ana Example');
    expect(log.text).toContain('an honest error of somebody else');
    expect((await writ.send('GET', `/v1/decisions/${ana}`, undefined, { as: 'admin' })).status).toBe(410);
  });

  it('of a permit that nobody remembers is not recorded: it may be about anybody', async () => {
    const id = await pay('ben', {});
    const { data } = writ;
    await writ.writ.close();
    writ = await run(
      bundleOf({
        'writ.yaml': 'name: kept\nrecord: { erasable: [User] }\n',
        'schema.cedarschema':
          'entity User, Order; action pay appliesTo { principal: [User], resource: [Order], context: { input?: {} } };',
        'policies/all.cedar': '@id("all") permit (principal, action, resource);',
      }),
      { data },
    );
    await fail(id, 'no account of Ben Example');
    expect(await errorOf(id)).toMatch(/^not recorded: /);
  });
});

describe('credentials in a request', () => {
  let writ: Running;
  beforeAll(async () => {
    writ = await run(
      bundleOf({
        'writ.yaml': 'name: names\n',
        'schema.cedarschema':
          'entity User, Order; action pay appliesTo { principal: [User], resource: [Order], context: { input?: {} } };',
        'policies/all.cedar': '@id("all") permit (principal, action, resource);',
      }),
    );
  });
  afterAll(() => writ.stop());

  it('are masked on the record by name and by form, and honest values are not (case secret-names)', async () => {
    const names =
      'password passwd pwd pass api_key x-api-key secret client_secret token access_token id_token authorization credential ' +
      'credentials private_key cookie aws_secret_access_key auth bearer jwt connection_string connectionString database_url';
    const secrets = Object.fromEntries(names.split(' ').map((name, i) => [name, `value-of-it-${i}`]));
    const honest = {
      author: 'Ana',
      authority: 'EU',
      tokens_used: 7,
      max_tokens: 512,
      keyboard: 'qwerty',
      passenger: 'Ben',
    };
    const forms = {
      text: 'at postgres://writ:hunter2@db',
      said: 'Bearer abcDEF-123',
      url: 'https://example.com/a?b=c',
    };
    const asked = {
      subject: { type: 'User', id: 'ana' },
      action: { name: 'pay' },
      resource: { type: 'Order', id: '1' },
      context: { session: 'session-7', input: { ...secrets, headers: secrets, ...honest, ...forms } },
    };
    const { headers } = await writ.send('POST', '/access/v1/evaluation', asked);
    const id = headers.get('x-decision-id');
    const { text, json } = await writ.send('GET', `/v1/decisions/${id}`, undefined, { as: 'admin' });
    for (const gone of ['value-of-it-', 'hunter2', 'abcDEF-123']) expect(text).not.toContain(gone);
    const { input, session } = json.decision.request.context;
    expect(input).toMatchObject({ ...honest, url: forms.url });
    expect(input.text).toMatch(/^at postgres:\/\/writ:\[masked secret hmac-sha256:[\w-]{43}\]@db$/);
    expect(session).toBe('session-7');
  });
});
