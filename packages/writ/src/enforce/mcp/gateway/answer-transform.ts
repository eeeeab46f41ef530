import type { Obligation } from '../../../decide/decision.js';
import type { Change } from '../../../decide/record.js';
import { ObligationError } from '../../errors.js';
import { applyObligation, changeOf, isOfTexts, obligationsOn } from '../../transform.js';
import type { CallResult } from '../protocol/result.js';

type Block = Readonly<Record<string, unknown>>;

/** Replaces a block that cannot be changed, and could contain what was removed elsewhere. */
const WITHHELD: Block = { type: 'text', text: '[withheld: it could not be changed as the policy asks]' };

/**
 * Carries out obligations on a result of a tool: in its `structuredContent`, and in each text that is JSON. Another
 * text is one value. Blocks that cannot be changed (pictures, files, texts without fields) are withheld beside those
 * that were.
 *
 * @throws {ObligationError} if no block can be changed
 */
export async function changedAnswer(
  result: CallResult,
  obligations: readonly Obligation[],
  hash: (text: string) => string,
): Promise<{ readonly result: CallResult; readonly changes: readonly Change[] }> {
  let changed = result;
  const changes: Change[] = [];
  for (const obligation of obligationsOn('result', obligations)) {
    const after = isMark(obligation) ? marked(changed, obligation) : await changedOnce(changed, obligation);
    changes.push(changeOf(obligation, 'result', saidIn(changed), saidIn(after), hash));
    changed = after;
  }
  return { result: changed, changes };
}

function isMark({ type, properties }: Obligation): boolean {
  return type === 'watermark' && properties.path === undefined;
}

/** Adds a mark to the texts; structured data stays as the schema of the tool has it. */
function marked(result: CallResult, { properties }: Obligation): CallResult {
  return { ...result, content: [...blocksOf(result), { type: 'text', text: String(properties.text) }] };
}

async function changedOnce(result: CallResult, obligation: Obligation): Promise<CallResult> {
  const { structuredContent: structured } = result;
  const data = structured === undefined ? undefined : await applyObligation(structured, obligation);
  const blocks = await Promise.all(blocksOf(result).map((block) => changedBlock(block, obligation)));
  const isLost = data === undefined && blocks.length > 0 && blocks.every((block) => block === undefined);
  if (isLost) throw new ObligationError(`${obligation.id}: nothing of the answer can be changed as it must be`);
  const content = blocks.map((block) => block ?? WITHHELD);
  return { ...result, content, ...(data === undefined ? {} : { structuredContent: data }) };
}

/** Returns the changed block; undefined if it cannot be changed. */
async function changedBlock(block: Block, obligation: Obligation): Promise<Block | undefined> {
  if (block.type !== 'text' || typeof block.text !== 'string') return undefined;
  const { text } = block;
  if (isOfTexts(obligation) || obligation.properties.path === '$')
    return { ...block, text: String(await applyObligation(text, obligation)) };
  const value = jsonIn(text);
  if (value === undefined) return undefined;
  const after = await applyObligation(value, obligation);
  return after === value ? block : { ...block, text: JSON.stringify(after) };
}

function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function blocksOf({ content }: CallResult): readonly Block[] {
  return Array.isArray(content) ? (content as Block[]) : [];
}

function saidIn({ content, structuredContent }: CallResult): unknown {
  return { content: content ?? null, structuredContent: structuredContent ?? null };
}
