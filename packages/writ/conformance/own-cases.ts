import type { Case, Expectation } from './case.js';

/**
 * Our own cases over the fixture of the certification scenario (two users, two records, eight rules), written from the
 * text of the Authorization API 1.0; each is named after the section it is about.
 */

const alice = { type: 'user', id: 'alice' };
const bob = { type: 'user', id: 'bob' };
const first = { type: 'record', id: 'record-1' };
const second = { type: 'record', id: 'record-2' };
const [read, write] = [{ name: 'read' }, { name: 'write' }];
const archived = { ...first, properties: { status: 'archived' } };
const yes: Expectation = { status: 200, decision: true };
const no: Expectation = { status: 200, decision: false };
const bad: Expectation = { status: 400 };
const base = { subject: alice, action: read, resource: first };

function evaluation(id: string, request: unknown, expect: Expectation, more: Partial<Case> = {}): Case {
  return { id, level: 'basic', endpoint: 'evaluation', request, expect, ...more };
}
function batch(id: string, request: unknown, expected: readonly (boolean | null)[] | Expectation): Case {
  const expect = Array.isArray(expected) ? { status: 200, evaluations: expected } : (expected as Expectation);
  return { id, level: 'batch', endpoint: 'evaluations', request, expect };
}
function search(what: string, id: string, request: unknown, expect: Omit<Expectation, 'status'>): Case {
  return { id, level: 'search', endpoint: `search/${what}`, request, expect: { status: 200, ...expect } };
}

const BASIC: Case[] = [
  evaluation('6.1 a permitted action', base, yes),
  evaluation('6.1 a denied action is a 200', { ...base, subject: bob, action: write }, no),
  evaluation('6.1 an unknown subject', { ...base, subject: { type: 'user', id: 'nobody' } }, no),
  evaluation('6.1 an unknown resource', { ...base, resource: { type: 'record', id: 'nothing' } }, no),
  evaluation('6.1 an unknown action', { ...base, action: { name: 'shred' } }, no),
  evaluation('6.1 an unknown type of subject', { ...base, subject: { type: 'spaceship', id: 'alice' } }, no),
  evaluation('5.1 a subject is its type and its id', { ...base, subject: { type: 'agent', id: 'alice' } }, no),
  evaluation('5.1 an id that differs in case', { ...base, subject: { type: 'user', id: 'Alice' } }, no),
  evaluation('5.2 a property of the resource', { ...base, action: write, resource: archived }, no),
  evaluation('5.3 a property of the action', { ...base, action: { name: 'delete', properties: { soft: true } } }, yes),
  evaluation('5.3 another value of it', { ...base, action: { name: 'delete', properties: { soft: false } } }, no),
  evaluation('5.3 no property', { ...base, action: { name: 'delete' } }, no),
  evaluation(
    '5.4 a context that no policy reads',
    { ...base, context: { time: '2026-01-01T00:00:00Z', n: [1, null] } },
    yes,
  ),
  evaluation('11 unknown fields', { ...base, later: { deep: [1] }, subject: { ...alice, alias: 'a' } }, yes),
  evaluation('11 null for a property', { ...base, subject: { ...alice, properties: { role: null } } }, yes),
  evaluation('12 the same answer every time', base, yes, { repeat: 5 }),
  evaluation('10.1.4 the request id comes back', base, yes, {
    headers: { 'x-request-id': 'r/1 ?' },
    expect: { ...yes, echoHeaders: ['x-request-id'] },
  }),
  ...(['subject', 'action', 'resource'] as const).map((part) => {
    const { [part]: _left, ...rest } = base;
    return evaluation(`10.1.2 without ${part}`, rest, bad);
  }),
  ...Object.entries({
    'a subject without type': { ...base, subject: { id: 'alice' } },
    'a subject without id': { ...base, subject: { type: 'user' } },
    'an empty id': { ...base, subject: { type: 'user', id: '' } },
    'an id that is a number': { ...base, resource: { type: 'record', id: 1 } },
    'a resource that is a list': { ...base, resource: [first] },
    'an action that is text': { ...base, action: 'read' },
    'an action without name': { ...base, action: {} },
    'properties that are a list': { ...base, subject: { ...alice, properties: [] } },
    'a context that is text': { ...base, context: 'now' },
  }).map(([what, request]) => evaluation(`10.1.2 ${what}`, request, bad)),
  ...Object.entries({
    'no body': '',
    'half a body': '{"subject":',
    'a list': '[]',
    'a text': '"subject"',
    null: 'null',
    'a key given twice': JSON.stringify(base).replace('{', '{"subject":{"type":"user","id":"bob"},'),
    'something behind it': `${JSON.stringify(base)} {}`,
  }).map(([what, rawBody]) => evaluation(`11 ${what}`, undefined, bad, { rawBody })),
  evaluation('10.1 another content type', undefined, bad, {
    rawBody: JSON.stringify(base),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  }),
  evaluation('10.1 a charset', base, yes, { headers: { 'content-type': 'application/json; charset=utf-8' } }),
];

