import { z } from 'zod';
import { takesRequests } from '../../decide/approval/approving.js';
import type { Decider } from '../../decide/decide.js';
import { obligationTypes } from '../../decide/obligations.js';
import { type Route, route } from '../http/route.js';

const metadataShape = z.object({
  policy_decision_point: z.string(),
  access_evaluation_endpoint: z.string(),
  access_evaluations_endpoint: z.string(),
  search_subject_endpoint: z.string(),
  search_resource_endpoint: z.string(),
  search_action_endpoint: z.string(),
  supported_obligations: z.array(z.string()),
  access_request_endpoint: z.string().optional(),
  capabilities: z.array(z.string()).optional(),
});

/** Access Request and Approval Profile 1.0, "Discovery". */
const ACCESS_REQUESTS = 'urn:openid:authzen:capability:access-request';

/** Authorization API 1.0, section 9, and the Obligations Profile, "Metadata": what this decision point offers, and where. */
export function metadataRoute(decider: () => Decider, publicUrl: () => string): Route {
  return route({
    method: 'GET',
    url: '/.well-known/authzen-configuration',
    operationId: 'getAuthzenConfiguration',
    tag: 'AuthZEN',
    summary: 'The metadata of the decision point',
    access: { kind: 'area', area: 'description', how: 'read' },
    answers: { 200: { description: 'The endpoints and what they support', shape: metadataShape } },
    handle: () => {
      const { plane } = decider();
      const { obligations, policies } = plane;
      const base = publicUrl().replace(/\/$/, '');
      return {
        policy_decision_point: base,
        access_evaluation_endpoint: `${base}/access/v1/evaluation`,
        access_evaluations_endpoint: `${base}/access/v1/evaluations`,
        search_subject_endpoint: `${base}/access/v1/search/subject`,
        search_resource_endpoint: `${base}/access/v1/search/resource`,
        search_action_endpoint: `${base}/access/v1/search/action`,
        supported_obligations: obligationTypes(obligations, policies.policies.values()),
        ...(takesRequests(plane)
          ? { access_request_endpoint: `${base}/access/v1/requests`, capabilities: [ACCESS_REQUESTS] }
          : {}),
      };
    },
  });
}
