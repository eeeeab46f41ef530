import type { CedarType } from '@writ/cedar';
import type { Bundle } from '../../bundle.js';
import { contextRecord } from '../schema-parts.js';

/** An attribute of `context.ledger`, in the context of some actions. */
interface InContext {
  readonly name: string;
  readonly uses: readonly { readonly action: string; readonly type: CedarType; readonly required: boolean }[];
}

/** Returns the attributes of `context.ledger`, each with its actions that a condition holds for. */
export function inContext(
  { schema }: Pick<Bundle, 'schema'>,
  holds: (name: string, type: CedarType) => boolean,
): InContext[] {
  const byName = new Map<string, InContext['uses'][number][]>();
  for (const action of schema.actions) {
    for (const [name, { type, required }] of contextRecord(action, 'ledger') ?? []) {
      if (!holds(name, type)) continue;
      byName.set(name, [...(byName.get(name) ?? []), { action: action.uid.id, type, required }]);
    }
  }
  return [...byName].map(([name, uses]) => ({ name, uses }));
}

/** Describes where an attribute stands, for a message. */
export function describe({ name, uses }: InContext): string {
  const others = uses.length === 1 ? '' : ` and ${uses.length - 1} more`;
  return `the context of ${uses[0]?.action}${others} has ledger.${name}`;
}

/** The way to an attribute in the schema. */
export function wayTo({ name, uses }: InContext): string[] {
  return ['action', uses[0]?.action ?? '', 'ledger', name];
}
