import type { ParameterPart, Part, Template } from './template.js';

/** Two templates that some path would match, neither of which is the more exact one. */
interface Conflict {
  readonly one: Template;
  readonly other: Template;
  readonly reason: string;
}

interface Node {
  readonly literals: Map<string, Node>;
  /** Parameters with text around them. */
  readonly mixed: { readonly part: ParameterPart; readonly next: Node }[];
  parameter: Node | undefined;
  /** The templates that end here, without and with a slash. */
  readonly ends: [Template | undefined, Template | undefined];
}

/** How a table reads paths. */
export interface TableOptions {
  /** Whether letters of another case are the same path. */
  readonly isCaseInsensitive: boolean;
  /** Whether a path with a slash at its end is the path without it. */
  readonly ignoresSlash: boolean;
}

/** A path that one template matches, or that servers could take for that of two. */
type Match =
  | { readonly kind: 'one'; readonly template: Template; readonly values: ReadonlyMap<string, string> }
  | { readonly kind: 'two' }
  | { readonly kind: 'none' };

/**
 * Finds the template of a path: literal segments count before parameters, from left to right. A path that a server without
 * regard to case would take to another template has two readings.
 */
export class RouteTable {
  private readonly exact = emptyNode();
  private readonly folded = emptyNode();

  /** @param templates without conflicts, as {@link conflictsIn} finds them */
  constructor(
    readonly templates: readonly Template[],
    readonly options: TableOptions,
  ) {
    for (const template of templates) {
      insert(this.exact, template, (text) => text);
      insert(this.folded, template, foldOf);
    }
  }

  /** @param segments decoded @param hasSlash whether the path ends with a slash */
  match(segments: readonly string[], hasSlash: boolean): Match {
    const folded = this.find(this.folded, segments, hasSlash, foldOf);
    const exact = this.options.isCaseInsensitive ? folded : this.find(this.exact, segments, hasSlash, (text) => text);
    if (exact === undefined) return { kind: 'none' };
    if (folded !== exact) return { kind: 'two' };
    return { kind: 'one', template: exact, values: valuesIn(exact, segments) };
  }

  private find(
    root: Node,
    segments: readonly string[],
    hasSlash: boolean,
    form: (text: string) => string,
  ): Template | undefined {
    const forms = segments.map(form);
    const search = (node: Node, at: number): Template | undefined => {
      const segment = forms[at];
      if (segment === undefined) {
        const [without, withSlash] = node.ends;
        if (this.options.ignoresSlash) return without ?? withSlash;
        return hasSlash ? withSlash : without;
      }
      const literal = node.literals.get(segment);
      const found = literal === undefined ? undefined : search(literal, at + 1);
      if (found !== undefined) return found;
      for (const { part, next } of node.mixed) {
        if (!surrounds(part, segments[at] as string, form)) continue;
        const deeper = search(next, at + 1);
        if (deeper !== undefined) return deeper;
      }
      return node.parameter === undefined ? undefined : search(node.parameter, at + 1);
    };
    return search(root, 0);
  }
}

function fits(segment: string, prefix: string, suffix: string): boolean {
  return segment.length > prefix.length + suffix.length && segment.startsWith(prefix) && segment.endsWith(suffix);
}

/** Compares the text around a parameter where its value is cut out, because a form can have another length. */
function surrounds({ prefix, suffix }: ParameterPart, segment: string, form: (text: string) => string): boolean {
  const [from, to] = [prefix.text.length, segment.length - suffix.text.length];
  return (
    from < to && form(segment.slice(0, from)) === form(prefix.text) && form(segment.slice(to)) === form(suffix.text)
  );
}

function valuesIn({ parts }: Template, segments: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  parts.forEach((part, i) => {
    const segment = segments[i] as string;
    if (part.kind === 'parameter')
      values.set(part.name, segment.slice(part.prefix.text.length, segment.length - part.suffix.text.length));
  });
  return values;
}

/** Letters as the least exact server compares them: without their case, their width and their ligatures. */
function foldOf(text: string): string {
  return text.normalize('NFKC').toUpperCase().toLowerCase();
}

