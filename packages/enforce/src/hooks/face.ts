import { isObject } from '@writ/sdk/lib/is-object';
import type { CallingClient } from '../enforcer/caller.js';
import type { Enforcer } from '../enforcer/enforcer.js';
import type { Requests } from '../enforcer/operation.js';
import { MappingError } from '../errors.js';
import { bounded, reasonOf } from './answers.js';
import { CANARY, CANARY_SAYS } from './canary.js';
import type { Action, Dialect, HookEvent, ToolUse } from './event.js';
import { callKey, OpenCalls } from './open-calls.js';
import { pathsIn, type Resolved, withPaths } from './paths.js';
import { type CallerPrompts, MAX_PROMPT } from './prompts.js';

type Json = Readonly<Record<string, unknown>>;
type Before = Extract<HookEvent, { kind: 'before' }>;
type After = Extract<HookEvent, { kind: 'after' }>;

/** One action of an agent, as a mapper takes it. */
interface HookCall {
  /** The server of MCP, or else the client. */
  readonly server: string;
  /** The name that the client has for the tool. */
  readonly tool: string;
  /** The name of the action. */
  readonly action: string;
  readonly input: Json;
}

interface HookParts {
  readonly enforcer: Enforcer;
  readonly map: (call: HookCall, client: CallingClient) => Requests;
  readonly prompts: CallerPrompts;
  /** How long a decision may take. */
  readonly deadlineMs: number;
}

/** The person and the agent, as the key of the hook says. The face adds the session. */
type HookClient = Pick<CallingClient, 'originator' | 'agent'>;

/** The things that a hook says beside the event. */
interface Beside {
  readonly resolved?: Resolved | undefined;
  /** The servers of MCP whose tools an enforcement point of ours decides on. */
  readonly guarded?: readonly string[] | undefined;
}

/** The answer to an event. */
type HookAnswer =
  /** For the client: `{}` says nothing, so that its own questions are asked too. */
  | { readonly kind: 'answer'; readonly json: Json; readonly stops: boolean }
  /** The same event is to be sent again with these paths resolved, where the files are. */
  | { readonly kind: 'resolve'; readonly paths: readonly string[] };

const NOTHING: HookAnswer = { kind: 'answer', json: {}, stops: false };

/**
 * Decides what coding agents do, by the hooks of their clients. A use of a tool is an operation of the enforcer, and the event after it
 * is its end. An answer never permits: it stops, or says nothing.
 */
export class HookFace {
  private readonly calls = new OpenCalls((permit) => void permit.drop());

  constructor(private readonly parts: HookParts) {}

  /** Answers an event. Never throws because of the event. */
  async answer(
    dialect: Dialect,
    sent: unknown,
    by: HookClient,
    { resolved, guarded = [] }: Beside = {},
  ): Promise<HookAnswer> {
    let event: HookEvent;
    const client = { ...by, task: `hook ${dialect.client}` };
    const read = this.parts.enforcer.mapped(`hook ${dialect.client}`, client, () => dialect.read(objectOf(sent)));
    if (read.kind === 'mapping') return stopped(dialect, unreadable(sent), reasonOf('this event', read));
    event = read.value;
    const session = JSON.stringify([dialect.client, event.session]);
    const inSession: CallingClient = { ...client, conversation: `hook ${session}` };
    if (event.kind !== 'prompt' && event.use.server !== undefined && guarded.includes(event.use.server)) return NOTHING;
    switch (event.kind) {
      case 'prompt':
        return this.prompted(dialect, event, session);
      case 'before':
        return this.begun(dialect, event, session, inSession, resolved);
      case 'after':
        return this.ended(dialect, event, session);
    }
  }

  private prompted(dialect: Dialect, event: Extract<HookEvent, { kind: 'prompt' }>, session: string): HookAnswer {
    if (event.prompt.length > MAX_PROMPT) {
      this.parts.prompts.set(session, undefined);
      return stopped(dialect, event, `Writ cannot take a prompt of more than ${MAX_PROMPT} characters`);
    }
    this.parts.prompts.set(session, event.prompt);
    return NOTHING;
  }

