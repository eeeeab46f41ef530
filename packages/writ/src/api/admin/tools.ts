import { z } from 'zod';
import { isSuspended, type PinnedTool, type ToolPins } from '../../registry/tool-pins.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';
import { type ChangeParts, recordChange } from './changes.js';

export interface ToolParts extends ChangeParts {
  readonly toolPins: ToolPins;
}

const toolShape = z.object({
  server: z.string(),
  tool: z.string(),
  state: z.enum(['approved', 'new', 'changed', 'unusable']),
  /** Hash of the definition that the server gives now. */
  hash: z.string(),
  findings: z.array(z.string()),
  /** Why the tool cannot be used as its server describes it. */
  unusable: z.string().optional(),
  seenAt: z.string(),
  approvedAt: z.string().optional(),
  approvedBy: z.string().optional(),
  definition: z.record(z.string(), z.unknown()),
  /** The approved definition, if it differs. */
  before: z.record(z.string(), z.unknown()).optional(),
});

/** `/v1/tools`: the tools behind the gateway, as approved and as defined now. */
export function toolRoutes(parts: ToolParts): Route[] {
  const { toolPins, clock } = parts;
  return [
    route({
      method: 'GET',
      url: '/v1/tools',
      operationId: 'listTools',
      tag: 'Administration',
      summary: 'List the tools behind the gateway, with findings',
      access: { kind: 'area', area: 'tools', how: 'read' },
      answers: { 200: { description: 'By server and name', shape: z.object({ tools: z.array(toolShape) }) } },
      handle: () => ({ tools: toolPins.list().map(viewOf) }),
    }),
    route({
      method: 'POST',
      url: '/v1/tools/:server/:tool/approve',
      operationId: 'approveTool',
      tag: 'Administration',
      summary: 'Approve a tool as it is defined now, so that it can be called',
      access: { kind: 'area', area: 'tools', how: 'write' },
      body: z.strictObject({
        /** The hash of the definition that was looked at. */
        hash: z.string().min(1).max(128),
        reason: z.string().min(1).max(1_024),
      }),
      answers: {
        200: { description: 'It can be called', shape: toolShape },
        404: { description: 'There is no such tool' },
        409: { description: 'Its definition has changed, or cannot be used' },
      },
      async handle({ params, body, caller }) {
        const { server = '', tool = '' } = params;
        const known = toolPins.find(server, tool);
        if (known === undefined) throw new Problem(404, `no server ${server} has given a tool ${tool}`);
        if (known.unusable !== undefined)
          throw new Problem(409, `${server}/${tool} cannot be used as its server describes it: ${known.unusable}`);
        if (known.now !== body.hash)
          throw new Problem(409, `${server}/${tool} has another definition by now; look at it again`);
        const { reason } = body;
        await recordChange(parts, caller, 'tools.approve', { server, tool, hash: body.hash, reason });
        const approved = await toolPins.approve(server, tool, body.hash, caller.enforcementPoint, clock());
        if (approved === undefined) throw new Problem(409, `${server}/${tool} has another definition by now`);
        return viewOf(approved);
      },
    }),
  ];
}

function viewOf(pinned: PinnedTool): z.output<typeof toolShape> {
  const { approved: _approved, now, definition, before, findings, ...rest } = pinned;
  const state = stateOf(pinned);
  return {
    ...rest,
    state,
    hash: now,
    findings: [...findings],
    definition: { ...definition },
    ...(before === undefined ? {} : { before: { ...before } }),
  };
}

function stateOf(pinned: PinnedTool): z.output<typeof toolShape>['state'] {
  if (pinned.unusable !== undefined) return 'unusable';
  if (!isSuspended(pinned)) return 'approved';
  return pinned.approved === undefined ? 'new' : 'changed';
}
