import { type Command, type CompoundList, forEachChild, type ParsedScript, type SyntaxNode } from 'unbash';
import { DEEPEST, MOST_NODES } from '../limits.js';
import { NotUnderstood } from '../not-understood.js';
import { bindingsOf, literalOf } from './bindings.js';
import { isHarmless } from './names.js';
import type { Variables } from './variables.js';

/** Counts nodes over all scripts of one text. */
export interface Budget {
  nodes: number;
}

/** A command that may change the directory. */
interface DirectoryChange {
  readonly pos: number;
  /** The start of the innermost subshell in which the command runs; -1 if it runs in the script's own shell. */
  readonly apart: number;
}

/** Findings over the whole text. */
export interface Scan {
  readonly changes: readonly DirectoryChange[];
  readonly hasFunction: boolean;
  /** A function may be removed again. */
  readonly unsets: boolean;
}

const APART = new Set(['Subshell', 'CommandExpansion', 'ProcessSubstitution', 'ArithmeticCommandExpansion', 'Coproc']);
const MAY_UNSET = new Set(['unset', 'command', 'builtin']);
const MAY_MOVE = new Set(['cd', 'pushd', 'popd', 'command', 'builtin']);

/** Walks the whole tree, nested scripts too: refuses errors and too much, and collects where variables are assigned. */
export function scan(script: ParsedScript, budget: Budget, variables: Variables): Scan {
  const changes: DirectoryChange[] = [];
  let unsets = false;
  let hasFunction = false;
  const visit = (node: SyntaxNode, depth: number, apart: number, isApart: boolean): void => {
    budget.nodes += 1;
    if (budget.nodes > MOST_NODES)
      throw new NotUnderstood('limit', '', 0, `the text has more than ${MOST_NODES} parts`);
    if (depth > DEEPEST) throw new NotUnderstood('limit', '', 0, `the text is nested deeper than ${DEEPEST} parts`);
    if (node.type === 'Script') {
      const [error] = node.errors ?? [];
      if (error !== undefined) throw new NotUnderstood('syntax', '', error.pos, error.message);
    }
    hasFunction ||= node.type === 'Function';
    for (const binding of bindingsOf(node)) variables.bind(binding);
    if (node.type === 'Command') {
      allowHarmless(node, variables);
      const called = node.name === undefined ? '' : literalOf(node.name);
      if (called === undefined || MAY_MOVE.has(called)) changes.push({ pos: node.pos, apart });
      unsets ||= called === undefined || MAY_UNSET.has(called);
    }
    const within = APART.has(node.type) ? node.pos : apart;
    // Positions in a script between backticks are those of its own text.
    const isOwn = isApart || (node.type === 'Script' && node.source !== undefined);
    if (!isOwn && (node.type === 'Script' || node.type === 'CompoundList')) noteFirst(node, variables);
    forEachChild(node, (child) => visit(child, depth + 1, within, isOwn));
  };
  visit(script, 0, -1, false);
  return { changes, hasFunction, unsets };
}

/** Notes the assignments of a list that run before what stands behind them in it. */
function noteFirst({ commands, end }: ParsedScript | CompoundList, variables: Variables): void {
  for (const { command, background } of commands) {
    const first = command.type === 'AndOr' ? command.commands[0] : command;
    if (background !== true && first?.type === 'Command') variables.noteFirst(first, end);
  }
}

/** Allows values of refused names that change nothing for the command that gets them. */
function allowHarmless({ name, prefix, suffix }: Command, variables: Variables): void {
  for (const part of name?.text === 'export' ? [...prefix, ...suffix] : prefix)
    if (part.type === 'Assignment' && part.value.type === 'Word' && literalOf(part.value) !== undefined)
      if (isHarmless(part.name, literalOf(part.value) ?? '', name === undefined ? undefined : literalOf(name)))
        variables.allow(part.pos);
}
