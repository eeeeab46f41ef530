/**
 * What both decision points are asked, and the policy for it, written once and printed for each. Ten kinds of document; who may
 * view, edit or delete one depends on both sides' attributes.
 */

export const KINDS = Array.from({ length: 10 }, (_, i) => `doc${i}`);
const ACTIONS = ['view', 'edit', 'delete'] as const;
const DEPARTMENTS = ['sales', 'legal', 'research'];
const USERS = Array.from({ length: 40 }, (_, i) => ({
  id: `user${i}`,
  department: DEPARTMENTS[i % 3] as string,
  role: i % 10 === 0 ? 'admin' : 'staff',
}));

export interface Asked {
  readonly request: {
    readonly subject: { readonly type: string; readonly id: string; readonly properties: object };
    readonly action: { readonly name: string };
    readonly resource: { readonly type: string; readonly id: string; readonly properties: object };
  };
  readonly expected: boolean;
}

/** Requests with the answer that each must have. */
export function workload(count: number): Asked[] {
  return Array.from({ length: count }, (_, i) => {
    const user = USERS[(i * 7) % USERS.length] as (typeof USERS)[number];
    const action = ACTIONS[i % 3] as (typeof ACTIONS)[number];
    const resource = {
      department: DEPARTMENTS[(i * 5) % 3] as string,
      owner: i % 2 === 0 ? user.id : 'user1',
      status: i % 7 === 0 ? 'archived' : 'active',
      frozen: i % 11 === 0,
    };
    const expected =
      action === 'view'
        ? user.department === resource.department || user.role === 'admin'
        : action === 'edit'
          ? resource.owner === user.id && resource.status !== 'archived' && !resource.frozen
          : user.role === 'admin';
    const { id, ...properties } = user;
    return {
      request: {
        subject: { type: 'user', id, properties },
        action: { name: action },
        resource: { type: KINDS[i % KINDS.length] as string, id: `d${i}`, properties: resource },
      },
      expected,
    };
  });
}

/** The bundle: the facts of users are in the registry, those of documents come with the request. */
export function writBundle(): Record<string, string> {
  const attributes = '{ department?: String, owner?: String, status?: String, frozen?: Bool }';
  const rules = KINDS.flatMap((kind) => [
    `@id("${kind}-view") permit (principal, action == Action::"view", resource is ${kind}) when { principal.department == resource.department || principal.role == "admin" };`,
    `@id("${kind}-edit") permit (principal, action == Action::"edit", resource is ${kind}) when { resource.owner == principal.name && resource.status != "archived" };`,
    `@id("${kind}-frozen") forbid (principal, action == Action::"edit", resource is ${kind}) when { resource.frozen };`,
    `@id("${kind}-delete") permit (principal, action == Action::"delete", resource is ${kind}) when { principal.role == "admin" };`,
  ]);
  return {
    'writ.yaml': 'name: bench\ncallers: { default: {} }',
    'schema.cedarschema': [
      'entity user { name: String, department: String, role: String };',
      ...KINDS.map((kind) => `entity ${kind} ${attributes.replaceAll('?', '')};`),
      `action ${ACTIONS.join(', ')} appliesTo { principal: [user], resource: [${KINDS.join(', ')}] };`,
    ].join('\n'),
    'policies/all.cedar': rules.join('\n'),
    'entities/users.json': JSON.stringify(
      USERS.map(({ id, ...attrs }) => ({ uid: { type: 'user', id }, attrs: { name: id, ...attrs } })),
    ),
  };
}

/** The same policy for Cerbos, a file a kind. */
export function cerbosPolicies(): Record<string, string> {
  const rule = (actions: string, effect: string, expr: string) =>
    `    - { actions: [${actions}], effect: ${effect}, roles: ["*"], condition: { match: { expr: '${expr}' } } }`;
  return Object.fromEntries(
    KINDS.map((kind) => [
      `${kind}.yaml`,
      [
        'apiVersion: api.cerbos.dev/v1',
        'resourcePolicy:',
        '  version: default',
        `  resource: ${kind}`,
        '  rules:',
        rule('view', 'EFFECT_ALLOW', 'P.attr.department == R.attr.department || P.attr.role == "admin"'),
        rule('edit', 'EFFECT_ALLOW', 'R.attr.owner == P.id && R.attr.status != "archived"'),
        rule('edit', 'EFFECT_DENY', 'R.attr.frozen'),
        rule('delete', 'EFFECT_ALLOW', 'P.attr.role == "admin"'),
        '',
      ].join('\n'),
    ]),
  );
}
