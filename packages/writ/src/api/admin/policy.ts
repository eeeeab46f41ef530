import { z } from 'zod';
import { BundleError } from '../../bundle/errors.js';
import { Slices } from '../../lib/slices.js';
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

export interface DescribedPolicy {
  readonly id: string;
  readonly effect: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly file: string;
}

export interface PolicyDescription {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly since: string;
  readonly why?: string | undefined;
  readonly policies: Iterable<DescribedPolicy>;
  readonly servicePolicies: readonly string[];
}

/** Writes a description as JSON, in slices: a bundle can have 50,000 policies. */
function textOf(description: PolicyDescription): Promise<string> {
  return new Slices().take(writing(description));
}

function* writing({ policies, ...more }: PolicyDescription): Generator<undefined, string, undefined> {
  const written: string[] = [];
  for (const policy of policies) {
    written.push(JSON.stringify(policy));
    yield;
  }
  return `${JSON.stringify(more).slice(0, -1)},"policies":[${written.join(',')}]}`;
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
      handle: () => textOf(policy.describe()),
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
          return await textOf(await policy.reload(caller.enforcementPoint));
        } catch (error) {
          if (!(error instanceof BundleError)) throw error;
          throw new Problem(422, 'the bundle has errors; the last good policy goes on', { findings: error.findings });
        }
      },
    }),
  ];
}
