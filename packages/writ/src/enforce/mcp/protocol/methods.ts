import { MappingError } from '@writ/enforce/coaz';

type Json = Readonly<Record<string, unknown>>;

/** The target of a request of MCP. */
interface MethodTarget {
  readonly resource: { readonly type: string; readonly id: string };
  /** The parameters that policies see in addition to its input. */
  readonly context?: Json;
}

/**
 * Requests about the server as a whole (COAZ-MCP, "Default Mappings"): the action has the name of the method, on
 * `mcp_server::"<its resource identifier>"`. They are decided if the schema has that action. Each item of a list is
 * decided by itself, and the client is identified already.
 */
const OF_SERVER: ReadonlySet<string> = new Set([
  ...['initialize', 'server/discover', 'logging/setLevel', 'subscriptions/listen'],
  ...['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list'],
]);

/** Requests about one thing each: always decided, by the code that answers them. */
const OF_ONE: ReadonlySet<string> = new Set([
  ...['tools/call', 'resources/read', 'resources/subscribe', 'resources/unsubscribe', 'prompts/get'],
  ...['completion/complete', 'tasks/get', 'tasks/cancel', 'tasks/update'],
]);

/** `pass`: not decided. `server`: decided as a whole. `item`: decided for what it is about. `unknown`: denied. */
type MethodKind = 'pass' | 'server' | 'item' | 'unknown';

/** Returns how a message is decided by its method (COAZ-MCP, "Pass-through Operations" and "Unknown Methods"). */
export function kindOfMethod(method: string): MethodKind {
  if (method === 'ping' || method.startsWith('notifications/')) return 'pass';
  if (OF_SERVER.has(method)) return 'server';
  return OF_ONE.has(method) ? 'item' : 'unknown';
}

/**
 * Returns the target of a request about the server as a whole.
 *
 * @param server the resource identifier of the server as its clients know it (RFC 8707)
 */
export function serverTarget(method: string, params: Json, server: string): MethodTarget {
  const said = method === 'initialize' ? { protocol_version: params.protocolVersion } : { level: params.level };
  return { resource: { type: 'mcp_server', id: server }, context: said };
}

/**
 * Returns the target of a completion.
 *
 * @throws {MappingError} if it is neither a prompt nor a resource
 */
export function completionTarget(ref: unknown): MethodTarget['resource'] {
  const { type, name, uri } = (ref ?? {}) as Json;
  if (type === 'ref/prompt' && typeof name === 'string' && name !== '') return { type: 'prompt', id: name };
  if (type === 'ref/resource' && typeof uri === 'string' && uri !== '') return { type: 'resource', id: uri };
  throw new MappingError('`ref` names neither a prompt nor a resource');
}
