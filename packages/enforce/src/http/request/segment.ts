/** Why a segment of a path, or a value of a query, is not taken. */
interface SegmentFault {
  readonly code: SegmentCode;
  readonly reason: string;
}

const REASONS = {
  path_characters: 'a character that a path cannot have unencoded',
  path_percent: 'a % that is not followed by two hexadecimal digits',
  path_utf8: 'encoded bytes that are not UTF-8, or a longer form than they need',
  path_control: 'an encoded control character',
  path_dot_segment: 'a segment of dots, which servers resolve differently',
  path_encoded_dot: 'an encoded dot',
  path_encoded_slash: 'an encoded slash or backslash',
  path_encoded_delimiter: 'an encoded ?, # or ;',
  path_semicolon: 'a ;, which some servers cut the path at',
  path_double_encoding: 'an encoding inside an encoding',
  path_lookalike: 'a character that some servers turn into a /, a dot or nothing',
  path_space: 'a space at the begin or the end of a segment',
} as const;

export type SegmentCode = keyof typeof REASONS;

/** RFC 3986, section 3.3: `pchar`, without the `;` that is judged apart. */
const PCHAR = /^(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are looked for
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;
/** `%41` inside a value that was decoded once; `%u0041` is a form of old servers. */
const ENCODED_AGAIN = /%(?:[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})/;
const UNSEEN = /[\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const SPECIAL = /[./\\%;?#]/g;

/** Decodes one segment of a path, without the slashes. Returns a fault if servers could read it in two ways. */
export function pathSegmentOf(raw: string): string | SegmentFault {
  if (raw.includes(';')) return fault('path_semicolon');
  if (!PCHAR.test(raw)) return fault(/%(?![0-9A-Fa-f]{2})/.test(raw) ? 'path_percent' : 'path_characters');
  if (/^\.+$/.test(raw)) return fault('path_dot_segment');
  if (/^[A-Za-z0-9_~-]+$/.test(raw)) return raw;
  if (/%2e/i.test(raw)) return fault('path_encoded_dot');
  if (/%(?:2f|5c)/i.test(raw)) return fault('path_encoded_slash');
  if (/%(?:3f|23|3b)/i.test(raw)) return fault('path_encoded_delimiter');
  const value = decoded(raw);
  if (value === undefined) return fault('path_utf8');
  if (CONTROL.test(value)) return fault('path_control');
  if (ENCODED_AGAIN.test(value)) return fault('path_double_encoding');
  if (value.trim() !== value) return fault('path_space');
  if (hasLookalike(value)) return fault('path_lookalike');
  return value;
}

/** Returns a percent-encoded text decoded as UTF-8; undefined if it is not UTF-8 in its shortest form. */
export function decoded(raw: string): string | undefined {
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}

export function hasControl(value: string): boolean {
  return CONTROL.test(value);
}

export function isEncodedAgain(value: string): boolean {
  return ENCODED_AGAIN.test(value);
}

function hasLookalike(value: string): boolean {
  if (UNSEEN.test(value) || value.normalize('NFC') !== value) return true;
  const plain = value.normalize('NFKC');
  return plain !== value && (plain.match(SPECIAL) ?? []).length !== (value.match(SPECIAL) ?? []).length;
}

function fault(code: SegmentCode): SegmentFault {
  return { code, reason: REASONS[code] };
}
