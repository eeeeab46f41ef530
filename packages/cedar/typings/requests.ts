/** What must not compile. Built with the project: a mistake that starts to compile breaks the build. */
import { compile, Entities, type PolicySet, type Request, type Response, search } from '@writ/cedar';

declare const policies: PolicySet;
declare const entities: Entities;
const user = { type: 'User', id: 'ana' } as const;
const request: Request = {
  principal: user,
  action: user,
  resource: user,
  context: { n: 1, big: 2n ** 60n, deep: [{ a: 'b' }] },
};

const response: Response = policies.isAuthorized(request, entities);
// @ts-expect-error a decision is one of two words
response.decision === 'permit';
// @ts-expect-error a response is read only
response.decision = 'allow';

// @ts-expect-error a principal is a uid, not a text
policies.isAuthorized({ ...request, principal: 'User::"ana"' }, entities);
// @ts-expect-error an id is a string
policies.isAuthorized({ ...request, resource: { type: 'User', id: 7 } }, entities);
// @ts-expect-error Cedar has no null
policies.isAuthorized({ ...request, context: { a: null } }, entities);
// @ts-expect-error nor undefined
policies.isAuthorized({ ...request, context: { a: undefined } }, entities);
// @ts-expect-error nor functions
policies.isAuthorized({ ...request, context: { a: () => 1 } }, entities);
// @ts-expect-error a request has a resource
policies.isAuthorized({ principal: user, action: user }, entities);
// @ts-expect-error entities are a store, not data
policies.isAuthorized(request, []);
// @ts-expect-error policies are text, a policy set or a list
compile({ policies: 7 });
// @ts-expect-error an entity has a uid
Entities.fromJson([{ attrs: {} }]);
// @ts-expect-error an unknown is marked as one
search(policies, { ...request, resource: { type: 'Photo' } }, entities);