  private async begun(
    dialect: Dialect,
    event: Before,
    session: string,
    client: CallingClient,
    resolved: Resolved | undefined,
  ): Promise<HookAnswer> {
    const { use } = event;
    const { enforcer, map, prompts } = this.parts;
    const name = use.server === undefined ? use.tool : `${use.server} ${use.tool}`;
    const mapped = enforcer.mapped(name, client, () => {
      const actions = actionsOf(dialect, use);
      return { actions, paths: pathsIn(actions, use) };
    });
    if (mapped.kind === 'mapping') return stopped(dialect, event, reasonOf(name, mapped));
    const { actions, paths } = mapped.value;
    if (actions.some(({ input }) => input.command === CANARY)) return stopped(dialect, event, CANARY_SAYS);
    if (paths.length > 0 && resolved === undefined) return { kind: 'resolve', paths };
    const prompt = prompts.get(session);
    const requests = (): Requests => {
      const all = withPaths(actions, resolved).flatMap(({ action, input }) =>
        map({ server: use.server ?? dialect.client, tool: use.tool, action, input }, client),
      );
      const said = prompt === undefined ? {} : { prompt };
      return all.map((one) => ({ ...one, context: { ...one.context, ...said } })) as unknown as Requests;
    };
    const begun = await this.inTime({ name, requests }, client);
    if (begun === 'late')
      return stopped(dialect, event, `Writ had no decision on ${name} in ${this.parts.deadlineMs} ms; it does not run`);
    if (begun.kind !== 'permit') return stopped(dialect, event, reasonOf(name, begun));
    begun.sent();
    this.calls.add(callKey(session, use), begun);
    return NOTHING;
  }

  /** Begins an operation within the deadline. A permit that comes later is not used. */
  private async inTime(
    operation: { readonly name: string; readonly requests: () => Requests },
    client: CallingClient,
  ): Promise<Awaited<ReturnType<Enforcer['begin']>> | 'late'> {
    const over = new AbortController();
    const begun = this.parts.enforcer.begin(operation, { client, carried: NOTHING_CARRIED, signal: over.signal });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), this.parts.deadlineMs);
    });
    const first = await Promise.race([begun, late]);
    clearTimeout(timer);
    if (first !== 'late') return first;
    over.abort();
    void begun.then((one) => (one.kind === 'permit' ? one.done('not-executed') : undefined));
    return 'late';
  }

  private async ended(dialect: Dialect, event: After, session: string): Promise<HookAnswer> {
    const { use } = event;
    const permit = this.calls.take(callKey(session, use));
    if (permit === undefined) return stopped(dialect, event, NO_PERMIT);
    // A tool that failed may have done a part of it: what it used up stays used.
    const ended = await permit.done(event.failed ? 'unknown' : 'completed', resultOf(event.result));
    return ended.kind === 'accepted'
      ? NOTHING
      : stopped(dialect, event, bounded(`Writ withholds the result of ${use.tool}: ${ended.message}`));
  }
}

const NOTHING_CARRIED = { trace: undefined, txnToken: undefined, proof: undefined } as const;
const NO_PERMIT =
  'Writ has no permit of this call that waits for its end, so its result is not on the record; do not use it';

function objectOf(sent: unknown): Json {
  if (!isObject(sent)) throw new MappingError('it is no object');
  return sent;
}

/** Returns what can be said of an event that cannot be read: it stops whatever it may be about. */
function unreadable(sent: unknown): Pick<HookEvent, 'kind' | 'name'> {
  const name = isObject(sent) ? sent.hook_event_name : undefined;
  const isPrompt = name === 'UserPromptSubmit' || name === 'BeforeAgent' || name === 'beforeSubmitPrompt';
  return { kind: isPrompt ? 'prompt' : 'before', name: 'PreToolUse' };
}

function actionsOf({ tools }: Dialect, { server, tool, input }: ToolUse): readonly Action[] {
  const reader = server === undefined && Object.hasOwn(tools, tool) ? tools[tool] : undefined;
  if (reader !== undefined) return reader(input);
  // A tool must not pass for one that the client has under another name.
  return [{ action: server === undefined ? tool : `mcp__${server}__${tool}`, input }];
}

/** Returns a result as a result of MCP is reported, so that no member of it is taken for another part. */
function resultOf(result: unknown): object | undefined {
  if (result === undefined) return undefined;
  return typeof result === 'string'
    ? { content: [{ type: 'text', text: result }] }
    : { content: [], structuredContent: result };
}

function stopped(dialect: Dialect, event: Pick<HookEvent, 'kind' | 'name'>, reason: string): HookAnswer {
  return { kind: 'answer', json: dialect.stop(event, reason), stops: true };
}
