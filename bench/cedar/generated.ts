import * as official from '@cedar-policy/cedar-wasm/nodejs';
import { compile, Entities, type EntityJson, type EntityUid, type PolicySetJson, type Request } from '@writ/cedar';
import { callsPerSecond, random, timeEach, timeOnce } from '../measure.js';
import type { Row } from '../row.js';
import { searchRow } from './search-row.js';

const uid = (type: string, id: string): EntityUid => ({ type, id });

interface World {
  readonly policies: PolicySetJson & { readonly staticPolicies: Record<string, object> };
  readonly entities: readonly EntityJson[];
  readonly requests: readonly Request[];
}

/** How many policies are about the few that {@link sizes} asks of. */
const ABOUT_FEW = 100;
const FEW_USERS = 50;
const FEW_GROUPS = 10;

/**
 * Policies whose scopes name a principal (one, a group, a group with a type), an action or a list of them, or a resource
 * (one, a folder), each with a condition. The first hundred are about the first fifty users and documents, the others about
 * the others.
 */
function world(n: number, groups: number, users: number): World {
  const entities: EntityJson[] = [];
  const groupAt = (i: number): number =>
    i < FEW_USERS ? i % FEW_GROUPS : FEW_GROUPS + ((i - FEW_USERS) % (groups - FEW_GROUPS));
  for (let i = 0; i < groups; i += 1) entities.push({ uid: uid('Group', `g${i}`) }, { uid: uid('Folder', `f${i}`) });
  for (let i = 0; i < users; i += 1) {
    entities.push({ uid: uid('User', `u${i}`), attrs: { level: i % 10 }, parents: [uid('Group', `g${groupAt(i)}`)] });
    entities.push({
      uid: uid('Doc', `d${i}`),
      attrs: { public: i % 7 === 0 },
      parents: [uid('Folder', `f${groupAt(i)}`)],
    });
  }
  const staticPolicies: Record<string, object> = {};
  for (let i = 0; i < n; i += 1) staticPolicies[`p${i}`] = policy(i, users, groups);
  const below = random(n);
  const requests = Array.from({ length: 20_000 }, () => ({
    principal: uid('User', `u${below(users)}`),
    action: uid('Action', `a${below(5)}`),
    resource: uid('Doc', `d${below(users)}`),
  }));
  return { policies: { staticPolicies }, entities, requests };
}

function policy(i: number, allUsers: number, allGroups: number): object {
  const isFew = i < ABOUT_FEW || allUsers <= FEW_USERS;
  const user = (k: number): number => (isFew ? k % FEW_USERS : FEW_USERS + (k % (allUsers - FEW_USERS)));
  const groupOf = (k: number): number => (isFew ? k % FEW_GROUPS : FEW_GROUPS + (k % (allGroups - FEW_GROUPS)));
  const group = { entity: uid('Group', `g${groupOf(i * 3)}`) };
  const principals = [
    { op: '==', entity: uid('User', `u${user(i * 7)}`) },
    { op: 'in', ...group },
    { op: 'is', entity_type: 'User', in: group },
    { op: 'All' },
  ];
  const resources = [
    { op: '==', entity: uid('Doc', `d${user(i * 13)}`) },
    { op: 'All' },
    { op: 'All' },
    { op: 'in', entity: uid('Folder', `f${groupOf(i * 11)}`) },
  ];
  const action =
    i % 3 === 0
      ? { op: '==', entity: uid('Action', `a${i % 5}`) }
      : { op: 'in', entities: [uid('Action', `a${i % 5}`), uid('Action', `a${(i + 1) % 5}`)] };
  const level = { '.': { left: { Var: 'principal' }, attr: 'level' } };
  return {
    effect: i % 50 === 0 ? 'forbid' : 'permit',
    principal: principals[i % 4],
    action,
    resource: resources[i % 4],
    conditions: [{ kind: 'when', body: { '>': { left: level, right: { Value: i % 10 } } } }],
  };
}

/** The same entities for every size of the set: only the number of policies differs. */
const GROUPS = 10_000;
const USERS = 20_000;

/** Sets of 10 to 100,000 policies. */
export function sizes(): Row[] {
  const rows: Row[] = [];
  let base = 0;
  for (const n of [10, 100, 1_000, 10_000, 100_000]) {
    const { policies: json, entities: data, requests } = world(n, GROUPS, USERS);
    const before = process.memoryUsage().heapUsed;
    let policies = compile({ policies: '' });
    const compileMs = timeOnce(() => {
      policies = compile({ policies: json });
    });
    const entities = Entities.fromJson(data);
    const bindMs = timeOnce(() => {
      policies.isAuthorized(requests[0] as Request, entities);
    });
    const heapMb = Math.max(0, (process.memoryUsage().heapUsed - before) / 1e6);
    const decide = (request: Request): unknown => policies.isAuthorized(request, entities);
    const { median, p99 } = timeEach(fewRequests(), decide, 400_000);
    const all = timeEach(requests, decide, 400_000);
    if (n === 100) base = median;
    rows.push({
      group: 'Policies',
      name: `${n.toLocaleString('en')} in the set, over ${USERS.toLocaleString('en')} users (memory is cold, and more policies match)`,
      figures: { 'median ns': all.median, 'p99 ns': all.p99 },
    });
    rows.push({
      group: 'Policies',
      name: `${n.toLocaleString('en')} in the set, about ${FEW_USERS} users that ${Math.min(n, ABOUT_FEW)} of them speak of`,
      figures: { 'median ns': median, 'p99 ns': p99 },
      ...(n > 100 ? { peer: '100 policies', ratio: median / base } : {}),
      ...(n === 100_000 ? { target: '≤ 2×', met: median / base <= 2 } : {}),
    });
    if (n === 10 || n === 1_000) rows.push(wasmRow(n));
    if (n === 100_000) {
      const seconds = (compileMs + bindMs) / 1_000;
      rows.push({
        group: 'Policies',
        name: '100,000, compiled from JSON and indexed',
        figures: { seconds, 'heap MB': heapMb },
        target: '< 20 s',
        met: seconds < 20,
      });
    }
  }
  return rows;
}

