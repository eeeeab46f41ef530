import { Environment, Optional } from '@marcbachmann/cel-js';
import { MappingError } from '../errors.js';
import { pathBelow, withFolders } from './paths.js';

/**
 * Templates of AuthZEN requests (COAZ framework, "Mapping"): a leaf string that begins with `$` is a CEL expression, `$$`
 * stands for a `$`, everything else is itself. An expression that gives an absent optional leaves its field out.
 *
 * To CEL's own functions come two: `pathBelow(path, folder)` and `withFolders(path)`.
 */
const cel = new Environment({ enableOptionalTypes: true, unlistedVariablesAreDyn: true });
cel.registerFunction('pathBelow(string, string): string', pathBelow);
cel.registerFunction('withFolders(string): list<string>', withFolders);

export type Variables = Readonly<Record<string, unknown>>;
type Compiled = (variables: Record<string, unknown>) => unknown;

/** A template ready to be filled. */
export interface Template {
  /** @throws {MappingError} when an expression fails: what it needs is not there, or is of the wrong type */
  fill(variables: Variables): unknown;
}

const ABSENT = Symbol('absent');

/** The text that a leaf of a template is whatever the variables are; undefined for an expression. */
export function literalIn(leaf: unknown): string | undefined {
  if (typeof leaf !== 'string') return undefined;
  if (!leaf.startsWith('$')) return leaf;
  return leaf.startsWith('$$') ? leaf.slice(1) : undefined;
}

/** @throws {MappingError} when an expression does not parse */
export function compileTemplate(template: unknown, path = '$'): Template {
  const compiled = compileNode(template, path);
  return {
    fill: (variables) => {
      const values = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, toCel(value)]));
      return compiled(values);
    },
  };
}

function compileNode(node: unknown, path: string): Compiled {
  if (typeof node === 'string') return compileText(node, path);
  if (Array.isArray(node)) {
    const items = node.map((item, i) => compileNode(item, `${path}[${i}]`));
    return (variables) => items.map((item) => item(variables)).filter((item) => item !== ABSENT);
  }
  if (typeof node !== 'object' || node === null) return () => node;
  const entries = Object.entries(node).map(([key, value]) => [key, compileNode(value, `${path}.${key}`)] as const);
  return (variables) =>
    Object.fromEntries(
      entries.map(([key, value]) => [key, value(variables)] as const).filter(([, value]) => value !== ABSENT),
    );
}

function compileText(text: string, path: string): Compiled {
  if (!text.startsWith('$')) return () => text;
  if (text.startsWith('$$')) return () => text.slice(1);
  const expression = text.slice(1);
  let run: ReturnType<typeof cel.parse>;
  try {
    run = cel.parse(expression);
  } catch (error) {
    throw new MappingError(`${path}: \`${expression}\` is not CEL: ${firstLine(error)}`);
  }
  return (variables) => {
    try {
      return fromCel(run(variables));
    } catch (error) {
      throw new MappingError(`${path}: \`${expression}\`: ${firstLine(error)}`);
    }
  };
}

/** JSON to CEL: integers are CEL integers, objects are maps (so that no name is special). */
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
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
