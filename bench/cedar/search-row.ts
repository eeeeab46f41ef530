import { type Entities, type PolicySet, type Request, search } from '@writ/cedar';
import { callsPerSecond } from '../measure.js';
import type { Row } from '../row.js';

/** Finding the resources that are allowed, against testing each resident one of the type. */
export function searchRow(
  name: string,
  policies: PolicySet,
  entities: Entities,
  requests: readonly Request[],
  calls: number,
): Row {
  const each = (request: Request): unknown =>
    [...entities.ofType(request.resource.type)].filter(
      ({ type, id }) => policies.isAuthorized({ ...request, resource: { type, id } }, entities).decision === 'allow',
    );
  const once = (request: Request): unknown =>
    search(policies, { ...request, resource: { unknown: true, type: request.resource.type } }, entities);
  callsPerSecond(requests, each, calls / 2);
  callsPerSecond(requests, once, calls / 2);
  const [trying, searching] = [callsPerSecond(requests, each, calls), callsPerSecond(requests, once, calls)];
  return {
    group: 'Search',
    name,
    figures: { 'searches/s': searching, 'trying each/s': trying },
    peer: 'trying each',
    ratio: searching / trying,
  };
}
