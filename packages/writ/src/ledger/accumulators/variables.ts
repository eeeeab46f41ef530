import type { ASTNode } from '@marcbachmann/cel-js';
import { celValue } from '../cel.js';
import { names, wordsIn } from '../cel-ast.js';
import { total } from '../decimal.js';
import { LedgerError, UnknownValueError } from '../errors.js';
import type { LedgerEvent } from '../event.js';
import { type EventMore, MORE_VARIABLES } from '../event-more.js';

/** The values of the variables of CEL over one action. */

type Variables = Record<string, unknown>;

/**
 * The values of the expressions over one event. Many accumulators ask the same of one event, one after another, so the last event
 * is enough; a weak map of all would keep each until the next full collection.
 */
interface Evaluated {
  readonly event: LedgerEvent;
  readonly results: Map<string, unknown>;
  variables?: Variables;
  ofCall?: Variables;
  more?: EventMore;
}
let last: Evaluated | undefined;

/** Returns the values of the expressions over an event, by their text. */
export function resultsOf(event: LedgerEvent): Map<string, unknown> {
  return evaluated(event).results;
}

function evaluated(event: LedgerEvent): Evaluated {
  if (last?.event !== event) last = { event, results: new Map() };
  return last;
}

/** The variables that are made only for the expressions that name one: few do. */
const OF_CALL = ['destinations', 'targets', 'amount', 'resource'];

/** Returns whether an expression names a variable of {@link EventMore}. */
export function namesMore(ast: ASTNode): boolean {
  return MORE_VARIABLES.some((variable) => names(ast, variable));
}

/** Returns the function that gives the variables that an expression can name. */
export function variablesFor(name: string, ast: ASTNode): (event: LedgerEvent) => Variables {
  const base = OF_CALL.some((variable) => names(ast, variable)) ? variablesOfCall : variablesOf;
  if (!namesMore(ast)) return base;
  const words = wordsIn(ast);
  const [readsFacts, readsDerived] = [names(ast, 'facts'), names(ast, 'derived')];
  return (event) => {
    const more = moreOf(name, event);
    if (readsFacts) checkKnown(name, more, words);
    const { kind, scope, assurance, details, properties, facts } = more;
    return {
      ...base(event),
      ...{ kind, scope, assurance: BigInt(assurance), properties: celValue(properties) },
      // An expression that names details which are not known fails.
      ...(details === undefined ? {} : { details: celValue(details) }),
      facts: new Map(Object.entries(facts)),
      ...(readsDerived ? { derived: derivedIn(more, words) } : {}),
    };
  };
}

function moreOf(name: string, event: LedgerEvent): EventMore {
  const known = evaluated(event);
  if (known.more === undefined) {
    if (event.more === undefined) throw new LedgerError(`${name}: more of the action is not known`);
    known.more = event.more();
  }
  return known.more;
}

/** A condition would take a fact that is too old for one that does not exist. */
function checkKnown(name: string, { withheld }: EventMore, words: ReadonlySet<string>): void {
  const unknown = [...withheld].filter((one) => words.has(one));
  if (unknown.length > 0)
    throw new UnknownValueError(`${name}: these facts are not known, or too old: ${unknown.join(', ')}`, true);
}

function derivedIn(more: EventMore, words: ReadonlySet<string>): ReadonlyMap<string, unknown> {
  const values = [...words].map((word) => [word, more.derived(word)] as const);
  return new Map(values.filter(([, value]) => value !== undefined));
}

const NOTHING: readonly string[] = [];

function variablesOf(event: LedgerEvent): Variables {
  const known = evaluated(event);
  known.variables ??= makeVariables(event);
  return known.variables;
}

function makeVariables({ action, input, lineage, keys, effects }: LedgerEvent): Variables {
  const { actor, originator } = keys;
  return {
    action,
    actor,
    originator,
    lineage,
    effects,
    destinations: NOTHING,
    targets: NOTHING,
    amount: 0n,
    input: celValue(input),
  };
}

/** Returns the variables with the resource, and the values of the arguments by their roles. */
function variablesOfCall(event: LedgerEvent): Variables {
  const known = evaluated(event);
  const { call, resource } = event;
  known.ofCall ??= {
    ...variablesOf(event),
    resource: celValue(resource),
    destinations: call?.valuesOf('destination').map(String) ?? [],
    targets: call?.valuesOf('target').map(String) ?? [],
    amount: celValue(total(call?.valuesOf('amount') ?? [])),
  };
  return known.ofCall;
}
