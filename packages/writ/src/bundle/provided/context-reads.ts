import type { PolicyText } from '@writ/cedar';

/** The attributes of a record that policies read: by name, those of the attribute in turn. */
export interface Reads {
  readonly of: Map<string, Reads>;
  /** Whether its value is used as it is, and not only a part of it. */
  isWhole: boolean;
}

type Json = Readonly<Record<string, unknown>>;

/** Makes reads of nothing. */
export function noReads(): Reads {
  return { of: new Map(), isWhole: false };
}

/** Returns what is read by any of several. */
export function joined(all: readonly Reads[]): Reads {
  const [only] = all;
  if (only !== undefined && all.length === 1) return only;
  const names = new Set(all.flatMap(({ of }) => [...of.keys()]));
  const of = new Map([...names].map((name) => [name, joined(all.flatMap((one) => one.of.get(name) ?? []))]));
  return { of, isWhole: all.some(({ isWhole }) => isWhole) };
}

/** Adds the attributes of `context` that a policy reads or asks for. More than it reads does no harm. */
export function addContextReads(reads: Reads, { json }: Pick<PolicyText, 'json'>): void {
  const { conditions = [] } = json as { readonly conditions?: readonly { readonly body: unknown }[] };
  for (const { body } of conditions) look(body, reads);
}

function look(expr: unknown, reads: Reads): void {
  if (typeof expr !== 'object' || expr === null) return;
  const path = pathOf(expr as Json);
  if (path === undefined) {
    for (const part of Object.values(expr)) look(part, reads);
    return;
  }
  let at = reads;
  for (const name of path) {
    const next = at.of.get(name) ?? noReads();
    at.of.set(name, next);
    at = next;
  }
  if ('.' in expr) at.isWhole = true;
}

/** Returns the way from `context` to the attribute that an expression reads; undefined if it reads none of it. */
function pathOf(expr: Json): readonly string[] | undefined {
  const { left, attr } = ((Object.hasOwn(expr, '.') ? expr['.'] : expr.has) ?? {}) as Json;
  if (typeof left !== 'object' || left === null || attr === undefined) return undefined;
  const names = [attr].flat() as string[];
  if ((left as Json).Var === 'context') return names;
  const before = Object.hasOwn(left, '.') ? pathOf(left as Json) : undefined;
  return before && [...before, ...names];
}
