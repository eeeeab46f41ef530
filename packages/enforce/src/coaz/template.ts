import { type ASTNode, type Environment, Optional } from '@marcbachmann/cel-js';
import { messageOf } from '@writ/sdk/lib/message-of';
import { mappingEnvironment } from '../cel/environment.js';
import { MappingError } from '../errors.js';

/**
 * Templates of AuthZEN requests (COAZ framework, "Mapping"): a leaf string that begins with `$` is a CEL expression,
 * `$$` stands for a `$`, everything else is itself. An expression that gives an absent optional leaves its field out.
 */

export type Variables = Readonly<Record<string, unknown>>;
type Compiled = (variables: Record<string, unknown>) => unknown;

/** A template ready to be filled. */
interface Template {
  /** @throws {MappingError} if an expression fails: a value is absent or of the wrong type */
  fill(variables: Variables): unknown;
}

const ABSENT = Symbol('absent');

/** Returns the text that a leaf of a template is for all variables; undefined for an expression. */
export function literalIn(leaf: unknown): string | undefined {
  if (typeof leaf !== 'string') return undefined;
  if (!leaf.startsWith('$')) return leaf;
  return leaf.startsWith('$$') ? leaf.slice(1) : undefined;
}

export interface TemplateOptions {
  /** The place of the template, for errors. */
  readonly path: string;
  /** The input variables; an expression that names another does not compile. */
  readonly variables: readonly string[];
  /** Whether the author is trusted with our time. If not, expressions that take more than linear time are refused. */
  readonly isTrusted: boolean;
}

/**
 * Compiles a template.
 *
 * @throws {MappingError} if an expression does not parse, or names an unknown variable
 */
export function compileTemplate(template: unknown, { path, variables, isTrusted }: TemplateOptions): Template {
  const compiled = compileNode(template, path, { cel: mappingEnvironment(variables), isTrusted });
  return {
    fill: (variables) => {
      const values = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, toCel(value)]));
      const made = compiled(values);
      return made === ABSENT ? undefined : made;
    },
  };
}

interface Compiling {
  readonly cel: Environment;
  readonly isTrusted: boolean;
}

function compileNode(node: unknown, path: string, compiling: Compiling): Compiled {
  if (typeof node === 'string') return compileText(node, path, compiling);
  if (Array.isArray(node)) {
    const items = node.map((item, i) => compileNode(item, `${path}[${i}]`, compiling));
    return (variables) => items.map((item) => item(variables)).filter((item) => item !== ABSENT);
  }
  if (typeof node !== 'object' || node === null) return () => node;
  const entries = Object.entries(node).map(
    ([key, value]) => [key, compileNode(value, `${path}.${key}`, compiling)] as const,
  );
  return (variables) =>
    Object.fromEntries(
      entries.map(([key, value]) => [key, value(variables)] as const).filter(([, value]) => value !== ABSENT),
    );
}

function compileText(text: string, path: string, { cel, isTrusted }: Compiling): Compiled {
  if (!text.startsWith('$')) return () => text;
  if (text.startsWith('$$')) return () => text.slice(1);
  const expression = text.slice(1);
  let run: ReturnType<Environment['parse']>;
  try {
    run = cel.parse(expression);
  } catch (error) {
    throw new MappingError(`${path}: \`${expression}\` is not CEL: ${firstLine(error)}`);
  }
  const checked = run.check();
  if (!checked.valid) throw new MappingError(`${path}: \`${expression}\`: ${firstLine(checked.error)}`);
  const costly = isTrusted ? undefined : costlyIn(expression, run.ast);
  if (costly !== undefined) throw new MappingError(`${path}: \`${expression.slice(0, 200)}\` ${costly}`);
  return (variables) => {
    try {
      return fromCel(run(variables));
    } catch (error) {
      throw new MappingError(`${path}: \`${expression}\`: ${firstLine(error)}`);
    }
  };
}

const MAX_CHARACTERS = 2_000;
const MACROS = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** Returns why an expression could take more than linear time; undefined if it cannot. */
function costlyIn(expression: string, ast: ASTNode): string | undefined {
  if (expression.length > MAX_CHARACTERS) return `is longer than ${MAX_CHARACTERS} characters`;
  const called = (node: unknown, within: number): string | undefined => {
    if (Array.isArray(node)) {
      for (const one of node) {
        const found = called(one, within);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    if (typeof node !== 'object' || node === null || !('op' in node) || !('args' in node)) return undefined;
    const { op, args } = node as { op: string; args: unknown };
    const name = op === 'rcall' || op === 'call' ? (args as [string])[0] : '';
    if (name === 'matches') return 'uses `matches`, which is not taken from others';
    const isMacro = MACROS.has(name);
    if (isMacro && within > 0) return `has \`${name}\` within another`;
    if (!isMacro) return called(args, within);
    // The list that a macro goes over is computed once.
    const [, over, body] = args as [string, unknown, unknown];
    return called(over, within) ?? called(body, within + 1);
  };
  return called(ast, 0);
}

/** Converts JSON to CEL: integers are CEL integers, objects are maps (so that no name is special). */
function toCel(value: unknown): unknown {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(toCel);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key, toCel(item)]));
}

function fromCel(value: unknown): unknown {
  if (typeof value === 'bigint') {
    if (!Number.isSafeInteger(Number(value))) throw new Error(`${value} is past 2^53`);
    return Number(value);
  }
  if (value instanceof Optional) return value.hasValue() ? fromCel(value.value()) : ABSENT;
  if (Array.isArray(value)) return value.map(fromCel);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), fromCel(item)]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromCel(item)]));
}

function firstLine(error: unknown): string {
  return messageOf(error).split('\n')[0] ?? '';
}
