import { type EntityUid, uidText } from '@writ/cedar';
import { columnsOf } from '../store/dialect.js';
import type { Migrations, Store } from '../store/store.js';

type CredentialKind = 'api_key' | 'access_token' | 'jwt_svid' | 'public_key';

/** The use of a credential by an identity. Never the secret. */
interface CredentialUse {
  /** Its public name: the name of a key, a thumbprint, an issuer. */
  readonly credential: string;
  readonly kind: CredentialKind;
  readonly identity: EntityUid;
  /** The sender: a caller, or the gateway. */
  readonly through: string;
  /** Of this very one, RFC 3339; undefined where it does not say. */
  readonly issued?: string | undefined;
  readonly expires?: string | undefined;
}

/** A credential of an identity, with its uses. */
export interface UsedCredential {
  readonly credential: string;
  readonly kind: CredentialKind;
  readonly issued?: string | undefined;
  readonly expires?: string | undefined;
  readonly lastUsed?: string | undefined;
  /** The senders, at most 16. */
  readonly through: readonly string[];
  /** Whether other identities used it too, or several workloads sent it. */
  readonly isShared: boolean;
}

interface UseRow {
  credential: string;
  type: string;
  id: string;
  kind: CredentialKind;
  issued: string | null;
  expires: string | null;
  last_used: string;
  through: string;
}
type UseTables = { credential_uses: UseRow };

export const credentialUseMigrations: Migrations = {
  '0008_registry_credential_uses': {
    async up(db) {
      const { id } = columnsOf(db);
      let table = db.schema
        .createTable('credential_uses')
        .addColumn('credential', id, (c) => c.notNull())
        .addColumn('type', id, (c) => c.notNull())
        .addColumn('id', id, (c) => c.notNull())
        .addColumn('issued', 'text')
        .addColumn('expires', 'text');
      for (const name of ['kind', 'last_used', 'through'] as const)
        table = table.addColumn(name, 'text', (c) => c.notNull()) as typeof table;
      await table.addPrimaryKeyConstraint('credential_uses_key', ['credential', 'type', 'id']).execute();
    },
  },
};

const MAX_THROUGH = 16;
/** Past this many that nobody has stored yet, further ones wait for the next time that they are used. */
const MAX_UNSAVED = 10_000;

/** Which credentials identities prove themselves with, learned from their use, and stored now and then. */
export class CredentialUses {
  private unsaved = new Map<string, { use: CredentialUse; lastUsed: Date; through: Set<string> }>();

  constructor(private readonly store: Store) {}

  readonly used = (use: CredentialUse, now: Date): void => {
    // On the way of every call: neither a text that has to be escaped, nor a new entry.
    const key = `${use.credential}\0${use.identity.type}\0${use.identity.id}`;
    let known = this.unsaved.get(key);
    if (known === undefined) {
      if (this.unsaved.size >= MAX_UNSAVED) return;
      known = { use, lastUsed: now, through: new Set() };
      this.unsaved.set(key, known);
    }
    known.use = use;
    known.lastUsed = now;
    known.through.add(use.through);
  };

  async save(): Promise<void> {
    const seen = [...this.unsaved.values()];
    this.unsaved = new Map();
    if (seen.length === 0) return;
    await this.store
      .withTables<UseTables>()
      .transaction()
      .execute(async (transaction) => {
        for (const { use, lastUsed, through } of seen) {
          const { credential, kind, identity, issued = null, expires = null } = use;
          const { type, id } = identity;
          const known = await transaction
            .selectFrom('credential_uses')
            .select('through')
            .where('credential', '=', credential)
            .where('type', '=', type)
            .where('id', '=', id)
            .executeTakeFirst();
          const before = known === undefined ? [] : (JSON.parse(known.through) as string[]);
          const all = JSON.stringify([...new Set([...before, ...through])].slice(0, MAX_THROUGH));
          const row = { credential, type, id, kind, issued, expires, last_used: lastUsed.toISOString(), through: all };
          await transaction
            .insertInto('credential_uses')
            .values(row)
            .onConflict((c) =>
              c
                .columns(['credential', 'type', 'id'])
                .doUpdateSet({ issued, expires, last_used: row.last_used, through: all }),
            )
            .execute();
        }
      });
  }

  /** All of them, by the identity that used them, as `Type::"id"`. */
  async byIdentity(): Promise<ReadonlyMap<string, readonly UsedCredential[]>> {
    await this.save();
    const rows = await this.store.withTables<UseTables>().selectFrom('credential_uses').selectAll().execute();
    const users = new Map<string, number>();
    for (const { credential, kind } of rows) {
      // Many identities have tokens of one issuer; that is no credential that they share.
      if (isOfOne(kind)) users.set(credential, (users.get(credential) ?? 0) + 1);
    }
    const found = new Map<string, UsedCredential[]>();
    for (const { credential, type, id, kind, issued, expires, last_used: lastUsed, through: list } of rows) {
      const through = JSON.parse(list) as string[];
      const isShared = isOfOne(kind) && ((users.get(credential) ?? 0) > 1 || through.length > 1);
      const key = uidText({ type, id });
      const used = {
        credential,
        kind,
        lastUsed,
        through,
        isShared,
        ...(issued === null ? {} : { issued }),
        ...(expires === null ? {} : { expires }),
      };
      found.set(key, [...(found.get(key) ?? []), used]);
    }
    return found;
  }
}

/** Whether a credential of the kind lasts, and is called by a name of its own and not by its issuer. */
export function isOfOne(kind: CredentialKind): boolean {
  return kind === 'api_key' || kind === 'public_key';
}
