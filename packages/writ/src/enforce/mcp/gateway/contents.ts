import { ProtocolError, UriTemplate } from '@modelcontextprotocol/server';
import { callerText, type Enforcer, requestBy, trustedPrompt } from '@writ/enforce';
import type { AccessRequest, DecisionPoint } from '@writ/sdk/authzen';
import type { Prompt, Resource, ResourceTemplate } from '../client/offered-contents.js';
import type { Upstream } from '../client/upstream.js';
import type { McpCaller } from '../protocol/caller.js';
import { ERROR } from '../protocol/errors.js';
import { completionTarget } from '../protocol/methods.js';
import { readableUri } from '../protocol/resource-uri.js';
import type { CallResult } from '../protocol/result.js';
import type { StateSeal } from '../protocol/user-input.js';
import { decidable } from './decidable.js';
import { refusal } from './denial.js';
import type { Execution } from './execution.js';
import { firstOfEach } from './first-of-each.js';

export interface ContentsParts {
  readonly upstreams: readonly Upstream[];
  readonly point: DecisionPoint;
  readonly execution: Execution;
  readonly seal: StateSeal;
  readonly enforcer: Enforcer;
}

const RESOURCE = 'resource';
const PROMPT = 'prompt';

/**
 * Resources and prompts of MCP servers behind the gateway (COAZ-MCP, "Default Mappings"): to read a resource is the
 * action `resources/read` on `resource::"<uri>"`, to get a prompt `prompts/get` on `prompt::"<name>"`. A list has
 * what could be permitted; an action that the schema does not have is never permitted.
 */
export class Contents {
  constructor(private readonly parts: ContentsParts) {}

  /** The kinds that at least one server offers. */
  get offers(): Readonly<Record<'resources' | 'prompts' | 'completions' | 'subscriptions', boolean>> {
    const all = this.parts.upstreams.map(({ contents }) => contents);
    return {
      resources: all.some(({ resources, templates }) => resources.length + templates.length > 0),
      prompts: all.some(({ prompts }) => prompts.length > 0),
      completions: all.some(({ completes }) => completes),
      subscriptions: all.some(({ notifies }) => notifies),
    };
  }

  async resources(caller: McpCaller): Promise<Resource[]> {
    const all = this.parts.upstreams.flatMap(({ contents }) => [...contents.resources]);
    const first = firstOfEach(all, ({ uri }) => uri);
    return this.shown(first, caller, 'resources/read', ({ uri }) => ({ type: RESOURCE, id: uri }));
  }

  async templates(caller: McpCaller): Promise<ResourceTemplate[]> {
    const all = this.parts.upstreams.flatMap(({ contents }) => [...contents.templates]);
    return this.shown(all, caller, 'resources/read', () => ({ type: RESOURCE }));
  }

  async prompts(caller: McpCaller): Promise<Prompt[]> {
    const all = this.offeredPrompts().map(({ prompt, shown }) => ({ ...prompt, name: shown }));
    return this.shown(all, caller, 'prompts/get', ({ name }) => ({ type: PROMPT, id: name }));
  }

  /** Reads a resource. @throws {ProtocolError} if it is not read, with a reason */
  async read(uri: string, caller: McpCaller): Promise<CallResult> {
    const upstream = this.serverOf(uri, caller);
    const resource = { type: RESOURCE, id: uri };
    const request = this.requestFor('resources/read', resource, { uri }, upstream, caller);
    return this.decideAndSend(request, upstream, 'resources/read', { uri }, caller);
  }

  /** Gets a prompt. @throws {ProtocolError} if it is not got, with a reason */
  async prompt(name: string, input: Readonly<Record<string, unknown>>, caller: McpCaller): Promise<CallResult> {
    const offered = this.offeredPrompts().find(({ shown }) => shown === name);
    const resource = { type: PROMPT, id: name };
    const request = this.requestFor('prompts/get', resource, input, offered?.upstream, caller);
    const params = { name: offered?.prompt.name ?? name, arguments: input };
    return this.decideAndSend(request, offered?.upstream, 'prompts/get', params, caller);
  }

  /**
   * Completes an argument of a prompt or of a template.
   *
   * @throws {ProtocolError} if it is not permitted or does not exist
   */
  async complete({ ref, argument, context }: CompletionParams, caller: McpCaller): Promise<CallResult> {
    const operation = { name: 'completion/complete', client: caller.client };
    const resource = decidable(this.parts.enforcer, operation, () => completionTarget(ref));
    const prompt = this.offeredPrompts().find(({ shown }) => resource.type === PROMPT && shown === resource.id);
    const upstream = prompt?.upstream ?? (resource.type === RESOURCE ? this.completing(resource.id) : undefined);
    const request = this.requestFor('completion/complete', resource, { ...argument }, upstream, caller);
    const named =
      prompt === undefined
        ? { type: 'ref/resource', uri: resource.id }
        : { type: 'ref/prompt', name: prompt.prompt.name };
    const params = { ref: named, argument, ...(context === undefined ? {} : { context }) };
    return this.decideAndSend(
      request,
      upstream?.contents.completes === true ? upstream : undefined,
      'completion/complete',
      params,
      caller,
    );
  }

