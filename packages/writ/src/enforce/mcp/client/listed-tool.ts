import { specTypeSchemas } from '@modelcontextprotocol/client';
import { writeJson } from '@writ/sdk/lib/exact-json';
import { isObject } from '@writ/sdk/lib/is-object';
import { isDeeper } from '../../../lib/nesting.js';
import type { Tool } from '../protocol/call.js';

/** A tool that cannot be used as its server describes it. The other tools of the server can. */
export interface RefusedTool {
  readonly name: string;
  readonly reason: string;
}

/** In characters. */
const MAX_NAME = 256;
/** In bytes. A guard reports a definition as a text, in a body of at most 1 MiB. */
const MAX_DEFINITION = 256 * 1024;
const MAX_DEPTH = 64;
const MAX_REASON = 300;

/** Reads tools as a server lists them. A name that is listed twice is refused: nobody knows which of the two is called. */
export function readTools(listed: readonly unknown[]): {
  readonly tools: readonly Tool[];
  readonly refused: readonly RefusedTool[];
} {
  const tools = new Map<string, Tool>();
  const refused = new Map<string, RefusedTool>();
  for (const [at, given] of listed.entries()) {
    const name = nameOf(given);
    const shown = name ?? `tool ${at + 1} of the list`;
    const isKnown = tools.has(shown) || refused.has(shown);
    const reason =
      name === undefined ? 'it has no name that can be used' : isKnown ? 'it is listed twice' : flaw(given);
    if (reason === undefined) {
      tools.set(shown, given as Tool);
      continue;
    }
    tools.delete(shown);
    refused.set(shown, { name: shown, reason });
  }
  return { tools: [...tools.values()], refused: [...refused.values()] };
}

/** Returns the name of a listed tool; undefined if it has none that can be shown and called. */
function nameOf(given: unknown): string | undefined {
  if (!isObject(given) || typeof given.name !== 'string') return undefined;
  const { name } = given;
  // No control characters, and nothing that takes no room.
  return name.trim() === '' || name.length > MAX_NAME || /[\p{Cc}\uFFFD]/u.test(name) ? undefined : name;
}

/** Returns why a definition cannot be used; undefined if it can. */
function flaw(given: unknown): string | undefined {
  if (isDeeper(given, MAX_DEPTH)) return `its definition nests deeper than ${MAX_DEPTH} levels`;
  if (Buffer.byteLength(writeJson(given)) > MAX_DEFINITION)
    return `its definition is longer than ${MAX_DEFINITION / 1024} KiB`;
  const checked = specTypeSchemas.Tool['~standard'].validate(given) as Checked;
  const issue = checked.issues?.[0];
  if (issue === undefined) return undefined;
  const place = issue.path?.map((step) => String(isObject(step) ? step.key : step)).join('.') ?? '';
  return `${place === '' ? '' : `${place}: `}${issue.message}`.slice(0, MAX_REASON);
}

interface Checked {
  readonly issues?: readonly { readonly message: string; readonly path?: readonly unknown[] }[];
}