const semantic = (name: string) => ({ options: { evaluations_semantic: name } });
const readOrWrite = [{ action: read }, { action: write }, { action: read }];

const BATCH: Case[] = [
  batch('7.1 complete items', { evaluations: [base, { ...base, subject: bob, action: write }] }, [true, false]),
  batch('7.1.1 defaults', { subject: bob, resource: first, evaluations: readOrWrite }, [true, false, true]),
  batch(
    '7.1.1 an item takes the place of a default whole',
    { ...base, action: write, resource: archived, evaluations: [{}, { resource: first }] },
    [false, true],
  ),
  batch('7.1.1 an empty default with complete items', { ...base, resource: {}, evaluations: [{ resource: first }] }, [
    true,
  ]),
  batch('7.1.1 no evaluations', base, yes),
  batch('7.1.1 an empty list', { ...base, evaluations: [] }, yes),
  batch('7.2 one item is malformed', { ...base, evaluations: [{}, { resource: { type: 'record' } }, {}] }, [
    true,
    false,
    true,
  ]),
  batch(
    '7.1.2.1 deny_on_first_deny',
    { subject: bob, resource: first, ...semantic('deny_on_first_deny'), evaluations: readOrWrite },
    [true, false],
  ),
  batch(
    '7.1.2.1 permit_on_first_permit',
    {
      subject: bob,
      resource: first,
      ...semantic('permit_on_first_permit'),
      evaluations: [{ action: write }, ...readOrWrite],
    },
    [false, true],
  ),
  batch(
    '7.1.2.1 execute_all',
    { subject: bob, resource: first, ...semantic('execute_all'), evaluations: readOrWrite },
    [true, false, true],
  ),
  batch(
    '7.1.2.1 a malformed item ends deny_on_first_deny',
    { ...base, ...semantic('deny_on_first_deny'), evaluations: [{}, { action: {} }, {}] },
    [true, false],
  ),
  batch(
    '7.1.2.1 a malformed item does not end permit_on_first_permit',
    { ...base, ...semantic('permit_on_first_permit'), evaluations: [{ action: {} }, {}, {}] },
    [false, true],
  ),
  batch('7.1.2 an unknown semantic', { ...base, ...semantic('majority'), evaluations: [{}] }, bad),
  batch('7.1.2 an unknown option', { ...base, options: { tracing: true }, evaluations: [{}] }, [true]),
  batch('7.1 evaluations that are no list', { ...base, evaluations: {} }, bad),
  batch('7.1 an item that is no object', { ...base, evaluations: ['read'] }, bad),
  batch(
    'equal ids, different properties',
    { ...base, action: write, evaluations: [{ resource: archived }, { resource: first }, { resource: archived }] },
    [false, true, false],
  ),
  batch(
    'equal ids, different types',
    { action: write, resource: second, evaluations: [{ subject: bob }, { subject: { type: 'agent', id: 'bob' } }] },
    [true, false],
  ),
];

