import { readJson } from '@writ/sdk/lib/exact-json';
import { z } from 'zod';
import { isDeeper } from '../../lib/nesting.js';
import { hashOf, type PinnedTool, type PinRule, suspensionOf, type ToolPins } from '../../registry/tool-pins.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';

export interface ReportedToolsParts {
  readonly toolPins: ToolPins;
  /** Whether a tool counts as approved when it is first reported. */
  readonly pinRule: () => PinRule;
  /** Called with the tools that are to count because they are seen for the first time; they do not if it rejects. */
  readonly onFirstUse: (tools: readonly PinnedTool[]) => Promise<void>;
  /** Called with the tools that are suspended from now on. */
  readonly onSuspended: (tools: readonly PinnedTool[]) => Promise<void>;
  readonly isFollower: boolean;
  readonly clock: () => Date;
}

/** Tools that are kept of one enforcement point, at most. */
const MAX_TOOLS = 10_000;
/** The most tools of one report. */
const MAX_AT_ONCE = 1_000;
/** In characters. */
const MAX_BODY = 1024 * 1024;
const MAX_DEPTH = 64;
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
      tools: z.array(definitionShape).max(MAX_AT_ONCE).optional(),
      /** Definitions as texts of JSON: with numbers past 2^53, and names that differ only in case. */
      definitions: z.array(z.string().max(MAX_BODY)).max(MAX_AT_ONCE).optional(),
      /** Tools that cannot be used as the server describes them. */
      unusable: z
        .array(z.object({ name: z.string().min(1).max(256), reason: z.string().max(1_024) }))
        .max(MAX_AT_ONCE)
        .optional(),
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
      const { unusable = [] } = body;
      const reported = [...(body.tools ?? []), ...(body.definitions ?? []).map(readDefinition)];
      const names = new Set<string>();
      for (const { name } of [...reported, ...unusable]) {
        if (names.has(name)) throw new Problem(400, `the report has ${JSON.stringify(name)} twice`);
        names.add(name);
      }
      if (parts.isFollower)
        throw new Problem(503, 'this service follows another, which keeps the tools; tell that one');
      // Tools that one enforcement point reports change neither those of another nor those of the gateway.
      const own = `${caller.enforcementPoint}:`;
      const server = `${own}${body.server}`;
      const more = [...names].filter((name) => toolPins.find(server, name) === undefined).length;
      if (more > 0 && toolPins.countOf(own) + more > MAX_TOOLS)
        throw new Problem(409, `${caller.enforcementPoint} has reported ${MAX_TOOLS} tools already`);
      const suspended = await toolPins.see(
        { server, rule: parts.pinRule(), shown: (tool) => tool, unusable, onFirstUse: parts.onFirstUse },
        reported,
        [],
        clock(),
      );
      if (suspended.length > 0) await parts.onSuspended(suspended);
      const tools = reported.map((definition) => {
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

/** @throws {Problem} 400 if the text is not a definition */
function readDefinition(text: string): z.output<typeof definitionShape> {
  let definition: unknown;
  try {
    definition = readJson(text);
  } catch (error) {
    throw new Problem(400, `body.definitions: ${(error as Error).message}`);
  }
  if (isDeeper(definition, MAX_DEPTH)) throw new Problem(400, `body.definitions: nested deeper than ${MAX_DEPTH}`);
  const read = definitionShape.safeParse(definition);
  if (!read.success) throw new Problem(400, `body.definitions: ${read.error.issues[0]?.message}`);
  return read.data;
}
