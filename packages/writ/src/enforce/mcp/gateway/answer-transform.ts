import type { Obligation } from '../../../decide/decision.js';
import type { Change } from '../../../decide/record.js';
import { ObligationError } from '../../errors.js';
import { applyObligation, changeOf, isOfTexts, obligationsOn } from '../../transform.js';
import type { CallResult } from '../protocol/result.js';

type Block = Readonly<Record<string, unknown>>;

/** In the place of what cannot be changed, and would say what was taken out. */
const WITHHELD: Block = { type: 'text', text: '[withheld: it could not be changed as the policy asks]' };

/**
 * A result of a tool with what a permit asks for carried out on it: in its `structuredContent`, and in each text that is JSON. A text that is
 * none is one value. Next to what was changed stands nothing that could not be: pictures, files and texts without fields are withheld.
 *
 * @throws {ObligationError} when nothing of it can be changed as it must be
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

/** A mark is a text more; what the tool says as data stays as its schema has it. */
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

/** Undefined for one that cannot be changed. */
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
