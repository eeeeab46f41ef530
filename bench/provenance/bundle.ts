/** Who works on the task, in the order in which it is handed on by exchange: five identities, four hops. */
export const ACTORS = ['a0', 'a1', 'a2', 'a3'] as const;
/** Who is handed it by a token, and then each by a link: the same number of identities and of signatures on the path. */
export const SIGNERS = ['w0', 'w1', 'w2', 'w3'] as const;

/** A bundle in which anybody may hand on and read, so that every decision looks at everybody on the path. */
export function delegationBundle(): Record<string, string> {
  const client = (agent: string, originator: string): string =>
    `    ${agent}: { agent: 'Agent::"${agent}"', for: '${originator}', scopes: [read] }`;
  const clients = [...ACTORS.map((agent) => client(agent, 'User::"ana"')), client('w0', 'User::"ana"')];
  return {
    'writ.yaml': [
      'name: bench',
      'callers: { default: {} }',
      'tokens: { trustDomain: bench.example, lifetime: 30m, maxDepth: 4 }',
      'gateway:',
      '  clients:',
      ...clients,
    ].join('\n'),
    'schema.cedarschema': `
entity User, Agent { name: String };
entity Doc { readers: Set<String> };
action delegate appliesTo { principal: [User, Agent], resource: [Agent], context: { scope: Set<String> } };
action read appliesTo { principal: [User, Agent], resource: [Doc] };`,
    'policies/all.cedar': `
@id("hand-on") permit (principal, action == Action::"delegate", resource);
@id("readers") permit (principal, action == Action::"read", resource) when { resource.readers.contains(principal.name) };`,
    'entities/all.json': JSON.stringify([
      { uid: { type: 'User', id: 'ana' }, attrs: { name: 'ana' } },
      ...[...ACTORS, ...SIGNERS].map((id) => ({ uid: { type: 'Agent', id }, attrs: { name: id } })),
      { uid: { type: 'Doc', id: 'plan' }, attrs: { readers: ['ana', ...ACTORS, ...SIGNERS] } },
    ]),
  };
}
