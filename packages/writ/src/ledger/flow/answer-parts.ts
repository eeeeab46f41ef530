import { HANDED_ON } from '@writ/sdk/authzen';
import { DATA_URL } from '@writ/sdk/lib/data-url';
import { isObject } from '@writ/sdk/lib/is-object';

type Json = Readonly<Record<string, unknown>>;

/** The parts of an answer. */
interface AnswerParts {
  /** The answer without what is apart from it. */
  readonly said: unknown;
  /** The `structuredContent` of an MCP result. */
  readonly structured: unknown;
  /** The texts of an MCP result; undefined for an answer of another form. */
  readonly texts: readonly string[] | undefined;
  /** The other things that an agent can read: members that the protocol does not know, `_meta`, annotations, texts on the way. */
  readonly rest: readonly unknown[];
  readonly isOpaque: boolean;
}

const RESULT_TYPES: ReadonlySet<unknown> = new Set(['complete', 'input_required', 'task']);
const AUDIENCES: ReadonlySet<unknown> = new Set(['user', 'assistant']);

/** Returns the parts of an answer, so that nothing that reaches an agent is passed over. */
export function partsOf(result: unknown): AnswerParts {
  if (!isObject(result)) return { ...WHOLE, said: result, isOpaque: isOpaque(result) };
  const { [HANDED_ON]: handedOn, ...said } = result;
  const onTheWay = handedOn === undefined ? [] : [handedOn];
  const { content, structuredContent: structured, isError, resultType, ...more } = said;
  if (!Array.isArray(content) || !content.every(isBlock))
    return { ...WHOLE, said, rest: onTheWay, isOpaque: isOpaque(result) };
  const rest = [
    ...content.flatMap(restOfBlock),
    ...(typeof isError === 'boolean' ? [] : [isError]),
    ...(RESULT_TYPES.has(resultType) ? [] : [resultType]),
    ...(Object.keys(more).length === 0 ? [] : [more]),
    ...onTheWay,
  ].filter((one) => one !== undefined);
  const hidden = content.some(isOpaqueBlock) || isOpaque([content, structured, rest]);
  return { said, structured, texts: content.flatMap(textsOfBlock), rest, isOpaque: hidden };
}

const WHOLE = { structured: undefined, texts: undefined, rest: [] as readonly unknown[] };

function isBlock(block: unknown): block is Json {
  return isObject(block) && typeof block.type === 'string';
}

/** Returns the text that an agent reads of a block; of an image or a link, all of its usual members. */
function textsOfBlock(block: Json): string[] {
  if (block.type === 'text') return typeof block.text === 'string' ? [block.text] : [];
  const resource = block.resource as Json | undefined;
  const said = [block.uri, block.name, block.title, block.description, resource?.uri, resource?.text];
  return said.filter((text): text is string => typeof text === 'string');
}

const KNOWN_TYPES: ReadonlySet<unknown> = new Set(['text', 'image', 'audio', 'resource', 'resource_link']);
const TEXT_MEMBERS = ['uri', 'name', 'title', 'description'];

/** Returns the members of a block that are not in its texts. */
function restOfBlock(block: Json): unknown[] {
  const { type, annotations, ...members } = block;
  const more: Record<string, unknown> = { ...members };
  const isText = type === 'text';
  if (isText && typeof more.text === 'string') delete more.text;
  if (type === 'image' || type === 'audio') delete more.data;
  if (!isText) for (const name of TEXT_MEMBERS) if (typeof more[name] === 'string') delete more[name];
  if (!isText && isObject(more.resource)) {
    const { uri, text, blob, ...others } = more.resource;
    more.resource = {
      ...others,
      ...(typeof uri === 'string' ? {} : { uri }),
      ...(typeof text === 'string' ? {} : { text }),
      ...(typeof blob === 'string' ? {} : { blob }),
    };
    if (Object.values(more.resource as Json).every((one) => one === undefined)) delete more.resource;
  }
  return [
    ...(KNOWN_TYPES.has(type) ? [] : [type]),
    ...(annotations === undefined || isPlainAnnotation(annotations) ? [] : [annotations]),
    ...(Object.keys(more).length === 0 ? [] : [more]),
  ];
}

/** Returns whether annotations say only for whom a block is, and how much it counts. */
function isPlainAnnotation(annotations: unknown): boolean {
  if (!isObject(annotations)) return false;
  return Object.entries(annotations).every(([name, value]) => {
    if (name === 'audience')
      return Array.isArray(value) && value.length <= 2 && value.every((one) => AUDIENCES.has(one));
    return name === 'priority' && typeof value === 'number' && value >= 0 && value <= 1 && String(value).length <= 4;
  });
}

/** Returns whether a block of an MCP result has something that is no text, or is of a type that nobody knows. */
function isOpaqueBlock({ type, resource }: Json): boolean {
  if (type === 'image' || type === 'audio' || !KNOWN_TYPES.has(type)) return true;
  return isObject(resource) && resource.blob !== undefined;
}

const MAX_DEPTH = 64;
/** A longer text without a space may be a file. */
const MAX_WORD = 100;

/** Returns whether a value has data in it that is no text: an image, a recording, a file, a data URL. */
function isOpaque(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return DATA_URL.test(value);
  if (typeof value !== 'object' || value === null) return false;
  if (depth > MAX_DEPTH) return true;
  if (Array.isArray(value)) return value.some((one) => isOpaque(one, depth + 1));
  const { type, data, blob, mimeType, uri } = value as Json;
  const isData = typeof data === 'string' && (typeof mimeType === 'string' || type === 'image' || type === 'audio');
  const isFile = typeof blob === 'string' && (typeof (mimeType ?? uri) === 'string' || blob.length > MAX_WORD);
  if (isData || isFile) return true;
  return Object.entries(value).some(([name, one]) => DATA_URL.test(name) || isOpaque(one, depth + 1));
}
