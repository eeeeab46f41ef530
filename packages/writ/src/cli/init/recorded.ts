import type { ListedTool } from '../../bundle/draft/listed-tool.js';
import type { ObservedCall } from '../../bundle/draft/observed.js';
import type { DecisionRecord } from '../../decide/record.js';
import { askService, type ServiceFlags } from '../ask-service.js';
import { timeOf } from '../decisions.js';
import { InitError } from '../errors.js';

const PAGE = 500;
const MAX_DECISIONS = 100_000;

/** Returns the permitted decisions of a running service. Calls that went through while it observed are among them. */
export async function recordedDecisions(flags: ServiceFlags, since: string): Promise<DecisionRecord[]> {
  const records: DecisionRecord[] = [];
  for (const result of ['allow', 'modify']) {
    const query = new URLSearchParams({ limit: String(PAGE), since: timeOf(since), result });
    for (let more = true; more && records.length < MAX_DECISIONS; ) {
      const page = await askService<{
        decisions: DecisionRecord[];
        next?: string;
      }>(flags, 'GET', `/v1/decisions?${query}`);
      records.push(...page.decisions);
      more = page.next !== undefined;
      if (page.next !== undefined) query.set('before', page.next);
    }
  }
  if (records.length === 0)
    throw new InitError(`nothing was permitted in the last ${since}`, 'name a longer time, or leave --recorded out');
  return records;
}

/** Returns a recorded decision as a call to draft from. */
export function observedCall({ time, request, provenance }: DecisionRecord): ObservedCall {
  const { type, id } = request.subject;
  const path = (provenance?.path ?? [{ type, id }]).map((uid) => ({ type: uid.type, id: uid.id }));
  return { time, action: request.action.name, path, input: (request.context?.input ?? {}) as ObservedCall['input'] };
}

/** Returns the current tools behind the gateway of a running service, under the names that clients see. */
export async function toolsOfService(flags: ServiceFlags, records: readonly DecisionRecord[]): Promise<ListedTool[]> {
  const { tools } = await askService<{
    tools: { server: string; definition: ListedTool }[];
  }>(flags, 'GET', '/v1/tools');
  if (tools.length === 0)
    throw new InitError(
      'the gateway of the service has no tools',
      'either --tools FILE, or the command of an MCP server after --',
    );
  const prefixes = new Map<unknown, string>();
  for (const { request } of records) {
    const { server, tool } = (request.context?.upstream ?? {}) as { server?: unknown; tool?: unknown };
    const { name } = request.action;
    if (typeof tool === 'string' && name.endsWith(tool)) prefixes.set(server, name.slice(0, name.length - tool.length));
  }
  const named = tools.map(({ server, definition }) => {
    const name = `${prefixes.get(server) ?? ''}${definition.name}`;
    return [name, { ...definition, name, server }] as const;
  });
  // Of a server that nobody called it is not known what clients see before the names of its tools.
  return [...new Map(named.reverse()).values()].reverse();
}
