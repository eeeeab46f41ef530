import { plainForm } from './normal-form.js';

/** The name of an entity as Cedar writes it, in any case. */
const UID = /^([\w:]+)::"(.*)"$/s;
/** Marks the part before the name of an entity: its type. */
const TYPE_END = '::';
const MAX_DECODED = 3;
/** Things that lie deeper are one thing with the folder at this depth: the caller chooses how deep a name is. */
const MAX_PARTS = 64;

/**
 * Returns the folders and the name of a thing in a store, from the outermost in. The ways to write one name are one: case, forms of
 * Unicode, characters that nobody sees, `%2e`, `\`, `file://`, a drive, `.` and `..`, a dot at the end, `017` and `17`. Two things
 * that a server keeps apart may be one here, and then share their labels.
 */
export function partsOf(item: string): readonly string[] {
  const [, type, text] = UID.exec(item) ?? [];
  if (type === undefined || text === undefined) return pathParts(item);
  return [`${type.toLowerCase()}${TYPE_END}`, ...pathParts(unescaped(text))];
}

/** Returns the id that Cedar writes in quotes; a text that was not escaped stays as it is. */
function unescaped(text: string): string {
  return text.replace(/\\(?:(["\\])|u\{([0-9a-f]{1,5})\})/gi, (_all, sign?: string, code?: string) =>
    code === undefined ? (sign ?? '') : String.fromCodePoint(Number.parseInt(code, 16)),
  );
}

/** Returns whether a part is the type of an entity. */
export function isType(part: string): boolean {
  return part.endsWith(TYPE_END);
}

function pathParts(path: string): string[] {
  const parts: string[] = [];
  for (const part of withoutRoot(foldedForm(decoded(path)).replaceAll('\\', '/')).split('/')) {
    const name = part.trim();
    if (name === '..') parts.pop();
    else if (name !== '.') parts.push(...partOf(name));
  }
  return parts.slice(0, MAX_PARTS);
}

/** Characters that show nothing. A server may leave them out. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cc}]/gu;

/** Returns a text without the differences that a server may not make: case, also of letters that have several small forms. */
export function foldedForm(text: string): string {
  // A server that is written in C reads as far as the first zero.
  const [read = ''] = text.split('\0', 1);
  return plainForm(plainForm(read.replace(UNSEEN, '')).toUpperCase());
}

const SCHEME = /^(?:file:\/\/[^/]*|file:|[a-z][a-z0-9+.-]{1,20}:\/\/)/;
const OF_FILE = /^file:/;
/** `//?/c:/` and `//./c:/` are `c:/`, and `c:/`, `/c:/` and `c|/` are `/`. */
const DEVICE = /^\/\/[?.]\/(?:unc\/)?/;
const DRIVE = /^\/?[a-z][:|](?=\/|[^:/]|$)/;

/** Returns a path without its scheme, device and drive: a thing has one name below them. */
function withoutRoot(path: string): string {
  const inside = path.replace(SCHEME, '');
  const plain = inside === path ? path : inside.replace(OF_FILE.test(path) ? /[?#].*$/s : /#.*$/s, '');
  return plain.replace(DEVICE, '').replace(DRIVE, '');
}

const MAX_NUMBER = 64;
const NUMBER = /^[#+]?0*([0-9]+)(?:\.0*)?$/;
const UUID = /^(?:urn:uuid:)?\{?([0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12})\}?$/;

/** Returns one part of a path in one form; empty if the part says nothing. */
function partOf(name: string): string[] {
  const number = name.length > MAX_NUMBER ? undefined : NUMBER.exec(name)?.[1];
  if (number !== undefined) return [number];
  const uuid = UUID.exec(name)?.[1];
  if (uuid !== undefined) return [uuid.replaceAll('-', '')];
  // Some servers leave out dots and spaces at the end, and the name of the stream that has the content.
  const plain = trimmed(name.replace(/::?\$[a-z_]{1,20}$/, ''));
  return plain === '' ? [] : [plain];
}

/** A loop, because a pattern for this takes quadratic time. */
function trimmed(name: string): string {
  let end = name.length;
  while (end > 0 && (name[end - 1] === '.' || name[end - 1] === ' ')) end -= 1;
  return name.slice(0, end);
}

/** Returns the parts of a name that was joined from parts with `/`. */
export function partsAsJoined(name: string): readonly string[] {
  return name.split('/', MAX_PARTS);
}

/** Returns the parts before the first that stands for many names, as `*.txt` does; undefined if each stands for one. */
export function partsBeforePattern(parts: readonly string[]): readonly string[] | undefined {
  const pattern = parts.findIndex((part) => /[*?]/.test(part));
  return pattern === -1 ? undefined : parts.slice(0, pattern);
}

const ENCODED = /(?:%[0-9a-f]{2}){1,1000}/gi;

/** Decodes each part that is encoded, whatever is beside it. */
function decoded(text: string): string {
  let now = text;
  for (let times = 0; times < MAX_DECODED && now.includes('%'); times += 1) now = now.replace(ENCODED, decodedPart);
  return now;
}

function decodedPart(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded.replace(/%([0-7][0-9a-f])/gi, (_all, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
  }
}
