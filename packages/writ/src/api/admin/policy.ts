import { z } from 'zod';
import { BundleError } from '../../bundle/errors.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';

const policyShape = z.object({
  name: z.string(),
  version: z.string(),
  state: z.string(),
  since: z.string(),
  why: z.string().optional(),
  policies: z.array(
    z.object({
      id: z.string(),
      effect: z.string(),
      annotations: z.record(z.string(), z.string()),
      file: z.string(),
    }),
  ),
  servicePolicies: z.array(z.string()),
});

/** The policy as the service holds it. */
export interface PolicyControl {
  describe(): PolicyDescription;
  /**
   * Reads the bundle again and serves it. A bundle with errors changes nothing.
   *
   * @throws {BundleError} with every finding
   */
  reload(by: string): Promise<PolicyDescription>;
}

export interface PolicyDescription {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly since: string;
  readonly why?: string | undefined;
  readonly policies: readonly {
    readonly id: string;
    readonly effect: string;
    readonly annotations: Readonly<Record<string, string>>;
    readonly file: string;
  }[];
  readonly servicePolicies: readonly string[];
}

/** `/v1/policy`: the policy that is served. */
export function policyRoutes({ policy }: { readonly policy: PolicyControl }): Route[] {
  return [
    route({
      method: 'GET',
      url: '/v1/policy',
      operationId: 'getPolicy',
      tag: 'Administration',
      summary: 'Get the policy that is served',
      access: { kind: 'area', area: 'policy', how: 'read' },
      answers: { 200: { description: 'The bundle and its policies', shape: policyShape } },
      handle: () => policy.describe(),
    }),
    route({
      method: 'POST',
      url: '/v1/policy/reload',
      operationId: 'reloadPolicy',
      tag: 'Administration',
      summary: 'Read the bundle again and serve it, if it has no errors',
      access: { kind: 'area', area: 'policy', how: 'write' },
      answers: {
        200: { description: 'The policy that is served now', shape: policyShape },
        422: { description: 'The bundle has errors; the last good policy stays served' },
      },
      async handle({ caller }) {
        try {
          return await policy.reload(caller.enforcementPoint);
        } catch (error) {
          if (!(error instanceof BundleError)) throw error;
          throw new Problem(422, 'the bundle has errors; the last good policy goes on', { findings: error.findings });
        }
      },
    }),
  ];
}
