import {
  type EntityUid,
  type Expr,
  type Policy,
  type ScopeConstraint,
  sameUid,
  uidText,
  valueToJson,
} from '@writ/cedar';
import { isPermitted } from '@writ/sdk/authzen';
import type { PolicyPlane } from '../plane.js';
import type { DecisionRecord, FactRecord } from '../record.js';
import { type Edit, edited } from './edits.js';
import { factsIn } from './recorded-facts.js';
import type { Replay } from './replay.js';

/** A change that would have given the other answer: all its edits together, and then the approvals that are left. */
export interface Alternative {
  readonly edits: readonly Edit[];
  /** The policies that a step-up or an approval would still have to lift. */
  readonly approvals: readonly string[];
}

/** Pairs of edits that are tried, single edits, and alternatives that are returned. */
const MAX_PAIRS = 500;
const MAX_SINGLE = 60;
const MAX_SHOWN = 5;
/** How hard each kind of edit is to bring about: the easier comes first. */
const EASE: Readonly<Record<Edit['kind'], number>> = { membership: 1, fact: 2, ledger: 3, input: 4 };

/**
 * Finds the nearest changes that give the other answer: of facts, memberships, values of the ledger, arguments, approvals. Candidates
 * are read off the policies; each is tried by deciding again with it, so each that is returned gives that answer.
 */
export function alternatives(record: DecisionRecord, plane: PolicyPlane, replay: Replay): readonly Alternative[] {
  const wantsPermit = !isPermitted(record);
  const works = (edits: readonly Edit[]): Alternative | undefined => {
    const made = replay.decide(edited(record, edits));
    if (made.kind !== 'decided') return undefined;
    const { verdict } = made;
    if (!wantsPermit) return isPermitted(verdict) ? undefined : { edits, approvals: [] };
    if (isPermitted(verdict)) return { edits, approvals: [] };
    if (verdict.result !== 'step_up') return undefined;
    return { edits, approvals: [...new Set(verdict.reasons.map(({ policy }) => policy))] };
  };
  const asItIs = works([]);
  // It already waits for an approval; nothing is nearer than that.
  const found: Alternative[] = asItIs === undefined ? [] : [asItIs];
  const singles = candidates(record, plane, wantsPermit).slice(0, MAX_SINGLE);
  for (const edit of singles) {
    const one = works([edit]);
    if (one !== undefined && (asItIs === undefined || one.approvals.length < asItIs.approvals.length)) found.push(one);
  }
  if (found.length === 0) {
    let tries = 0;
    for (const [i, first] of singles.entries()) {
      for (const second of singles.slice(i + 1)) {
        tries += 1;
        if (tries > MAX_PAIRS || isSamePlace(first, second)) continue;
        const both = works([first, second]);
        if (both !== undefined) found.push(both);
      }
    }
  }
  return found
    .sort(
      (a, b) => a.approvals.length + a.edits.length - (b.approvals.length + b.edits.length) || easeOf(a) - easeOf(b),
    )
    .slice(0, MAX_SHOWN);
}

function easeOf({ edits }: Alternative): number {
  return edits.reduce((sum, edit) => sum + EASE[edit.kind] + (isLeftOut(edit) ? 0.5 : 0), 0);
}

/** Returns whether an edit takes a value away: another value is a better answer. */
function isLeftOut(edit: Edit): boolean {
  return edit.kind !== 'membership' && edit.to === undefined;
}

function isSamePlace(a: Edit, b: Edit): boolean {
  return placeOf(a) === placeOf(b);
}

function placeOf(edit: Edit): string {
  if (edit.kind === 'ledger') return `ledger ${edit.accumulator}`;
  if (edit.kind === 'input') return `input ${edit.path.join('.')}`;
  const entity = uidText(edit.entity);
  return edit.kind === 'fact' ? `${entity} ${edit.path.join('.')}` : `${entity} in ${uidText(edit.in)}`;
}

/** Reads candidates off the policies of the action, for each identity that was decided for. */
function candidates(record: DecisionRecord, plane: PolicyPlane, wantsPermit: boolean): Edit[] {
  const edits = new Map<string, Edit>();
  const facts = factsIn(record);
  if (facts === undefined) return [];
  const { identities, resource } = facts;
  const decided = plane.delegation === 'path' ? identities : identities.slice(-1);
  const programs = new Set(plane.tools.of(record.request.action.name).programs.map(({ argument }) => argument));
  for (const policy of plane.policies.asts) {
    if (!isAbout(policy, record.request.action.name)) continue;
    // A permit is to apply, a forbid not to; and the other way round.
    const wanted = (policy.effect === 'permit') === wantsPermit;
    for (const identity of decided) {
      for (const thing of [resource, ...(record.parts ?? []).map(({ fact }) => fact)]) {
        const reader = new Reader(record, identity, thing);
        for (const edit of reader.ofPolicy(policy, wanted)) {
          // Another text would do other things, and the record has what this one does.
          if (edit.kind === 'input' && programs.has(edit.path[0] as string)) continue;
          edits.set(`${placeOf(edit)} ${JSON.stringify(edit)}`, edit);
        }
      }
    }
  }
  return [...edits.values()].sort((a, b) => EASE[a.kind] - EASE[b.kind]);
}

