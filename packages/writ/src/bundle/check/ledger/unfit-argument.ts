import { compileAccumulator } from '../../../ledger/accumulators/accumulator.js';
import { type CheckedAction, type Misfit, misfitsOf } from '../../../ledger/accumulators/misfits.js';
import { argumentsRead, syntaxOf } from '../../../ledger/cel-ast.js';
import type { Bundle } from '../../bundle.js';
import { celRecord } from '../cel-types.js';
import { firstOf } from '../first-of.js';
import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';
import { compiling } from './expression.js';

/** An expression that fails for an action that the accumulator counts. */
export const unfitArgument: Rule = {
  code: 'ledger/unfit-argument',
  check(bundle, find) {
    const known = actionsOf(bundle);
    const arguments_ = new Set(known.flatMap(({ input }) => Object.keys(input ?? {})));
    for (const [name, declared] of compiling(bundle)) {
      const isOverResults = compileAccumulator(name, declared).resultIntegrity !== undefined;
      for (const { part, why, of, offset } of joined(misfitsOf(name, declared, known))) {
        // `ledger/unknown-argument` says it.
        if (readsUnknown(declared[part], arguments_)) continue;
        const actions = of.length === 1 ? of[0] : firstOf(of, 'actions');
        const message = `${name}: for ${actions}, \`${part}\` ${why}`;
        const then = isOverResults ? 'the answer of such a call counts nothing' : 'such a call is denied';
        const help = `${then}; say with \`on\` which actions it counts`;
        find.in('ledger.yaml').warning(message, help, valueAt(['accumulators', name, part], offset));
      }
    }
  },
};

/** Returns whether an expression reads an argument that no action has. */
function readsUnknown(text: unknown, known: ReadonlySet<string>): boolean {
  return typeof text === 'string' && [...argumentsRead(syntaxOf(text))].some((argument) => !known.has(argument));
}

/** Joins the misfits of several actions that are one mistake. */
function joined(misfits: readonly Misfit[]): (Omit<Misfit, 'action'> & { readonly of: readonly string[] })[] {
  const groups = new Map<string, Omit<Misfit, 'action'> & { readonly of: string[] }>();
  for (const { part, why, action, offset } of misfits) {
    const key = JSON.stringify([part, why]);
    const group = groups.get(key) ?? { part, why, offset, of: [] };
    group.of.push(action);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** The actions that a request can name, with the CEL types of their arguments. */
function actionsOf({ schema }: Bundle): CheckedAction[] {
  return [...schema.actions].map(({ uid, context }) => {
    const input = context.attributes.get('input');
    if (input?.type.kind !== 'record') return { name: uid.id, input: undefined, optional: [] };
    const attributes = [...input.type.attributes];
    const optional = attributes.filter(([, { required }]) => !required || !input.required).map(([name]) => name);
    return { name: uid.id, input: celRecord(input.type), optional };
  });
}