  /**
   * Notifies a client of changes of a resource, if it is permitted to subscribe.
   *
   * @returns a function that ends the subscription
   * @throws {ProtocolError} if it is not permitted, or no server notifies
   */
  async subscribe(uri: string, caller: McpCaller, notify: () => void): Promise<() => void> {
    const upstream = this.serverOf(uri, caller);
    const request = this.requestFor('resources/subscribe', { type: RESOURCE, id: uri }, { uri }, upstream, caller);
    const { execution, enforcer } = this.parts;
    const begun = await enforcer.begin({ name: `to subscribe to ${uri}`, requests: () => [request] }, caller);
    if (begun.kind !== 'permit') throw refusal(uri, begun);
    return begun.during(async (permit) => {
      const failed = async (why: string): Promise<ProtocolError> => {
        await permit.done('not-executed');
        return new ProtocolError(ERROR.mapping, why, { decisionId: permit.decisionId });
      };
      if (upstream?.contents.notifies !== true) throw await failed(`no server tells of changes of ${uri}`);
      let off: () => void;
      try {
        // A client whose permission cannot be checked is not notified.
        off = await upstream.watch(uri, () => void this.notifyIfPermitted(uri, caller, notify).catch(() => undefined));
      } catch (error) {
        if (ProtocolError.isInstance(error)) throw await execution.refused(`to subscribe to ${uri}`, permit, error);
        throw await failed(`${uri} could not be subscribed to`);
      }
      await permit.done('completed', null);
      return off;
    });
  }

  /**
   * Notifies a client that could still be permitted. The token of a subscription may have expired; its client has
   * not.
   */
  private async notifyIfPermitted(uri: string, { client }: McpCaller, notify: () => void): Promise<void> {
    const listed = { action: 'resources/subscribe', resource: { type: RESOURCE, id: uri } };
    const [could] = (await this.parts.point.couldPermit?.(requestBy(client), [listed], {})) ?? [true];
    if (could === true) notify();
  }

  private completing(template: string): Upstream | undefined {
    return this.parts.upstreams.find(({ contents: { resources, templates } }) =>
      [...templates.map(({ uriTemplate }) => uriTemplate), ...resources.map(({ uri }) => uri)].includes(template),
    );
  }

  private offeredPrompts(): { readonly upstream: Upstream; readonly prompt: Prompt; readonly shown: string }[] {
    const all = this.parts.upstreams.flatMap((upstream) =>
      upstream.contents.prompts.map((prompt) => ({ upstream, prompt, shown: `${upstream.prefix}${prompt.name}` })),
    );
    return firstOfEach(all, ({ shown }) => shown);
  }

  /**
   * Returns the server that lists a resource or has a template for it; undefined if no server has.
   *
   * @throws {ProtocolError} if no server lists the URI and it has two readings
   */
  private serverOf(uri: string, { client }: McpCaller): Upstream | undefined {
    const { upstreams } = this.parts;
    const listing = upstreams.find(({ contents }) => contents.resources.some((one) => one.uri === uri));
    if (listing !== undefined) return listing;
    const read = decidable(this.parts.enforcer, { name: 'resources/read', client }, () => readableUri(uri));
    return upstreams.find(({ contents }) => contents.templates.some(({ uriTemplate }) => fits(uriTemplate, read)));
  }

  private async shown<T>(
    all: readonly T[],
    { client, carried }: McpCaller,
    action: string,
    resourceOf: (one: T) => { readonly type: string; readonly id: string } | { readonly type: string },
  ): Promise<T[]> {
    if (all.length === 0) return [];
    const actions = all.map((one) => ({ action, resource: resourceOf(one) }));
    const could = await this.parts.point.couldPermit?.(requestBy(client), actions, carried);
    return could === undefined ? [...all] : all.filter((_one, i) => could[i] === true);
  }

  private requestFor(
    action: string,
    resource: { readonly type: string; readonly id: string },
    input: Readonly<Record<string, unknown>>,
    upstream: Upstream | undefined,
    { client, carried }: McpCaller,
  ): AccessRequest {
    const { subject, context } = requestBy(client);
    const server = upstream?.name ?? '';
    return {
      subject,
      action: { name: action },
      resource,
      context: { input, ...context, upstream: { server }, ...trustedPrompt(client, carried) },
    };
  }

  private async decideAndSend(
    request: AccessRequest,
    upstream: Upstream | undefined,
    method: string,
    params: Readonly<Record<string, unknown>>,
    caller: McpCaller,
  ): Promise<CallResult> {
    const { execution, enforcer, seal } = this.parts;
    const what = request.resource.id;
    const { client, input } = caller;
    // Completions ask the user nothing.
    const of = { caller: callerText(client), server: upstream?.name ?? '', tool: method, arguments: params };
    const userInput = method === 'completion/complete' ? undefined : seal.opened(input, of);
    const begun = await enforcer.begin({ name: `${method} ${what}`, requests: () => [request] }, caller);
    if (begun.kind !== 'permit') throw refusal(what, begun);
    return begun.during(async (permit) => {
      if (upstream === undefined) {
        await permit.done('not-executed');
        throw new ProtocolError(ERROR.mapping, `no server has ${what}`, { decisionId: permit.decisionId });
      }
      const { signal, carried } = caller;
      const options = { signal, carried, input: userInput };
      return seal.sealed(await execution.request(upstream, { what, method, params, permit, options }), of);
    });
  }
}

/** The parameters of `completion/complete`. */
interface CompletionParams {
  readonly ref: unknown;
  readonly argument: { readonly name: string; readonly value: string };
  readonly context?: unknown;
}

function fits(template: string, uri: string): boolean {
  try {
    return new UriTemplate(template).match(uri) !== null;
  } catch {
    return false;
  }
}
