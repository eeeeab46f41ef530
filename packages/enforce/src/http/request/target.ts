import { refuse } from './refusal.js';
import { pathSegmentOf } from './segment.js';

/** The target of a request, in the one form that is read: a path, and a query that is still encoded. */
export interface Target {
  /** Decoded. */
  readonly segments: readonly string[];
  /** Whether the path ends with a slash. */
  readonly hasSlash: boolean;
  /** Undefined if there is no `?`. */
  readonly query: string | undefined;
}

const MAX_CHARACTERS = 8_192;
const MAX_SEGMENTS = 64;

/**
 * Reads a target as it stood on the request line.
 *
 * @throws {Refused} if it is not in origin form, or if servers could read its path in two ways
 */
export function targetOf(raw: string): Target {
  if (raw.length > MAX_CHARACTERS) refuse('target_length', `the target is longer than ${MAX_CHARACTERS} characters`);
  if (!/^[!-~]+$/.test(raw))
    refuse('target_characters', 'the target has a space, a control character or one outside ASCII');
  if (!raw.startsWith('/')) refuse('target_form', 'the target is not a path that begins with /');
  if (raw.includes('#')) refuse('target_fragment', 'the target has a #');
  if (raw.includes('\\')) refuse('target_backslash', 'the target has a backslash');
  const mark = raw.indexOf('?');
  const path = mark === -1 ? raw : raw.slice(0, mark);
  const pieces = path.slice(1).split('/');
  const hasSlash = pieces[pieces.length - 1] === '';
  if (hasSlash) pieces.pop();
  if (pieces.includes('')) refuse('path_empty_segment', 'the path has an empty segment');
  if (pieces.length > MAX_SEGMENTS) refuse('target_length', `the path has more than ${MAX_SEGMENTS} segments`);
  const segments = pieces.map((piece) => {
    const segment = pathSegmentOf(piece);
    return typeof segment === 'string' ? segment : refuse(segment.code, `the path has ${segment.reason}`);
  });
  return { segments, hasSlash, query: mark === -1 ? undefined : raw.slice(mark + 1) };
}