const SEARCH: Case[] = [
  search(
    'subject',
    '8.2 who may read',
    { subject: { type: 'user' }, action: read, resource: first },
    { results: [alice, bob] },
  ),
  search(
    'subject',
    '8.2 the id is ignored',
    { subject: { type: 'user', id: 'zoe' }, action: read, resource: first },
    { sameResultsAs: '8.2 who may read' },
  ),
  search(
    'subject',
    '8.2 who may write what is archived',
    { subject: { type: 'user' }, action: write, resource: second },
    { results: [bob] },
  ),
  search(
    'subject',
    '8.2 a property of the resource',
    { subject: { type: 'user' }, action: write, resource: archived },
    { results: [bob] },
  ),
  search(
    'subject',
    '8.2 an unknown type',
    { subject: { type: 'spaceship' }, action: read, resource: first },
    { results: [] },
  ),
  search(
    'subject',
    '8.2 an unknown action',
    { subject: { type: 'user' }, action: { name: 'shred' }, resource: first },
    { results: [] },
  ),
  search(
    'resource',
    '8.3 what alice may write',
    { subject: alice, action: write, resource: { type: 'record' } },
    { results: [first] },
  ),
  search(
    'resource',
    '8.3 what bob may write',
    { subject: bob, action: write, resource: { type: 'record' } },
    { results: [second] },
  ),
  search(
    'resource',
    '8.3 an unknown subject',
    { subject: { type: 'user', id: 'nobody' }, action: read, resource: { type: 'record' } },
    { results: [] },
  ),
  search('action', '8.4 what alice may do', { subject: alice, resource: first }, { results: [read, write] }),
  search('action', '8.4 what bob may do', { subject: bob, resource: second }, { results: [read, write] }),
  search(
    'action',
    '8.4 a resource that is not there',
    { subject: bob, resource: { type: 'record', id: 'nothing' } },
    { results: [] },
  ),
  search(
    'subject',
    '8.1 the first page',
    { subject: { type: 'user' }, action: read, resource: first, page: { limit: 1 } },
    { resultsArray: true, pageNextTokenString: true },
  ),
  search(
    'subject',
    '8.1 the next page',
    { subject: { type: 'user' }, action: read, resource: first, page: { token: '<next_token of 8.1 the first page>' } },
    { resultsArray: true, pageNextTokenString: true },
  ),
  {
    id: '8.1 a token with another search',
    level: 'search',
    endpoint: 'search/subject',
    request: {
      subject: { type: 'user' },
      action: write,
      resource: first,
      page: { token: '<next_token of 8.1 the first page>' },
    },
    expect: bad,
  },
  {
    id: '8.1 a token with another limit',
    level: 'search',
    endpoint: 'search/subject',
    request: {
      subject: { type: 'user' },
      action: read,
      resource: first,
      page: { limit: 2, token: '<next_token of 8.1 the first page>' },
    },
    expect: bad,
  },
  {
    id: '8.1 a token that nobody issued',
    level: 'search',
    endpoint: 'search/subject',
    request: { subject: { type: 'user' }, action: read, resource: first, page: { token: 'YQ' } },
    expect: bad,
  },
  {
    id: '8.1 a negative limit',
    level: 'search',
    endpoint: 'search/subject',
    request: { subject: { type: 'user' }, action: read, resource: first, page: { limit: -1 } },
    expect: bad,
  },
  {
    id: '8.2 without action',
    level: 'search',
    endpoint: 'search/subject',
    request: { subject: { type: 'user' }, resource: first },
    expect: bad,
  },
  {
    id: '8.3 without subject id',
    level: 'search',
    endpoint: 'search/resource',
    request: { subject: { type: 'user' }, action: read, resource: { type: 'record' } },
    expect: bad,
  },
  { id: '8.4 without resource', level: 'search', endpoint: 'search/action', request: { subject: alice }, expect: bad },
];

const DISCOVERY: Case[] = [
  {
    id: '9 the metadata',
    level: 'discovery',
    method: 'GET',
    path: '/.well-known/authzen-configuration',
    expect: {
      status: 200,
      requiredFields: ['policy_decision_point', 'access_evaluation_endpoint', 'access_evaluations_endpoint'],
      policyDecisionPointEqualsBaseUrl: true,
      httpsUrls: ['policy_decision_point', 'access_evaluation_endpoint', 'search_subject_endpoint'],
    },
  },
];

export const OWN_CASES: readonly Case[] = [...BASIC, ...BATCH, ...SEARCH, ...DISCOVERY];
