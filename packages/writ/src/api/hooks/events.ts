import type { IncomingMessage } from 'node:http';
import type { EntityUid } from '@writ/cedar';
import { z } from 'zod';
import type { AuthenticatedCaller } from '../http/callers.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';

/** The clients whose hooks can ask. */
const CLIENTS = ['claude', 'codex', 'gemini', 'cursor'] as const;
type HookClientName = (typeof CLIENTS)[number];

/** The answer to an event of a client. */
type EventAnswer =
  | { readonly kind: 'answer'; readonly json: Readonly<Record<string, unknown>>; readonly stops: boolean }
  | { readonly kind: 'resolve'; readonly paths: readonly string[] };

interface SentEvent {
  readonly client: HookClientName;
  readonly event: unknown;
  /** The originator, and then the agent at work for it. */
  readonly path: readonly EntityUid[];
  /** The servers of MCP whose tools the gateway decides on. */
  readonly guarded: readonly string[];
  readonly resolved: { readonly root: string; readonly paths: readonly string[] } | undefined;
}

export interface HookEventParts {
  readonly hooks: { answer(sent: SentEvent, caller: AuthenticatedCaller): Promise<EventAnswer> };
}

const eventShape = z
  .looseObject({ hook_event_name: z.string() })
  .describe('The event as the client sends it to a hook, unchanged.');
const querySchema = z.strictObject({
  /** The servers of MCP whose tools the gateway decides on, with commas between: nothing is decided twice. */
  gateway: z
    .string()
    .regex(/^[\w-]{1,64}(?:,[\w-]{1,64}){0,19}$/)
    .optional(),
});
const answerShape = z
  .looseObject({})
  .describe('The answer for the client: `{}` says nothing, so that its own questions are asked; it never permits.');

/** `POST /v1/hooks/{client}`: an event of a coding agent, from the hook of its client. */
export function hookEventRoutes({ hooks }: HookEventParts): Route[] {
  return CLIENTS.map((client) =>
    route({
      method: 'POST',
      url: `/v1/hooks/${client}`,
      operationId: `answer${client[0]?.toUpperCase()}${client.slice(1)}Hook`,
      tag: 'Hooks',
      summary: `May this tool of a coding agent run? Asked by a hook of ${NAMES[client]}`,
      access: { kind: 'caller' },
      body: eventShape,
      query: querySchema,
      readsBody: true,
      answers: {
        200: { description: 'One JSON object: `{}`, or what stops the event', shape: answerShape },
        428: {
          description:
            'Paths that the machine of the agent has to resolve, one a line; send the event again with `Writ-Root` and a `Writ-Path` for each, as `<path>`',
          contentType: 'text/plain',
        },
      },
      async handle({ body, query, caller, request, reply }) {
        const { speaking, enforcementPoint } = caller;
        if (speaking?.path === undefined)
          throw new Problem(
            403,
            `the key of ${enforcementPoint} does not say whose agent it is; writ caller add NAME --for PERSON --agent AGENT makes one that does`,
          );
        if (!caller.mayReport()) throw new Problem(403, `${enforcementPoint} may not report outcomes`);
        const guarded = query.gateway?.split(',') ?? [];
        const sent = { client, event: body, path: speaking.path, guarded, resolved: resolvedIn(request) };
        const answer = await hooks.answer(sent, caller);
        if (answer.kind === 'answer') return asciiJson(answer.json);
        reply.code(428).type('text/plain; charset=utf-8');
        return `${answer.paths.join('\n')}\n`;
      },
    }),
  );
}

const NAMES: Readonly<Record<HookClientName, string>> = {
  claude: 'Claude Code',
  codex: 'Codex',
  gemini: 'Gemini CLI',
  cursor: 'Cursor',
};

/** Returns the paths that the hook resolved. @throws {Problem} 400 if a header is not `<path>` in UTF-8 */
function resolvedIn({ rawHeaders }: IncomingMessage): SentEvent['resolved'] {
  const all = (name: string): string[] =>
    rawHeaders.filter((_value, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name).map(pathIn);
  const paths = all('writ-path');
  const [root, ...more] = all('writ-root');
  if (root === undefined && paths.length === 0) return undefined;
  if (root === undefined || more.length > 0) throw new Problem(400, 'Writ-Root is sent once with Writ-Path');
  return { root, paths };
}

function pathIn(value: string): string {
  // Node reads the bytes of a header as Latin-1.
  const bytes = Buffer.from(value, 'latin1');
  const [, path] = /^<(.*)>$/s.exec(bytes.toString('utf8')) ?? [];
  if (path === undefined || !Buffer.from(`<${path}>`).equals(bytes))
    throw new Problem(400, 'Writ-Root and Writ-Path are paths in UTF-8, as in <path>');
  return path;
}

/** Returns JSON in printable ASCII: a hook that is a script can check the whole text of an answer by a pattern. */
function asciiJson(json: object): string {
  return JSON.stringify(json).replaceAll(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
