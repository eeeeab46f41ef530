import type { IncomingHttpHeaders } from 'node:http';
import { isObject } from '@writ/sdk/lib/is-object';
import { memo } from '../../../lib/memo.js';
import { table } from '../../../lib/table.js';

type Json = Readonly<Record<string, unknown>>;

/** The parameter that each method repeats in `Mcp-Name`. */
const NAMED_BY = table<string>({
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
});
const VERSION_META = 'io.modelcontextprotocol/protocolVersion';
const PARAM = 'mcp-param-';
/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

/** An argument that a tool has repeated in a header (`x-mcp-header` in its input schema). */
interface Repeated {
  readonly header: string;
  readonly path: readonly string[];
}

/**
 * Returns how the headers of a request differ from its body; undefined if they agree. A proxy in front of the gateway
 * may have used the headers, and the gateway uses the body (MCP 2026-07-28, "Streamable HTTP", `Mcp-Method`,
 * `Mcp-Name`, `Mcp-Param-*`).
 *
 * @param schemaOf the input schema of a tool, by the name that clients see
 */
export function headersDiffer(
  message: Json,
  headers: IncomingHttpHeaders,
  schemaOf: (tool: string) => Json | undefined,
): string | undefined {
  const { method } = message;
  if (typeof method !== 'string') return undefined;
  const params = objectOf(message.params);
  const claimed = decoded(headers['mcp-method']);
  if (claimed !== undefined && claimed !== method) return `Mcp-Method is not the method, ${JSON.stringify(method)}`;
  const name = params[NAMED_BY[method] ?? ''];
  const named = decoded(headers['mcp-name']);
  if (named !== undefined && named !== name) return `Mcp-Name is not what ${method} names`;
  if (method !== 'tools/call' || typeof name !== 'string') return undefined;
  const schema = schemaOf(name);
  if (schema === undefined) return undefined;
  return paramsDiffer(params, headers, repeatedBy(schema));
}

function paramsDiffer(params: Json, headers: IncomingHttpHeaders, repeated: readonly Repeated[]): string | undefined {
  // Earlier revisions do not have these headers, but a request that has them must agree with them.
  const isExpected = objectOf(params._meta)[VERSION_META] !== undefined;
  for (const { header, path } of repeated) {
    const value = path.reduce<unknown>((at, key) => objectOf(at)[key], params.arguments) ?? undefined;
    const claimed = decoded(headers[PARAM + header.toLowerCase()]);
    if (claimed === undefined && !isExpected) continue;
    if (claimed === value) continue;
    if (claimed !== undefined && saysSame(claimed, value)) continue;
    return `Mcp-Param-${header} is not the argument ${path.join('.')}`;
  }
  const known = new Set(repeated.map(({ header }) => PARAM + header.toLowerCase()));
  const unknown = Object.keys(headers).find((one) => one.startsWith(PARAM) && !known.has(one));
  return unknown === undefined ? undefined : `no argument of the tool has the header ${unknown}`;
}

function saysSame(claimed: string, value: unknown): boolean {
  if (typeof value === 'number') return /^-?\d+(\.\d+)?$/.test(claimed) && Number(claimed) === value;
  return typeof value === 'boolean' && claimed === String(value);
}

/** Returns the arguments that the headers repeat; searches a schema once, because every call needs them. */
const repeatedBy = memo((schema: Json): readonly Repeated[] => repeatedIn(schema));

function repeatedIn(schema: Json, path: readonly string[] = []): Repeated[] {
  return Object.entries(objectOf(schema.properties)).flatMap(([key, of]) => {
    const property = objectOf(of);
    const here = [...path, key];
    const header = property['x-mcp-header'];
    // A server gives the name. An invalid name cannot be sent, so it is ignored.
    return [
      ...(typeof header === 'string' && TOKEN.test(header) ? [{ header, path: here }] : []),
      ...repeatedIn(property, here),
    ];
  });
}

/** Returns the header in which a request repeats what it names. */
export function nameHeader(method: string, params: Json): Readonly<Record<string, string>> {
  const name = params[NAMED_BY[method] ?? ''];
  return typeof name === 'string' ? { 'mcp-name': encoded(name) } : {};
}

/** Returns the headers in which a call repeats arguments, as the input schema of its tool has it. */
export function paramHeaders(schema: Json, input: Json): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const { header, path } of repeatedBy(schema)) {
    const value = path.reduce<unknown>((at, key) => objectOf(at)[key], input);
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      headers[`Mcp-Param-${header}`] = encoded(String(value));
  }
  return headers;
}

/** Encodes a text for a header if it is not printable, or would be read as encoded. */
function encoded(text: string): string {
  const isPlain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !/^=\?base64\?.*\?=$/i.test(text);
  return isPlain ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`;
}

/** Decodes a header. A header that is not in the encoding that it claims gives a text that no body can have. */
function decoded(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = String(header);
  const encoded = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/.exec(text)?.[1];
  if (encoded === undefined) return text;
  const bytes = Buffer.from(encoded, 'base64');
  return bytes.toString('base64') === encoded ? bytes.toString('utf8') : '\0';
}

function objectOf(value: unknown): Json {
  return isObject(value) ? value : {};
}
