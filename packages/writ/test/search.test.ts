import { isPermitted } from '@writ/sdk/authzen';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Callers, NO_TOKEN_REVOKED } from '../src/api/http/callers.js';
import { loadBundle } from '../src/bundle/bundle.js';
import { inProcess } from '../src/decide/caller.js';
import { offlineDecider } from '../src/decide/plane-of.js';
import { searchActions, searchEntities } from '../src/decide/search.js';
import { AccessTokens } from '../src/provenance/access-tokens.js';
import { bundleOf, run } from './running.js';

/** A search finds what evaluations would permit: no more (CVE-2022-21646) and no less (CVE-2025-65111). */

const SCHEMA = `
entity Team;
entity User in [Team] { level?: Long };
entity Agent in [Team] { level?: Long };
entity Doc { owner?: User, public?: Bool, level?: Long };
type Context = { ledger: { done: Long }, provenance: { depth: Long, originator: User }, action: { soft?: Bool } };
action plain, soft appliesTo { principal: [User, Agent], resource: [Doc], context: { action: { soft?: Bool } } };
action counted appliesTo { principal: [User, Agent], resource: [Doc], context: Context };
`;
const CONDITIONS = [
  'principal in Team::"a"',
  'principal == User::"u1"',
  'resource has owner && resource.owner == principal',
  'resource has public && resource.public',
  'principal has level && resource has level && principal.level >= resource.level',
  'principal.level > 1',
  'resource == Doc::"d2"',
  'context.action has soft && context.action.soft',
];
const MORE = ['context.ledger.done < 3', 'context.provenance.depth > 0', 'context.provenance.originator == User::"u1"'];
const policy = fc.record({
  effect: fc.constantFrom('permit', 'permit', 'permit', 'forbid'),
  action: fc.constantFrom('plain', 'soft', 'counted'),
  condition: fc.constantFrom(...CONDITIONS, ...MORE),
  negated: fc.boolean(),
});
const users = ['u1', 'u2', 'u3'];
const docs = ['d1', 'd2', 'd3', 'd4'];
const world = fc.record({
  policies: fc.array(policy, { minLength: 1, maxLength: 30 }),
  levels: fc.array(fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }), { minLength: 7, maxLength: 7 }),
  owners: fc.array(fc.constantFrom(...users, undefined), { minLength: 4, maxLength: 4 }),
  delegation: fc.constantFrom('path', 'actor'),
  agent: fc.constantFrom(undefined, 'bot'),
  asserted: fc.constantFrom({}, { public: true }, { level: 0 }),
  soft: fc.constantFrom(undefined, true, false),
});

