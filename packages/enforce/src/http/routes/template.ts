import { pathSegmentOf } from '../request/segment.js';

/** A text of a template: decoded, as it is compared, and encoded, as it is forwarded. */
interface Text {
  readonly text: string;
  readonly raw: string;
}

/** A parameter of a template, which may have text before and after it. */
export interface ParameterPart {
  readonly kind: 'parameter';
  readonly name: string;
  readonly prefix: Text;
  readonly suffix: Text;
}

/** A segment of a template. */
export type Part = ({ readonly kind: 'literal' } & Text) | ParameterPart;

/** A path with parameters, as `/orders/{id}`. */
export interface Template {
  readonly text: string;
  readonly parts: readonly Part[];
  /** Whether it ends with a slash. */
  readonly hasSlash: boolean;
}

const MAX_PARTS = 64;
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/** Reads a template. Returns a text that says what is wrong if it has two readings. */
export function templateOf(text: string): Template | string {
  if (!text.startsWith('/')) return 'a path begins with /';
  if (/[?#\\;\s]/.test(text)) return 'a path has no ?, #, ;, \\ and no space: a query is declared as parameters';
  const pieces = text.slice(1).split('/');
  const hasSlash = pieces[pieces.length - 1] === '';
  if (hasSlash) pieces.pop();
  if (pieces.length > MAX_PARTS) return `a path has at most ${MAX_PARTS} segments`;
  const parts: Part[] = [];
  const names = new Set<string>();
  for (const piece of pieces) {
    const part = partOf(piece);
    if (typeof part === 'string') return part;
    if (part.kind === 'parameter') {
      if (names.has(part.name)) return `the parameter {${part.name}} stands in the path twice`;
      names.add(part.name);
    }
    parts.push(part);
  }
  return { text, parts, hasSlash };
}

function partOf(piece: string): Part | string {
  const [, before = '', name, after = ''] = /^([^{}]*)\{([^{}]*)\}([^{}]*)$/.exec(piece) ?? [];
  if (name === undefined) {
    if (/[{}]/.test(piece)) return `the segment ${JSON.stringify(piece)} has more than one parameter, or half of one`;
    if (piece === '') return 'a path has no empty segment';
    const text = textOf(piece);
    return typeof text === 'string' ? text : { kind: 'literal', ...text };
  }
  if (!NAME.test(name)) return `{${name}} is not the name of one segment: letters, digits, _, . and -`;
  // Text beside a parameter is compared without its case, which must not change its length.
  if (/[^!-~]/.test(before + after)) return `the text beside {${name}} is not ASCII`;
  const [prefix, suffix] = [textOf(before), textOf(after)];
  if (typeof prefix === 'string') return prefix;
  return typeof suffix === 'string' ? suffix : { kind: 'parameter', name, prefix, suffix };
}

/** Returns what is wrong with a text that has two readings. */
function textOf(piece: string): Text | string {
  // A document may have letters outside ASCII, which a request has encoded.
  const raw = piece.replace(/[^!-~]+/gu, (letters) => encodeURIComponent(letters.toWellFormed()));
  const text = pathSegmentOf(raw);
  if (typeof text !== 'string') return `the segment ${JSON.stringify(piece)} has ${text.reason}`;
  return { text, raw };
}

/** Returns the names of the parameters of a template, in order. */
export function parametersIn({ parts }: Template): string[] {
  return parts.flatMap((part) => (part.kind === 'parameter' ? [part.name] : []));
}

/** Returns a path of a template with the values of its parameters: the one form in which it is forwarded. */
export function pathOf({ parts, hasSlash }: Template, values: ReadonlyMap<string, string>): string {
  const pieces = parts.map((part) =>
    part.kind === 'literal' ? part.raw : part.prefix.raw + encoded(values.get(part.name) as string) + part.suffix.raw,
  );
  return `/${pieces.join('/')}${hasSlash && pieces.length > 0 ? '/' : ''}`;
}

/** `&`, `=`, `+` and `;` are valid in a path, but some servers give them a meaning. */
function encoded(value: string): string {
  return encodeURIComponent(value).replace(/%(?:3A|40|24|2C)/g, decodeURIComponent);
}
