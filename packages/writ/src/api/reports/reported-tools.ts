import { z } from 'zod';
import { hashOf, type PinnedTool, type PinRule, suspensionOf, type ToolPins } from '../../registry/tool-pins.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';

export interface ReportedToolsParts {
  readonly toolPins: ToolPins;
  /** Whether a tool counts as approved when it is first reported. */
  readonly pinRule: () => PinRule;
  /** Called with the tools that are suspended from now on. */
  readonly onSuspended: (tools: readonly PinnedTool[]) => Promise<void>;
  readonly isFollower: boolean;
  readonly clock: () => Date;
}

/** Tools that are kept of one enforcement point, at most. */
const MAX_TOOLS = 10_000;
const definitionShape = z.looseObject({
  name: z.string().min(1).max(256),
  title: z.string().optional(),
  description: z.string().optional(),
});

/** `POST /v1/tools`: an enforcement point reports the tools of its server, and learns which of them may be called. */
export function reportedToolsRoute(parts: ReportedToolsParts): Route {
  const { toolPins, clock } = parts;
  return route({
    method: 'POST',
    url: '/v1/tools',
    operationId: 'reportTools',
    tag: 'Outcomes',
    summary: 'Report the tools that a server lists, and get those that may not be called',
    access: { kind: 'caller' },
    body: z.strictObject({
      /** The name of the server at the enforcement point; tools are stored under both names. */
      server: z.string().min(1).max(256),
      tools: z.array(definitionShape).max(1_000),
    }),
    answers: {
      200: {
        description: 'Each reported tool; one with `suspended` may not be called, for that reason',
        shape: z.object({
          tools: z.array(
            z.object({ tool: z.string(), suspended: z.string().optional(), findings: z.array(z.string()) }),
          ),
        }),
      },
    },
    async handle({ body, caller }) {
      if (!caller.mayReport()) throw new Problem(403, `${caller.enforcementPoint} may not report tools`);
      const twice = body.tools.find(({ name }, i) => body.tools.findIndex((one) => one.name === name) !== i);
      if (twice !== undefined) throw new Problem(400, `body.tools has ${JSON.stringify(twice.name)} twice`);
      if (parts.isFollower)
        throw new Problem(503, 'this service follows another, which keeps the tools; tell that one');
      // Tools that one enforcement point reports change neither those of another nor those of the gateway.
      const own = `${caller.enforcementPoint}:`;
      const server = `${own}${body.server}`;
      const more = body.tools.filter(({ name }) => toolPins.find(server, name) === undefined).length;
      if (more > 0 && toolPins.countOf(own) + more > MAX_TOOLS)
        throw new Problem(409, `${caller.enforcementPoint} has reported ${MAX_TOOLS} tools already`);
      const suspended = await toolPins.see(
        { server, rule: parts.pinRule(), shown: (tool) => tool },
        body.tools,
        [],
        clock(),
      );
      if (suspended.length > 0) await parts.onSuspended(suspended);
      const tools = body.tools.map((definition) => {
        const pinned = toolPins.find(server, definition.name) as PinnedTool;
        // Guards may have different versions of a tool: each answer is about the version that was sent.
        const why = suspensionOf(pinned, hashOf(definition));
        return {
          tool: definition.name,
          ...(why === undefined ? {} : { suspended: why }),
          findings: [...pinned.findings],
        };
      });
      return { tools };
    },
  });
}
