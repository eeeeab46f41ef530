import { PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server';

/** Returns whether a request is of MCP 2026-07-28 or later, where each request names its revision. */
export function isModern({ _meta: meta }: Readonly<Record<string, unknown>>): boolean {
  return ((meta ?? {}) as Record<string, unknown>)[PROTOCOL_VERSION_META_KEY] !== undefined;
}
