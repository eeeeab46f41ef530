import type { Expr, Policy } from '../policy/ast.js';
import { childrenOf } from '../policy/children.js';
import { locate, type Span } from '../policy/locate.js';
import { printExpr } from '../policy/print.js';
import { isPlaceOf } from './trace.js';

/** A condition, or a part of one that is true or false by itself. */
export interface SeenCondition {
  /** `part` for an operand of `&&` or `||`, or for the test or a branch of `if`. */
  readonly kind: 'when' | 'unless' | 'part';
  /** As it stands in the text; for policies that came as JSON, as Cedar would write it. */
  readonly text: string;
  /** Its place in the text that the policy was read from, as offsets; undefined if that is not known. */
  readonly span: { readonly start: number; readonly end: number } | undefined;
  /** The condition that it is a part of, as an index into the conditions of its policy. */
  readonly condition: number;
  wasTrue: boolean;
  wasFalse: boolean;
}

/** An expression with a condition in it, or that is one. */
export interface Node {
  readonly seen: SeenCondition | undefined;
  /** In the order of `childrenOf`; undefined for one without a condition. */
  readonly children: readonly (Node | undefined)[];
}

interface Conditions {
  readonly bodies: readonly { readonly kind: 'when' | 'unless'; readonly node: Node | undefined }[];
  readonly conditions: readonly SeenCondition[];
}

/** Finds the conditions of a policy and their parts. A literal is left out, because it has one value only. */
export function conditionsIn(policy: Policy): Conditions {
  const { source } = policy;
  const spans = source && locate(source.text.slice(source.start, source.end))?.conditions;
  const conditions: SeenCondition[] = [];
  const bodies = policy.conditions.map(({ kind, body }, i) => {
    const finder = new Finder(policy, i, conditions);
    return { kind, node: finder.find(body, spans?.[i], { kind, isBoolean: true }) };
  });
  return { bodies, conditions };
}

/** The role of an expression in the one around it. */
interface Position {
  /** Undefined if it is no condition. */
  readonly kind: SeenCondition['kind'] | undefined;
  readonly isBoolean: boolean;
}

class Finder {
  constructor(
    private readonly policy: Policy,
    private readonly condition: number,
    private readonly found: SeenCondition[],
  ) {}

  find(expr: Expr, span: Span | undefined, position: Position): Node | undefined {
    const place = span !== undefined && isPlaceOf(span, expr) ? span : undefined;
    const { kind } = position;
    const seen = kind === undefined || expr.op === 'value' ? undefined : this.seen(expr, place, kind);
    const children = childrenOf(expr).map((child, i) =>
      this.find(child, place?.children[i], positionIn(expr, i, child, position)),
    );
    return seen === undefined && children.every((child) => child === undefined) ? undefined : { seen, children };
  }

  private seen(expr: Expr, place: Span | undefined, kind: SeenCondition['kind']): SeenCondition {
    const { source } = this.policy;
    const span =
      source === undefined || place === undefined
        ? undefined
        : { start: source.start + place.start, end: source.start + place.end };
    const text = span === undefined ? printExpr(expr) : (source?.text.slice(span.start, span.end) ?? '');
    const seen = { kind, text, span, condition: this.condition, wasTrue: false, wasFalse: false };
    this.found.push(seen);
    return seen;
  }
}

/** Returns what a child is in its expression. Of `a && b && c` there are three operands, however they are nested. */
function positionIn(expr: Expr, index: number, child: Expr, { isBoolean }: Position): Position {
  switch (expr.op) {
    case '&&':
    case '||':
      return { kind: child.op === expr.op ? undefined : 'part', isBoolean: true };
    case 'if': {
      const isCondition = index === 0 || isBoolean;
      return { kind: isCondition ? 'part' : undefined, isBoolean: isCondition };
    }
    case '!':
      return { kind: undefined, isBoolean: true };
    default:
      return { kind: undefined, isBoolean: false };
  }
}