function isAbout({ action }: Policy, name: string): boolean {
  if (action.op === 'all') return true;
  // Groups of actions are not resolved: each candidate is decided on anyway.
  return action.op === 'in' || action.uid.id === name;
}

type Place =
  | { readonly of: 'fact'; readonly fact: FactRecord; readonly path: readonly string[] }
  | { readonly of: 'input'; readonly path: readonly string[] }
  | { readonly of: 'ledger'; readonly accumulator: string };

const FLIPPED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };
const NEGATED: Readonly<Record<string, string>> = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' };
const DECIMAL: Readonly<Record<string, string>> = {
  lessThan: '<',
  lessThanOrEqual: '<=',
  greaterThan: '>',
  greaterThanOrEqual: '>=',
};

/** Reads off expressions the edits that would make them true or false. */
class Reader {
  constructor(
    private readonly record: DecisionRecord,
    private readonly identity: FactRecord,
    private readonly resource: FactRecord,
  ) {}

  ofPolicy({ principal, resource, conditions }: Policy, wanted: boolean): Edit[] {
    return [
      ...this.ofScope(principal, this.identity, wanted),
      ...this.ofScope(resource, this.resource, wanted),
      ...conditions.flatMap(({ kind, body }) => this.edits(body, (kind === 'when') === wanted)),
    ];
  }

  private ofScope(scope: ScopeConstraint, fact: FactRecord, wanted: boolean): Edit[] {
    const target = scope.op === 'in' ? scope.target : scope.op === 'is' ? scope.within : undefined;
    return target !== undefined && 'uid' in target ? this.membership(fact, target.uid, wanted) : [];
  }

  private edits(expr: Expr, wanted: boolean): Edit[] {
    switch (expr.op) {
      case '!':
        return this.edits(expr.arg, !wanted);
      case '&&':
      case '||':
        return [...this.edits(expr.left, wanted), ...this.edits(expr.right, wanted)];
      case 'if':
        return [
          ...this.edits(expr.test, true),
          ...this.edits(expr.test, false),
          ...this.edits(expr.yes, wanted),
          ...this.edits(expr.no, wanted),
        ];
      case 'has':
        return wanted ? [] : this.absent(expr.of, expr.path);
      case 'get':
        return this.set(expr, wanted);
      case '==':
      case '!=':
        return this.equal(expr.left, expr.right, (expr.op === '==') === wanted);
      case '<':
      case '<=':
      case '>':
      case '>=':
        return this.compared(expr.op, expr.left, expr.right, wanted);
      case 'call': {
        const [left, right] = expr.args;
        const op = DECIMAL[expr.name];
        return op === undefined || left === undefined || right === undefined
          ? []
          : this.compared(op, left, right, wanted);
      }
      case 'in':
        return this.within(expr.left, expr.right, wanted);
      case 'contains':
        return this.contains(expr.left, expr.right, wanted);
      default:
        return [];
    }
  }

  private equal(left: Expr, right: Expr, wanted: boolean): Edit[] {
    const edits: Edit[] = [];
    for (const [place, other] of [
      [left, right],
      [right, left],
    ] as const) {
      const value = this.value(other);
      if (value === undefined) continue;
      const to = wanted ? value : anotherThan(value);
      if (to !== undefined) edits.push(...this.set(place, to));
    }
    return edits;
  }

  /** Sets the nearest value that compares as wanted. */
  private compared(op: string, left: Expr, right: Expr, wanted: boolean): Edit[] {
    const is = wanted ? op : (NEGATED[op] as string);
    const edits: Edit[] = [];
    for (const [place, other, how] of [
      [left, right, is],
      [right, left, FLIPPED[is] as string],
    ] as const) {
      const value = this.value(other);
      const to = value === undefined ? undefined : boundary(value, how);
      if (to !== undefined) edits.push(...this.set(place, to));
    }
    return edits;
  }

  private within(left: Expr, right: Expr, wanted: boolean): Edit[] {
    const fact = this.factOf(left);
    if (fact === undefined) return [];
    const targets =
      right.op === 'entity'
        ? [right.uid]
        : right.op === 'set'
          ? right.items.flatMap((item) => (item.op === 'entity' ? [item.uid] : []))
          : [];
    return targets.flatMap((target) => this.membership(fact, target, wanted));
  }

  private contains(left: Expr, right: Expr, wanted: boolean): Edit[] {
    const items = this.value(left);
    const item = this.value(right);
    if (!Array.isArray(items) || item === undefined) return [];
    const without = items.filter((one) => JSON.stringify(one) !== JSON.stringify(item));
    return this.set(left, wanted ? [...without, item] : without);
  }