describe('search', () => {
  it('agrees with evaluation, whatever the policies', async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(world, async ({ policies, levels, owners, delegation, agent, asserted, soft }) => {
        const texts = policies
          .filter(({ action, condition }) => action === 'counted' || !MORE.includes(condition))
          .map(({ effect, action, condition, negated }, i) => {
            const when = negated ? 'unless' : 'when';
            return `@id("p${i}") ${effect} (principal, action == Action::"${action}", resource) ${when} { ${condition} };`;
          });
        const bundle = loadBundle(
          bundleOf({
            'writ.yaml': `name: search\ndelegation: ${delegation}`,
            'schema.cedarschema': SCHEMA,
            'ledger.yaml': 'accumulators: { done: { key: originator, count: true } }',
            'policies/all.cedar': `${texts.join('\n')}\n@id("none") forbid (principal == User::"nobody", action, resource);`,
            'entities/all.json': JSON.stringify([
              ...users.map((id, i) => ({
                uid: { type: 'User', id },
                attrs: levels[i] === undefined ? {} : { level: levels[i] },
                parents: i < 2 ? [{ type: 'Team', id: 'a' }] : [],
              })),
              { uid: { type: 'Agent', id: 'bot' }, attrs: { level: 3 }, parents: [{ type: 'Team', id: 'a' }] },
              ...docs.map((id, i) => ({
                uid: { type: 'Doc', id },
                attrs: {
                  ...(owners[i] === undefined ? {} : { owner: { __entity: { type: 'User', id: owners[i] } } }),
                  ...(levels[i + 3] === undefined ? {} : { level: levels[i + 3] }),
                },
              })),
            ]),
          }),
        );
        const decider = offlineDecider(bundle, { append: async () => undefined }, () => new Date());
        const callers = new Callers({
          declared: { point: { roles: ['enforcement-point'], obligations: [], detail: 'none' } },
          policy: bundle.servicePolicy,
          schema: bundle.schema,
          tokens: new AccessTokens({}, () => new Date()),
          isRevoked: NO_TOKEN_REVOKED,
          people: [],
        });
        const caller = callers.withKey('point') ?? inProcess('none');
        for (const name of ['plain', 'soft', 'counted']) {
          const action = soft === undefined ? { name } : { name, properties: { soft } };
          const context = agent === undefined ? {} : { agent };
          const of = (user: string, doc: string, properties = {}) => ({
            subject: { type: 'User', id: user },
            action,
            resource: { type: 'Doc', id: doc, properties },
            context,
          });
          const permitted = (user: string, doc: string, properties = {}): boolean =>
            isPermitted(decider.consider(of(user, doc, properties), caller));
          for (const doc of [...docs, 'unknown']) {
            const expected = users.filter((user) => permitted(user, doc, asserted));
            const page = await searchEntities(
              decider,
              { part: 'subject', request: of('', doc, asserted) },
              caller,
              10,
              undefined,
            );
            expect(page.found.map(({ id }) => id).sort()).toEqual(expected);
            found += expected.length;
          }
          for (const user of [...users, 'unknown']) {
            const expected = docs.filter((doc) => permitted(user, doc));
            const page = await searchEntities(
              decider,
              { part: 'resource', request: of(user, '') },
              caller,
              10,
              undefined,
            );
            expect(page.found.map(({ id }) => id).sort()).toEqual(expected);
          }
        }
        for (const user of users) {
          const request = { subject: { type: 'User', id: user }, resource: { type: 'Doc', id: 'd1' } };
          const expected = ['counted', 'plain', 'soft'].filter((name) =>
            isPermitted(decider.consider({ ...request, action: { name } }, caller)),
          );
          expect(
            searchActions(decider, request, caller)
              .map(({ id }) => id)
              .sort(),
          ).toEqual(expected);
        }
      }),
      { numRuns: 60 },
    );
    expect(found).toBeGreaterThan(100);
  });

  it('gives every result once over its pages, whatever their size', async () => {
    const ids = Array.from({ length: 2_345 }, (_, i) => `doc-${i}`);
    const writ = await run(
      bundleOf({
        'writ.yaml': 'name: pages',
        'schema.cedarschema':
          'entity User; entity Doc { public: Bool }; action read appliesTo { principal: [User], resource: [Doc] };',
        'policies/all.cedar': '@id("p") permit (principal, action, resource) when { resource.public };',
        'entities/docs.json': JSON.stringify(
          ids.map((id, i) => ({ uid: { type: 'Doc', id }, attrs: { public: i % 3 !== 0 } })),
        ),
      }),
    );
    const search = { subject: { type: 'User', id: 'ana' }, action: { name: 'read' }, resource: { type: 'Doc' } };
    for (const limit of [undefined, 1_000, 7, 5_000]) {
      const found: string[] = [];
      let token: string | undefined;
      let pages = 0;
      for (; token !== '' && pages < 1_000; pages += 1) {
        const page = token === undefined ? (limit === undefined ? undefined : { limit }) : { token };
        const { json } = await writ.send(
          'POST',
          '/access/v1/search/resource',
          page === undefined ? search : { ...search, page },
        );
        found.push(...json.results.map(({ id }: { id: string }) => id));
        expect(json.page?.count ?? json.results.length).toBe(json.results.length);
        token = json.page?.next_token ?? '';
      }
      expect(found.length).toBe(new Set(found).size);
      expect(found.sort()).toEqual(ids.filter((_id, i) => i % 3 !== 0).sort());
      expect(pages).toBe(limit === 7 ? 224 : 2);
    }
    await writ.stop();
  });

  it('a token is good for one caller, one search, and not when it was changed (GHSA-vhvq-fv9f-wh4q)', async () => {
    const writ = await run(
      bundleOf({
        'writ.yaml': 'name: tokens\ncallers: { other: {} }',
        'schema.cedarschema': 'entity User; entity Doc; action read appliesTo { principal: [User], resource: [Doc] };',
        'policies/all.cedar': '@id("p") permit (principal, action, resource);',
        'entities/docs.json': JSON.stringify(['1', '2', '3'].map((id) => ({ uid: { type: 'Doc', id } }))),
      }),
    );
    const search = { subject: { type: 'User', id: 'ana' }, action: { name: 'read' }, resource: { type: 'Doc' } };
    const ask = (body: object, as = 'default') => writ.send('POST', '/access/v1/search/resource', body, { as });
    const token = (await ask({ ...search, page: { limit: 1 } })).json.page.next_token as string;
    expect((await ask({ ...search, page: { token } })).json.results).toEqual([{ type: 'Doc', id: '2' }]);
    expect((await ask({ ...search, page: { token } }, 'other')).status).toBe(400);
    expect((await ask({ ...search, subject: { type: 'User', id: 'ben' }, page: { token } })).status).toBe(400);
    expect((await ask({ ...search, context: { agent: 'bot' }, page: { token } })).status).toBe(400);
    for (let i = 0; i < token.length; i += 1) {
      const changed = token.slice(0, i) + (token[i] === 'A' ? 'B' : 'A') + token.slice(i + 1);
      const { status, json } = await ask({ ...search, page: { token: changed } });
      // The last character holds bits that base64url does not use.
      if (Buffer.from(changed, 'base64url').equals(Buffer.from(token, 'base64url')))
        expect(json.results).toHaveLength(1);
      else expect(status).toBe(400);
    }
    await writ.send('PUT', '/v1/entities', [{ uid: { type: 'Doc', id: '4' } }], { as: 'admin' });
    const last = (await ask({ ...search, page: { limit: 3 } })).json.page.next_token as string;
    expect((await ask({ ...search, page: { token: last } })).json.results).toEqual([{ type: 'Doc', id: '4' }]);
    await writ.stop();
  });
});