function emptyNode(): Node {
  return { literals: new Map(), mixed: [], parameter: undefined, ends: [undefined, undefined] };
}

function insert(root: Node, template: Template, form: (text: string) => string): void {
  let node = root;
  for (const part of template.parts) {
    if (part.kind === 'literal') {
      const key = form(part.text);
      const next = node.literals.get(key) ?? emptyNode();
      node.literals.set(key, next);
      node = next;
    } else if (part.prefix.text === '' && part.suffix.text === '') {
      node.parameter ??= emptyNode();
      node = node.parameter;
    } else {
      const same = node.mixed.find(
        ({ part: { prefix, suffix } }) => prefix.text === part.prefix.text && suffix.text === part.suffix.text,
      );
      const next = same?.next ?? emptyNode();
      if (same === undefined) {
        node.mixed.push({ part, next });
        // The longer text is the more exact one, of two that are not in conflict.
        node.mixed.sort((one, other) => lengthOf(other.part) - lengthOf(one.part));
      }
      node = next;
    }
  }
  node.ends[template.hasSlash ? 1 : 0] = template;
}

function lengthOf({ prefix, suffix }: ParameterPart): number {
  return prefix.text.length + suffix.text.length;
}

/** Finds the templates that one path could match, where neither is the more exact one everywhere. At most one a template. */
export function conflictsIn(templates: readonly Template[]): Conflict[] {
  const conflicts: Conflict[] = [];
  const byLength = new Map<number, Template[]>();
  for (const template of templates) {
    const others = byLength.get(template.parts.length) ?? [];
    for (const other of others) {
      const reason = conflictOf(other, template);
      if (reason === undefined) continue;
      conflicts.push({ one: other, other: template, reason });
      break;
    }
    others.push(template);
    byLength.set(template.parts.length, others);
  }
  return conflicts;
}

function conflictOf(one: Template, other: Template): string | undefined {
  let [first, second, isSpelledOtherwise] = [false, false, false];
  for (const [i, part] of one.parts.entries()) {
    const order = compare(part, other.parts[i] as Part);
    if (order === 'apart') return undefined;
    if (order === 'crossed') return 'a path can match both, and neither is the more exact one';
    if (order === 'first') first = true;
    if (order === 'second') second = true;
    if (order === 'case') isSpelledOtherwise = true;
  }
  if (first && second) return 'a path can match both, and neither is the more exact one';
  if (first || second) return undefined;
  if (isSpelledOtherwise) return 'many servers take them for one path, because they differ in case alone';
  return one.hasSlash === other.hasSlash
    ? 'they are the same path'
    : 'many servers take them for one path, because they differ in the slash at the end alone';
}

type Order = 'apart' | 'same' | 'case' | 'first' | 'second' | 'crossed';

/** Compares two parts by the segments that they match: `first` if the first matches a part of what the second does. */
function compare(a: Part, b: Part): Order {
  if (a.kind === 'literal') {
    if (b.kind === 'parameter') return matches(b, a.text) ? 'first' : 'apart';
    if (a.text === b.text) return 'same';
    return foldOf(a.text) === foldOf(b.text) ? 'case' : 'apart';
  }
  if (b.kind === 'literal') return matches(a, b.text) ? 'second' : 'apart';
  const [prefixes, suffixes] = [
    orderOf(foldOf(a.prefix.text), foldOf(b.prefix.text), (long, short) => long.startsWith(short)),
    orderOf(foldOf(a.suffix.text), foldOf(b.suffix.text), (long, short) => long.endsWith(short)),
  ];
  if (prefixes === 'apart' || suffixes === 'apart') return 'apart';
  if (prefixes === suffixes || suffixes === 'same') return prefixes;
  return prefixes === 'same' ? suffixes : 'crossed';
}

function orderOf(a: string, b: string, holds: (long: string, short: string) => boolean): Order {
  if (a === b) return 'same';
  if (holds(a, b)) return 'first';
  return holds(b, a) ? 'second' : 'apart';
}

function matches(part: ParameterPart, text: string): boolean {
  return fits(foldOf(text), foldOf(part.prefix.text), foldOf(part.suffix.text));
}