/** Every request about the users and documents that the first hundred policies are about. */
function fewRequests(): Request[] {
  const requests: Request[] = [];
  for (let user = 0; user < FEW_USERS; user += 1) {
    for (let doc = 0; doc < FEW_USERS; doc += 1) {
      const action = uid('Action', `a${(user + doc) % 5}`);
      requests.push({ principal: uid('User', `u${user}`), action, resource: uid('Doc', `d${doc}`) });
    }
  }
  return requests;
}

/** Against the wasm engine, which parses the entities at every call: so with few of them. */
function wasmRow(n: number): Row {
  const { policies: json, entities: data, requests } = world(n, Math.max(10, n / 10), 50);
  const policies = compile({ policies: json });
  const store = Entities.fromJson(data);
  const id = `generated-${n}`;
  official.preparsePolicySet(id, json as official.PolicySet);
  const entities = data.map((entity) => ({ attrs: {}, parents: [], ...entity })) as unknown as official.Entities;
  const ask = (request: Request): unknown =>
    official.statefulIsAuthorized({ ...request, context: {}, preparsedPolicySetId: id, entities });
  const decide = (request: Request): unknown => policies.isAuthorized(request, store);
  callsPerSecond(requests, decide, 200_000);
  const [ours, theirs] = [callsPerSecond(requests, decide, 400_000), callsPerSecond(requests, ask, 100)];
  return {
    group: 'Policies',
    name: `${n.toLocaleString('en')} in the set, ${data.length} entities, decisions a second`,
    figures: { ours, 'cedar-wasm': theirs },
    peer: 'cedar-wasm',
    ratio: ours / theirs,
  };
}

/** The same question over hierarchies 2 and 20 deep. */
export function depth(): Row[] {
  const medians = [2, 20].map((deep) => {
    const users = 200;
    const entities: EntityJson[] = [];
    for (let level = 0; level < deep; level += 1) {
      entities.push({
        uid: uid('Group', `g${level}`),
        parents: level + 1 < deep ? [uid('Group', `g${level + 1}`)] : [],
      });
    }
    for (let i = 0; i < users; i += 1) entities.push({ uid: uid('User', `u${i}`), parents: [uid('Group', 'g0')] });
    const policies = compile({
      policies: `permit(principal in Group::"g${deep - 1}", action, resource); permit(principal, action, resource) when { principal in Group::"none" };`,
    });
    const store = Entities.fromJson(entities);
    const requests = Array.from({ length: users }, (_, i) => ({
      principal: uid('User', `u${i}`),
      action: uid('Action', 'a'),
      resource: uid('Doc', 'd'),
    }));
    return timeEach(requests, (request) => policies.isAuthorized(request, store), 400_000).median;
  });
  const [shallow, deep] = medians as [number, number];
  return [
    {
      group: 'Hierarchy',
      name: '20 deep against 2 deep',
      figures: { 'median ns, 2': shallow, 'median ns, 20': deep },
      peer: '2 deep',
      ratio: deep / shallow,
      target: 'about the same (≤ 1.25×)',
      met: deep / shallow <= 1.25,
    },
  ];
}

/** Search where policies narrow the resource down: many policies over some resources, some policies over many. */
export function searchLarge(): Row[] {
  const sizes = [
    [10_000, 1_000, 2_000],
    [100, GROUPS, USERS],
  ] as const;
  return sizes.map(([n, groups, users]) => {
    const { policies, entities, requests } = world(n, groups, users);
    const name = `${n.toLocaleString('en')} policies, ${users.toLocaleString('en')} resources`;
    const store = Entities.fromJson(entities);
    return searchRow(name, compile({ policies }), store, requests.slice(0, 50), 50);
  });
}

/** The official parser's share of compiling from text. */
export function text(): Row[] {
  const policies = Array.from(
    { length: 2_000 },
    (_, i) => `permit(principal == User::"u${i}", action == Action::"a", resource) when { principal.level > ${i} };`,
  );
  const source = policies.join('\n');
  const cold = timeOnce(() => void compile({ policies: source }));
  const warm = timeOnce(() => void compile({ policies: source }));
  return [
    {
      group: 'Text',
      name: 'compiled from text, a policy (the official parser)',
      figures: { 'first time µs': (cold / policies.length) * 1_000, 'again µs': (warm / policies.length) * 1_000 },
    },
  ];
}
