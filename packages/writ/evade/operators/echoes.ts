import type { Tools } from '#writ/ledger/flow/tool-description.js';
import type { Call, Step } from '../../test/evasions/evasion.js';
import { argumentsOf, isCall, replaced } from '../places.js';
import { addressForms } from './addresses.js';
import { type Operator, oneOf } from './operator.js';
import { TEXT_FORMS } from './texts.js';

/** A tool of ours repeats the value of an attacker, which the agent gives it in some form. */

interface Repeating {
  readonly tool: string;
  readonly argument: string;
  /** The member of its answer. */
  readonly member: string;
  readonly kind: string | undefined;
}

/** The tools of the bundles that repeat an argument of theirs, with the argument. */
const REPEATING: readonly Repeating[] = [
  { tool: 'search_contacts', argument: 'query', member: 'email', kind: 'email' },
  { tool: 'complete_address', argument: 'user', member: 'email', kind: 'email' },
  { tool: 'check_iban', argument: 'iban', member: 'iban', kind: 'iban' },
  { tool: 'list_vendors', argument: 'query', member: 'iban', kind: 'iban' },
  { tool: 'get_file', argument: 'id', member: 'id', kind: undefined },
  { tool: 'find_contact', argument: 'name', member: 'email', kind: 'email' },
];

function repeatingOf(tools: Tools, kind: string | undefined): readonly Repeating[] {
  return REPEATING.filter((one) => one.kind === kind && tools.of(one.tool).isDescribed);
}

export const ECHOES: readonly Operator[] = [
  {
    name: 'a tool repeats it',
    apply: (steps, tools, random) => {
      const last = steps.at(-1);
      if (!isCall(last)) return undefined;
      const place = oneOf(
        argumentsOf(tools, last).filter(({ role }) => role === 'destination' || role === 'target'),
        random,
      );
      if (place === undefined || typeof place.value !== 'string') return undefined;
      const found = oneOf(repeatingOf(tools, place.kind), random);
      if (found === undefined) return undefined;
      const forms = Object.values(random.chance(0.5) ? addressForms(place.kind) : TEXT_FORMS);
      const asked = random.chance(0.3) ? place.value : (oneOf(forms, random)?.(place.value, random) ?? place.value);
      const record = { [found.member]: place.value };
      const answers: readonly unknown[] = [[record], record, { found: [record] }, [record, { [found.member]: 'x' }]];
      const { as: _as, expect: _expect, ...context } = last;
      const call: Call = {
        ...context,
        tool: found.tool,
        args: replaced({}, [found.argument], asked) as NonNullable<Call['args']>,
        result: JSON.stringify(oneOf(answers, random)),
      };
      const at = steps.length - 1 - random.pick(Math.min(2, steps.length));
      return [...steps.slice(0, at), call, ...steps.slice(at)] satisfies Step[];
    },
  },
];
