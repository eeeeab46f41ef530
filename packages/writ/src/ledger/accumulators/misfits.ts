import { firstLine } from '../cel.js';
import type { AccumulatorDeclaration } from './accumulator.js';
import { type CelRecord, environment, MEANT, type Part, TYPES } from './expression.js';

/** An action, with the types of its arguments. */
export interface CheckedAction {
  readonly name: string;
  /** Undefined when it has none. */
  readonly input: CelRecord | undefined;
  /** The arguments that a call may leave out. */
  readonly optional: readonly string[];
}

/**
 * What of an accumulator cannot be worked out for the actions that it counts, by the types of their arguments: such an action is denied.
 * Which actions it counts is known when `on` names them, or is not there.
 */
export function misfitsOf(declared: AccumulatorDeclaration, actions: readonly CheckedAction[]): string[] {
  const { key, set, distinct, sum, on, decimal } = declared;
  const named = [...(on ?? '').matchAll(/\baction\s*==\s*["']([^"']+)["']/g)].map(([, name]) => name as string);
  if (on !== undefined && named.length === 0) return [];
  const parts: [Part, string | undefined][] = [
    ['key', key],
    ['sum', sum],
    ['set', set],
    ['distinct', distinct],
  ];
  const misfits: string[] = [];
  for (const action of actions) {
    if (on !== undefined && !named.includes(action.name)) continue;
    for (const [part, text] of parts) {
      if (text === undefined || !/\binput\b/.test(text)) continue;
      const why = misfitOf(part, text, action, decimal === true);
      if (why !== undefined) misfits.push(`for ${action.name}, \`${part}\` ${why}`);
    }
  }
  return misfits;
}

function misfitOf(
  part: Part,
  text: string,
  { input = {}, optional }: CheckedAction,
  isDecimal: boolean,
): string | undefined {
  const { valid, error, type = 'dyn' } = environment(input).check(text);
  if (!valid) return `cannot be worked out: ${firstLine(error)}`;
  if (!TYPES[part].test(type) && !(isDecimal && type === 'double')) return `gives ${type}; it must give ${MEANT[part]}`;
  const absent = optional.find(
    (name) => new RegExp(`\\binput\\.${name}\\b`).test(text) && !text.includes(`has(input.${name})`),
  );
  return absent === undefined ? undefined : `needs ${absent}, which a call may leave out`;
}
