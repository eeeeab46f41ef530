import { parseJson } from '@writ/cedar/json';
import { applyObligation } from '@writ/enforce';
import type { Change, Obligation } from '@writ/sdk/authzen';
import { changeOf, isOfTexts, ObligationError, obligationsOn, withoutDataUrls } from '@writ/sdk/obligations';
import { type CallResult, isInputRequired } from '../protocol/result.js';

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
  const onResult = obligationsOn('result', obligations);
  if (isInputRequired(result) && onResult.length > 0) return changedQuestions(result, onResult, hash);
  let changed = onResult.every(isMark) ? result : changeable(result);
  const changes: Change[] = [];
  for (const obligation of onResult) {
    const after = isMark(obligation) ? marked(changed, obligation) : await changedOnce(changed, obligation);
    changes.push(changeOf(obligation, 'result', saidIn(changed), saidIn(after), hash));
    changed = after;
  }
  return { result: changed, changes };
}

/** Returns the parts of a result that obligations are carried out on. Nothing else is handed on: it could say the same. */
function changeable(result: CallResult): CallResult {
  const { structuredContent: structured, isError, resultType } = result;
  return {
    content: blocksOf(result).map((block) =>
      block.type === 'text' && typeof block.text === 'string'
        ? { type: 'text', text: withoutDataUrls(block.text) }
        : block,
    ),
    ...(structured === undefined ? {} : { structuredContent: withoutDataUrls(structured) }),
    ...(isError === true ? { isError } : {}),
    ...(resultType === 'complete' ? { resultType } : {}),
  };
}

/**
 * Carries out obligations on the questions of a server to its user. The state goes back to the server as it is, so it must
 * have nothing to change.
 */
async function changedQuestions(
  { inputRequests, requestState }: CallResult,
  obligations: readonly Obligation[],
  hash: (text: string) => string,
): Promise<{ readonly result: CallResult; readonly changes: readonly Change[] }> {
  let [questions, state] = [withoutDataUrls(inputRequests), withoutDataUrls(requestState)];
  const changes: Change[] = [];
  for (const obligation of obligations) {
    if (obligation.type !== 'redact' || !isOfTexts(obligation))
      throw new ObligationError(`${obligation.id}: its server asks something, which cannot be changed as it must be`);
    const before = questions;
    questions = await applyObligation(questions ?? {}, obligation);
    state = typeof state === 'string' ? await applyObligation(state, obligation) : state;
    changes.push(changeOf(obligation, 'result', before, questions, hash));
  }
  if (state !== requestState) throw new ObligationError('the state of its server cannot be changed as it must be');
  const result = { resultType: 'input_required', inputRequests: questions };
  return { result: state === undefined ? result : { ...result, requestState: state }, changes };
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
  // Of a name that is there twice, the reader saw one value: the other must not be handed on.
  return after === value && isUnambiguous(text) ? block : { ...block, text: JSON.stringify(after) };
}

function isUnambiguous(text: string): boolean {
  try {
    parseJson(text);
    return true;
  } catch {
    return false;
  }
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
