import { type ASTNode, Environment } from '@marcbachmann/cel-js';

/** Questions about a CEL expression that its syntax tree answers. */

const anything = new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true });

/** Returns the syntax tree of an expression that is CEL. */
export function syntaxOf(text: string): ASTNode {
  return anything.parse(text).ast;
}

/** Yields a node and every node below it. */
function* nodesOf(node: ASTNode): Generator<ASTNode> {
  yield node;
  for (const child of childrenOf(node.args)) yield* nodesOf(child);
}

function* childrenOf(args: unknown): Generator<ASTNode> {
  if (Array.isArray(args)) for (const arg of args) yield* childrenOf(arg);
  else if (typeof args === 'object' && args !== null && 'op' in args && 'args' in args) yield args as ASTNode;
}

/** Returns whether an expression names a variable. */
export function names(ast: ASTNode, variable: string): boolean {
  for (const { op, args } of nodesOf(ast)) if (op === 'id' && args === variable) return true;
  return false;
}

/** Calls that go through a list. The last ones are of list comprehensions with two variables. */
const LOOPS: ReadonlySet<string> = new Set(
  'map filter all exists exists_one existsOne transformList transformMap transformMapEntry'.split(' '),
);

function isEffects({ op, args }: ASTNode): boolean {
  return op === 'id' && args === 'effects';
}

/** Returns how deep the loops of an expression are in one another: 0 without a loop. */
export function loopDepth({ op, args }: ASTNode): number {
  const deepest = (nodes: Iterable<ASTNode>): number => Math.max(0, ...[...nodes].map(loopDepth));
  // There are few effects.
  const isLoop = op === 'rcall' && LOOPS.has(args[0]) && !isEffects(args[1]);
  if (!isLoop) return deepest(childrenOf(args));
  // The list itself is made once, and its loop is beside this one.
  return Math.max(deepest(childrenOf(args[1])), 1 + deepest(childrenOf(args[2])));
}

/** Returns the names of members and the texts that an expression has. */
export function wordsIn(ast: ASTNode): ReadonlySet<string> {
  const words = new Set<string>();
  for (const { op, args } of nodesOf(ast)) {
    if (op === 'value' && typeof args === 'string') words.add(args);
    if ((op === '.' || op === '.?') && typeof args[1] === 'string') words.add(args[1]);
  }
  return words;
}

/** Returns the arguments that an expression reads as `input.name` or `input["name"]`, in order, each once. */
export function argumentsRead(ast: ASTNode): ReadonlySet<string> {
  const read = new Set<string>();
  for (const node of nodesOf(ast)) {
    const name = memberOfInput(node);
    if (name !== undefined) read.add(name);
  }
  return read;
}

/** Returns where an expression first reads an argument; 0 if it does not. */
export function argumentAt(ast: ASTNode, name: string): number {
  for (const node of nodesOf(ast)) if (memberOfInput(node) === name) return node.range.start;
  return 0;
}

/** Returns where an expression first has a text of this value; 0 if it has none. */
export function textAt(ast: ASTNode, text: string): number {
  for (const node of nodesOf(ast)) if (textIn(node) === text) return node.range.start;
  return 0;
}

/** A look-up of a fact, as in `fact("Item", id, "price")`; a part that is no text in the expression is undefined. */
interface FactRead {
  readonly type: string | undefined;
  readonly attribute: string | undefined;
  readonly offset: number;
}

/** Returns the facts that an expression looks up. */
export function factsRead(ast: ASTNode): readonly FactRead[] {
  return [...nodesOf(ast)].flatMap(({ op, args, range }) => {
    if (op !== 'call' || args[0] !== 'fact') return [];
    const [type, , attribute] = args[1].map(textIn);
    return [{ type, attribute, offset: range.start }];
  });
}

/** Returns the arguments whose presence an expression tests, as in `has(input.name)`. */
export function argumentsTested(ast: ASTNode): ReadonlySet<string> {
  const tested = new Set<string>();
  for (const node of nodesOf(ast)) {
    if (node.op !== 'call' || node.args[0] !== 'has') continue;
    const [argument] = node.args[1];
    const name = argument && memberOfInput(argument);
    if (name !== undefined) tested.add(name);
  }
  return tested;
}

function memberOfInput({ op, args }: ASTNode): string | undefined {
  if (op !== '.' && op !== '[]') return undefined;
  const [object, member] = args;
  if (object.op !== 'id' || object.args !== 'input') return undefined;
  return typeof member === 'string' ? member : textIn(member);
}

/** Returns the texts that an expression compares a variable with, by `==`, `!=` or `in`, on either side. */
export function textsCompared(ast: ASTNode, variable: string): ReadonlySet<string> {
  const compared = new Set<string>();
  for (const { op, args } of nodesOf(ast)) {
    if (op !== '==' && op !== '!=' && op !== 'in') continue;
    const [left, right] = args;
    const isVariable = (node: ASTNode): boolean => node.op === 'id' && node.args === variable;
    const other = isVariable(left) ? right : isVariable(right) ? left : undefined;
    if (other === undefined) continue;
    for (const node of other.op === 'list' ? other.args : [other]) {
      const text = textIn(node);
      if (text !== undefined) compared.add(text);
    }
  }
  return compared;
}

/**
 * Returns the actions that a condition names as those that it holds for; undefined if it names none. Both sides of `&&` must hold,
 * and one side of `||`; a condition under `!` names none.
 */
export function actionsNamed(ast: ASTNode): ReadonlySet<string> | undefined {
  const { op, args } = ast;
  if (op === '&&') return both(actionsNamed(args[0]), actionsNamed(args[1]));
  if (op === '||') return either(actionsNamed(args[0]), actionsNamed(args[1]));
  if (op === '?:') return either(both(actionsNamed(args[0]), actionsNamed(args[1])), actionsNamed(args[2]));
  const compared = comparedIn(ast);
  return compared && new Set(compared);
}

/** Returns the only actions that a condition can hold for; undefined if it can hold for others than those that it names. */
export function onlyActions(ast: ASTNode): ReadonlySet<string> | undefined {
  const { op, args } = ast;
  if (op === '&&') return both(onlyActions(args[0]), onlyActions(args[1]));
  if (op === '||') {
    const [left, right] = [onlyActions(args[0]), onlyActions(args[1])];
    return left && right && either(left, right);
  }
  const compared = comparedIn(ast);
  return compared && new Set(compared);
}

type Names = ReadonlySet<string> | undefined;

function both(a: Names, b: Names): Names {
  return a === undefined || b === undefined ? (a ?? b) : new Set([...a].filter((name) => b.has(name)));
}

function either(a: Names, b: Names): Names {
  return a === undefined || b === undefined ? (a ?? b) : new Set([...a, ...b]);
}

function comparedIn({ op, args }: ASTNode): readonly string[] | undefined {
  if (op !== '==' && op !== 'in') return undefined;
  const [left, right] = args;
  if (isAction(left)) {
    const texts = op === 'in' && right.op === 'list' ? right.args.map(textIn) : [textIn(right)];
    return texts.every((text) => text !== undefined) ? texts : undefined;
  }
  const text = op === '==' && isAction(right) ? textIn(left) : undefined;
  return text === undefined ? undefined : [text];
}

function isAction({ op, args }: ASTNode): boolean {
  return op === 'id' && args === 'action';
}

function textIn({ op, args }: ASTNode): string | undefined {
  return op === 'value' && typeof args === 'string' ? args : undefined;
}
