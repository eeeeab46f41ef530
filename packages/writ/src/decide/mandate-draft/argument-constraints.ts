import type { ActionDeclaration, CedarType } from '@writ/cedar';
import { isMinor, namedKindOf } from '../../ledger/flow/deviations.js';
import type { NamedKind, NamedValue } from '../../ledger/flow/named-values.js';
import { wordsIn } from '../../ledger/flow/nouns.js';
import type { RoleArgument, ToolDescription } from '../../ledger/flow/tool-description.js';
import type { Constraint } from '../../lib/authorization-details.js';
import { nounsOf } from './nouns.js';
import type { NamedFor, PromptReading } from './prompt-reading.js';

/** A constraint on an argument, and the values of the prompt that it is made of. */
interface ArgumentConstraint {
  readonly argument: string;
  readonly constraint: Constraint;
  readonly named: readonly NamedValue[];
}

/** The reason why values of a kind constrain an argument to nothing. */
export interface NotConstrained {
  readonly argument: string;
  readonly kind: NamedKind;
  readonly why: string;
}

const MAX_VALUES = 64;
const WITHOUT_MINOR_UNITS = new Set(['JPY']);

/** Returns the constraints that a prompt puts on the arguments of an action that changes something. */
export function argumentConstraints(
  tool: ToolDescription,
  action: ActionDeclaration,
  reading: PromptReading,
): { readonly constraints: readonly ArgumentConstraint[]; readonly not: readonly NotConstrained[] } {
  const constraints: ArgumentConstraint[] = [];
  const not: NotConstrained[] = [];
  const counted = new Map<string, number>();
  for (const { argument } of tool.arguments) counted.set(argument, (counted.get(argument) ?? 0) + 1);
  for (const described of tool.arguments) {
    const { argument, query } = described;
    const kind = kindOf(described);
    if (kind === undefined) continue;
    const input = inputOf(action, argument);
    const leave = (why: string): void => void not.push({ argument, kind, why });
    if (query !== undefined || counted.get(argument) !== 1) {
      if (has(reading, kind)) leave('a constraint is on a whole argument, and this is a part of one');
      continue;
    }
    const found = constraintOf(tool, described, kind, input?.type, reading);
    if (found === undefined) continue;
    if ('why' in found) leave(found.why);
    else {
      const optional = input?.required === true ? {} : { optional: true as const };
      constraints.push({ argument, constraint: { ...found.constraint, ...optional }, named: found.named });
    }
  }
  return { constraints, not };
}

function kindOf({ role, kind }: RoleArgument): NamedKind | undefined {
  if (kind !== undefined) return role === 'content' && namedKindOf(kind) !== 'date' ? undefined : namedKindOf(kind);
  return role === 'amount' ? 'amount' : role === 'target' ? 'id' : undefined;
}

function has({ named }: PromptReading, kind: NamedKind): boolean {
  return named.values.some((one) => one.kind === kind);
}

function inputOf(
  { context }: ActionDeclaration,
  argument: string,
): { readonly type: CedarType; readonly required: boolean } | undefined {
  const input = context.attributes.get('input');
  const declared = input?.type.kind === 'record' ? input.type.attributes.get(argument) : undefined;
  return declared && { type: declared.type, required: declared.required && input?.required === true };
}

type Found = Pick<ArgumentConstraint, 'constraint' | 'named'> | { readonly why: string } | undefined;

function constraintOf(
  tool: ToolDescription,
  { argument, kind: declared }: RoleArgument,
  kind: NamedKind,
  type: CedarType | undefined,
  reading: PromptReading,
): Found {
  switch (kind) {
    case 'amount':
      if (!has(reading, 'amount')) return undefined;
      // A text has no bounds.
      if (type?.kind === 'string') return { why: 'the argument is a text, and no number' };
      return spendingConstraint(isMinor(declared), reading);
    case 'date':
      return oneOf(reading.days, ({ value, text }) => [value, text]);
    case 'id':
      return oneOf(reading.ids(nounsOf(tool.name, argument), idFor(argument)), (one) => idForms(one, type));
    case 'url':
      if (!has(reading, 'url')) return undefined;
      if (tool.effects.every((effect) => effect === 'read' || effect === 'egress'))
        return { why: 'a page leads to others, and fetching them changes nothing' };
      return oneOf(reading.addressees('url'), urlForms);
    default:
      return oneOf(reading.addressees(kind), ({ value, text }) => [text, value, value.toLowerCase()]);
  }
}

function oneOf(named: NamedFor, formsOf: (value: NamedValue) => readonly (string | number)[]): Found {
  if (named === undefined || 'why' in named) return named;
  const forms = [...new Set(named.values.flatMap(formsOf))];
  if (forms.length > MAX_VALUES) return { why: `a constraint has at most ${MAX_VALUES} values` };
  return { constraint: { one_of: forms }, named: named.values };
}

function spendingConstraint(isMinor: boolean, { spending }: PromptReading): Found {
  if ('unclear' in spending) return { why: spending.unclear };
  const { most, currency, amounts } = spending;
  const max = Math.ceil(most * (isMinor && !WITHOUT_MINOR_UNITS.has(currency) ? 100 : 1) - 1e-6);
  if (!Number.isSafeInteger(max)) return { why: 'the amount is too large' };
  return { constraint: { min: 0, max }, named: amounts };
}

/** An argument for an id takes no title: the agent has to look the id up. */
function idFor(argument: string): (value: NamedValue) => boolean {
  const isId = wordsIn(argument).some((word) => /^(?:ids?|uid|identifier|key)$/.test(word));
  return ({ text }) => !isId || (/[0-9]/.test(text) && !/\s|\./.test(text));
}

function idForms({ text, value }: NamedValue, type: CedarType | undefined): (string | number)[] {
  const element = type?.kind === 'set' ? type.element : type;
  const number = /^(?:0|[1-9][0-9]{0,14})$/.test(text) ? [Number(text)] : [];
  if (element?.kind === 'long') return number;
  return element?.kind === 'string' ? [value] : [value, ...number];
}

function urlForms({ text, value }: NamedValue): string[] {
  const bare = value.replace(/^https:\/\//, '');
  const forms = [text, value, bare, `${value}/`, `${bare}/`];
  return /[?#]/.test(value) ? [text, value, bare] : forms;
}
