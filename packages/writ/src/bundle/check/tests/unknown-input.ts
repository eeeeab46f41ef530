import type { ActionDeclaration } from '@writ/cedar';
import { isObject } from '@writ/sdk/lib/is-object';
import { memo } from '../../../lib/memo.js';
import type { Bundle } from '../../bundle.js';
import type { TestStep } from '../../format/tests.js';
import { mappedActions, mappingOf } from '../names/called-actions.js';
import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';
import { actionOf, contextRecord } from '../schema-parts.js';
import { stepsOf } from './steps.js';

/** An argument of a test that the schema does not have: the call is denied for it, and not for what the test is about. */
export const unknownTestInput: Rule = {
  code: 'tests/unknown-input',
  check(bundle, find) {
    const argumentsOf = memo((action: ActionDeclaration) => {
      const known = knownArguments(bundle, action);
      return { known, near: new NearNames(known) };
    });
    for (const { file, way, step } of stepsOf(bundle)) {
      const asked = askedIn(bundle, step);
      const action = asked && actionOf(bundle, asked.action);
      if (asked === undefined || action === undefined) continue;
      const { known, near } = argumentsOf(action);
      for (const name of Object.keys(asked.input)) {
        if (known.has(name)) continue;
        find
          .in(file)
          .warning(
            `${asked.action} has no argument ${name}, so the call is denied for that alone`,
            near.help(name, 'declare it in the schema, or take it out of the test'),
            [...way, ...asked.at, name],
          );
      }
    }
  },
};

function knownArguments({ tools: { tools } }: Bundle, action: ActionDeclaration): ReadonlySet<string> {
  const { id } = action.uid;
  const opaque = Object.hasOwn(tools, id) ? (tools[id]?.opaque ?? []) : [];
  return new Set([...(contextRecord(action, 'input')?.keys() ?? []), ...opaque]);
}

interface Asked {
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** The way from the step to the arguments. */
  readonly at: readonly string[];
}

/** Returns the action of a step with its arguments; undefined if a mapping makes other actions or arguments of the call. */
function askedIn(bundle: Bundle, step: TestStep): Asked | undefined {
  if ('request' in step) {
    const { action, context } = step.request;
    const input = context?.input;
    return isObject(input) ? { action: action.name, input, at: ['request', 'context', 'input'] } : undefined;
  }
  const mapping = mappingOf(bundle, step.call, step.server);
  if (mapping !== undefined && (mappedActions(mapping).length > 0 || hasOwnContext(mapping))) return undefined;
  return { action: step.call, input: step.input, at: ['input'] };
}

function hasOwnContext(mapping: NonNullable<ReturnType<typeof mappingOf>>): boolean {
  if ('evaluation' in mapping)
    return mapping.evaluation.action !== undefined || mapping.evaluation.context !== undefined;
  const { action, context, evaluations } = mapping.evaluations;
  return [{ action, context }, ...evaluations].some((one) => one.action !== undefined || one.context !== undefined);
}
