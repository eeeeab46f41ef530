import { type EntityUid, uidText } from '@writ/cedar/uid';
import type { LogEntry, SearchRecord } from '../../decide/record.js';

/** Returns the people that an entry names anywhere, as `Type::"id"`, sorted. */
export function peopleIn(entry: LogEntry, types: ReadonlySet<string>): readonly string[] {
  const people = new Set<string>();
  walk(entry, types, people);
  if (entry.kind === 'search') for (const person of foundBy(entry, types)) people.add(person);
  return [...people].sort();
}

/** Returns the people that a search found: its results are ids of the type in its request. */
function foundBy({ what, request, results }: SearchRecord, types: ReadonlySet<string>): readonly string[] {
  const type = (request as Readonly<Record<string, { readonly type?: unknown } | undefined>> | null)?.[what]?.type;
  return typeof type === 'string' && types.has(type) ? results.map((id) => uidText({ type, id })) : [];
}

function walk(value: unknown, types: ReadonlySet<string>, people: Set<string>): void {
  if (typeof value === 'string') {
    inText(value, types, people);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const { type, id } = value as Partial<EntityUid>;
  if (typeof type === 'string' && typeof id === 'string' && types.has(type)) people.add(uidText({ type, id }));
  for (const name in value) {
    // Keys of accumulators can be names of people too.
    inText(name, types, people);
    walk((value as Record<string, unknown>)[name], types, people);
  }
}

const UID = /([A-Za-z_][\w:]*)::("(?:[^"\\]|\\.)*")/g;

function inText(text: string, types: ReadonlySet<string>, people: Set<string>): void {
  // A key of several parts is a list, as JSON: in it the quotes of names are escaped.
  if (text.includes('::\\"')) walk(parsed(text), types, people);
  for (const [whole, type] of text.matchAll(UID)) if (types.has(type as string)) people.add(whole);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
