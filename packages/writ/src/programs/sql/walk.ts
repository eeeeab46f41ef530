import type { Names } from './names.js';
import { at, NotUnderstood, quoted } from './not-understood.js';
import type { Scope } from './scope.js';
import { SHAPES, SINCE } from './shapes.js';
import type { Touched } from './touched.js';

/** A node of the tree without its type. */
export type Body = Readonly<Record<string, unknown>>;

/** Reads a node of one type, and all nodes below it. */
export type Reader = (walk: Walk, body: Body, scope: Scope) => void;

const MAX_NODES = 20_000;
const MAX_DEPTH = 200;
/** Names that are looked for, times the places where each can be. */
const MAX_LOOKUPS = 50_000;

/**
 * Goes through a tree. Every node is of a known type and has only known members ({@link SHAPES}); a type without a reader of its own
 * is understood if all nodes below it are.
 */
export class Walk {
  private nodes = 0;
  private depth = 0;
  private lookups = 0;

  constructor(
    private readonly readers: ReadonlyMap<string, Reader>,
    readonly touched: Touched,
    readonly names: Names,
  ) {}

  /** Reads a node, a list of nodes, or nothing. @throws {NotUnderstood} */
  read(value: unknown, scope: Scope): void {
    if (value === undefined) return;
    if (Array.isArray(value)) {
      for (const one of value) this.read(one, scope);
      return;
    }
    const node = bodyOf(value);
    for (const type of Object.keys(node)) this.readAs(type, node[type], scope);
  }

  /** Reads a node that stands without its type; undefined is no node. @throws {NotUnderstood} */
  readAs(type: string, value: unknown, scope: Scope): void {
    if (value === undefined) return;
    const body = bodyOf(value);
    this.nodes += 1;
    if (this.nodes > MAX_NODES) throw new NotUnderstood('size', `the text has more than ${MAX_NODES} nodes; split it`);
    if (this.depth >= MAX_DEPTH)
      throw new NotUnderstood('size', `the text nests deeper than ${MAX_DEPTH} levels; simplify it`);
    this.check(type, body);
    this.depth += 1;
    const reader = this.readers.get(type);
    if (reader === undefined) this.readBelow(type, body, scope);
    else reader(this, body, scope);
    this.depth -= 1;
  }

  /** Counts the places where a name is looked for. @throws {NotUnderstood} if they are too many in all */
  lookUp(places: number): void {
    this.lookups += places;
    if (this.lookups > MAX_LOOKUPS)
      throw new NotUnderstood('size', 'the text has too many columns for its relations; name its relations');
  }

  /** @throws {NotUnderstood} if a node of that type is not understood, or has an unknown member */
  check(type: string, body: Body): void {
    const shape = SHAPES.get(type);
    if (shape === undefined) throw unknownPart(type, body);
    const version = this.names.catalogue?.serverVersion;
    if (version !== undefined && version < (SINCE.get(type) ?? 0)) throw unknownPart(type, body);
    for (const member of Object.keys(body))
      if (!shape.members.has(member))
        throw new NotUnderstood('node', `${quoted(type, member)}${at(body.location)} is not read by Writ`);
  }

  /** Reads the nodes below a node, but for some members that its reader has read. */
  readBelow(type: string, body: Body, scope: Scope, ...read: readonly string[]): void {
    const shape = SHAPES.get(type);
    for (const member of shape?.nodes ?? []) if (!read.includes(member)) this.read(body[member], scope);
    for (const [member, below] of shape?.typed ?? [])
      if (!read.includes(member)) this.readAs(below, body[member], scope);
  }
}

function unknownPart(type: string, body: Body): NotUnderstood {
  const isStatement = type.endsWith('Stmt');
  const what = `${isStatement ? 'the statement' : 'the part'} ${quoted(type)}${at(body.location)}`;
  return new NotUnderstood(isStatement ? 'statement' : 'node', `${what} is not read by Writ`);
}

export function bodyOf(value: unknown): Body {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new NotUnderstood('node', 'the tree of the text has a form that Writ does not know');
  return value as Body;
}

/** Returns a member that is a list; empty if it is left out. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Returns the texts of a list of `String` nodes. @throws {NotUnderstood} if one is of another type */
export function textsOf(value: unknown): readonly string[] {
  return listOf(value).map((one) => {
    const text = textIn(one);
    if (text === undefined) throw new NotUnderstood('name', 'a name of the text has a form that Writ does not know');
    return text;
  });
}

/** Returns the text of a `String` node; undefined for another node. */
export function textIn(node: unknown): string | undefined {
  const body = bodyOf(node).String;
  if (body === undefined) return undefined;
  return nameIn(bodyOf(body), 'sval') ?? '';
}

/** A server cuts a longer name at a place that depends on its encoding. */
const MAX_NAME_BYTES = 62;

/** Returns a member that is a name; undefined if it is left out. @throws {NotUnderstood} if the server may cut it */
export function nameIn(body: Body, member: string): string | undefined {
  const text = textOf(body, member);
  if (text !== undefined && text.length * 4 > MAX_NAME_BYTES && Buffer.byteLength(text) > MAX_NAME_BYTES)
    throw new NotUnderstood('name', `the name ${quoted(text)} is longer than ${MAX_NAME_BYTES} bytes`);
  return text;
}

/** Returns a member that is a text; undefined if it is left out. */
export function textOf(body: Body, member: string): string | undefined {
  const text = body[member];
  return typeof text === 'string' ? text : undefined;
}
