import { LedgerError } from '../errors.js';
import type { LedgerEvent } from '../event.js';
import type { EventMore } from '../event-more.js';

/** More of a call, as plain data for another process. */
export type PlainMore = Omit<EventMore, 'derived'> & { readonly derived: ReadonlyMap<string, unknown> };

/** Returns more of a call as plain data. A derived value that fails is left out: what names it counts nothing. */
export function plainMore({ more }: Pick<LedgerEvent, 'more'>): PlainMore | undefined {
  if (more === undefined) return undefined;
  const { derived, ...plain } = more();
  const values = plain.derivedNames.flatMap((name): (readonly [string, unknown])[] => {
    try {
      return [[name, derived(name)]];
    } catch (error) {
      if (error instanceof LedgerError) return [];
      throw error;
    }
  });
  return { ...plain, derived: new Map(values) };
}

/** Returns it as an event has it. */
export function moreOfPlain(plain: PlainMore | undefined): LedgerEvent['more'] {
  return plain && (() => ({ ...plain, derived: (name) => plain.derived.get(name) }));
}