  private membership({ uid, ancestors, granted }: FactRecord, target: EntityUid, wanted: boolean): Edit[] {
    const isIn =
      sameUid(uid, target) ||
      [...ancestors, ...(granted ?? []).map((one) => one.in)].some((one) => sameUid(one, target));
    return isIn === wanted || sameUid(uid, target) ? [] : [{ kind: 'membership', entity: uid, in: target, is: wanted }];
  }

  private absent(of: Expr, path: readonly string[]): Edit[] {
    const at = this.place({ op: 'get', of, attribute: path[0] as string });
    return at === undefined || this.at(at) === undefined ? [] : this.setPlace(at, undefined);
  }

  private set(expr: Expr, to: unknown): Edit[] {
    const place = this.place(expr);
    return place === undefined ? [] : this.setPlace(place, to);
  }

  private setPlace(place: Place, to: unknown): Edit[] {
    const from = this.at(place);
    if (JSON.stringify(from) === JSON.stringify(to)) return [];
    if (place.of === 'ledger') return [{ kind: 'ledger', accumulator: place.accumulator, from, to: amountOf(to) }];
    if (place.of === 'input') return [{ kind: 'input', path: place.path, from, to }];
    return [{ kind: 'fact', entity: place.fact.uid, path: place.path, from, to }];
  }

  /** Returns the place in the record that an expression reads; undefined if it reads none, or one that nobody can change. */
  private place(expr: Expr): Place | undefined {
    const path: string[] = [];
    let at = expr;
    for (; at.op === 'get'; at = at.of) path.unshift(at.attribute);
    if (at.op !== 'variable' || path.length === 0) return undefined;
    if (at.name === 'principal') return { of: 'fact', fact: this.identity, path };
    if (at.name === 'resource') return { of: 'fact', fact: this.resource, path };
    if (at.name !== 'context') return undefined;
    const [part, name] = path;
    if (part === 'input' && path.length > 1) return { of: 'input', path: path.slice(1) };
    return part === 'ledger' && name !== undefined && path.length === 2
      ? { of: 'ledger', accumulator: name }
      : undefined;
  }

  private at(place: Place): unknown {
    if (place.of === 'ledger') return this.record.ledger[place.accumulator];
    const { context, subject, resource } = this.record.request;
    if (place.of === 'input') return lookUp(context?.input, place.path);
    const known = lookUp(place.fact.attributes, place.path);
    if (known !== undefined || place.fact.asserted?.includes(place.path[0] as string) !== true) return known;
    return lookUp((place.fact === this.resource ? resource : subject).properties, place.path);
  }

  /** Returns the value of an expression in Cedar's JSON; undefined if the record alone does not give it. */
  private value(expr: Expr): unknown {
    if (expr.op === 'value') return valueToJson(expr.value);
    if (expr.op === 'entity') return { __entity: expr.uid };
    if (expr.op === 'variable' && expr.name === 'principal') return { __entity: this.identity.uid };
    if (expr.op === 'variable' && expr.name === 'resource') return { __entity: this.resource.uid };
    if (expr.op === 'call' && expr.name === 'decimal' && expr.args[0]?.op === 'value')
      return { __extn: { fn: 'decimal', arg: expr.args[0].value } };
    if (expr.op === 'set') {
      const items = expr.items.map((item) => this.value(item));
      return items.includes(undefined) ? undefined : items;
    }
    const place = this.place(expr);
    return place === undefined ? undefined : this.at(place);
  }

  private factOf(expr: Expr): FactRecord | undefined {
    if (expr.op !== 'variable') return undefined;
    return expr.name === 'principal' ? this.identity : expr.name === 'resource' ? this.resource : undefined;
  }
}

function lookUp(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, name) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, name)
        ? (at as Record<string, unknown>)[name]
        : undefined,
    value,
  );
}

function anotherThan(value: unknown): unknown {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  return typeof value === 'string' ? `not ${value}` : undefined;
}

/** Returns the nearest value to another that compares with it by an operator. A decimal has four digits after its point. */
function boundary(value: unknown, op: string): unknown {
  if (typeof value === 'number') return value + (op === '<' ? -1 : op === '>' ? 1 : 0);
  const { __extn: extension } = (value ?? {}) as { __extn?: { fn: string; arg: unknown } };
  if (extension?.fn !== 'decimal') return undefined;
  const step = op === '<' ? -0.0001 : op === '>' ? 0.0001 : 0;
  return { __extn: { fn: 'decimal', arg: (Number(extension.arg) + step).toFixed(4) } };
}

/** Returns a value as the ledger writes it: a decimal is a text. */
function amountOf(value: unknown): unknown {
  const { __extn: extension } = (value ?? {}) as { __extn?: { arg: unknown } };
  return extension === undefined ? value : extension.arg;
}
