import { carriedInHeaders, traceIn } from '@writ/enforce';
import type { Carried } from '@writ/sdk/authzen';

/** The key of a transaction token in the `_meta` of an MCP request. The standard has no key for it. */
export const TOKEN_META = 'dev.writ/txn-token';

/** The key of the text that a user wrote, in the `_meta` of an MCP request. */
const PROMPT_META = 'dev.writ/prompt';

/** The key of the id that the host gives its task, in the `_meta` of an MCP request. */
const TASK_META = 'dev.writ/task';
/** In characters. */
const MAX_TASK = 256;

/**
 * Reads what a call carries in addition to its parameters: the trace that it is part of, and a transaction token.
 * They are in the `_meta` of the MCP request, or in the HTTP headers. Nothing else of either is passed on.
 */
export function carriedIn(
  meta: Readonly<Record<string, unknown>> | undefined,
  headers: Readonly<Record<string, unknown>> | undefined,
  url: string | undefined,
): Carried {
  const inHeaders = carriedInHeaders(headers, url === undefined ? undefined : { method: 'POST', url });
  const token = meta?.[TOKEN_META];
  return {
    ...inHeaders,
    trace: traceIn(meta) ?? inHeaders.trace,
    // Any value under the key counts as a token, which is then verified.
    txnToken: token === undefined || token === null ? inHeaders.txnToken : String(token),
    task: taskIn(meta?.[TASK_META]),
    prompt: typeof meta?.[PROMPT_META] === 'string' ? meta[PROMPT_META] : undefined,
  };
}

function taskIn(given: unknown): string | undefined {
  return typeof given === 'string' && given !== '' && given.length <= MAX_TASK ? given : undefined;
}
