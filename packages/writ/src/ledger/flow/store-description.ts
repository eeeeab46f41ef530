import { millisecondsOf } from '../../lib/duration.js';
import { lastMember, memberForm } from './store-members.js';

/** The properties of a store that all tools together describe. */
export interface StoreDescription {
  /** The members by which tools name its things ({@link memberForm}). */
  readonly members: readonly string[];
  /** How long labels are kept, in milliseconds; undefined for ever. */
  readonly keepMs: number | undefined;
}

/** A store that nothing is known of. */
export const NO_STORE: StoreDescription = { members: [], keepMs: undefined };

/** The stores as `tools.yaml` declares them. */
export type DeclaredStores = Readonly<Record<string, { readonly keep: string }>>;

interface ToolOfStore {
  readonly reads?: string | undefined;
  readonly writes?: string | undefined;
  readonly creates?: string | undefined;
  readonly arguments?: Readonly<Record<string, string | { readonly role?: string | undefined }>> | undefined;
}

/** Returns the stores that tools read and write. */
export function storesOf(
  tools: Readonly<Record<string, ToolOfStore>>,
  declared: DeclaredStores,
): ReadonlyMap<string, StoreDescription> {
  const members = new Map<string, Set<string>>();
  for (const { reads, writes, creates, arguments: roles = {} } of Object.values(tools)) {
    const stores = new Set([reads, writes, creates].filter((one) => one !== undefined));
    for (const store of stores) {
      const known = members.get(store) ?? new Set<string>();
      members.set(store, known);
      // Of a tool with two stores it is not known which one its arguments name things of.
      if (stores.size === 1) for (const path of targetsIn(roles)) known.add(memberForm(lastMember(path), store));
    }
  }
  return new Map(
    [...members].map(([store, known]) => {
      const keep = Object.hasOwn(declared, store) ? declared[store]?.keep : undefined;
      const keepMs = keep === undefined ? undefined : millisecondsOf(keep);
      return [store, { members: [...known].filter((one) => one !== ''), keepMs }];
    }),
  );
}

function targetsIn(roles: NonNullable<ToolOfStore['arguments']>): string[] {
  return Object.entries(roles).flatMap(([path, said]) =>
    (typeof said === 'string' ? said : said.role) === 'target' ? [path] : [],
  );
}
