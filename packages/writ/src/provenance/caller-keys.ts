import { closest, type EntityUid } from '@writ/cedar';
import { SerialQueue } from '../lib/serial-queue.js';
import { sourceOf } from './brought-key.js';
import type { CredentialRow, EndOfKey } from './credential-rows.js';
import type { Credentials } from './credentials.js';
import { CallerKeyError } from './errors.js';
import { identitiesIn, isLive, saidOf } from './held-keys.js';
import type { Holder } from './holder.js';

/** A key as administrators see it. Never the key. */
interface KeyView {
  /** The first characters of its hash. */
  readonly id: string;
  readonly issuedAt: string;
  /** The source outside Writ that it came from. */
  readonly source?: string;
  /** The time from which it proves nothing. */
  readonly endsAt?: string;
  readonly endsBecause?: EndOfKey;
  readonly isLive: boolean;
  /** Its last use here since the service started. */
  readonly lastUsed?: string;
}

/** A holder of keys, with those that count and those that ended last. */
export interface HolderView {
  readonly kind: Holder['kind'];
  readonly name: string;
  readonly agent?: EntityUid;
  readonly originator?: EntityUid;
  readonly keys: readonly KeyView[];
  /** The file of the key on the machine of the service; undefined if the key is brought in. */
  readonly file?: { readonly path: string; readonly state: 'there' | 'other' | 'missing' };
}

/** A new key, and the file that it is written to. */
interface NewKey {
  readonly key: string;
  readonly file: string;
  readonly holder: HolderView;
  /** Whether the end of the keys before it is on disk and on the record. */
  readonly isKept: boolean;
}

const ID_LENGTH = 12;
const MAX_ENDED = 10;
/** Names that the record uses for Writ itself and for those who prove nothing. */
const RESERVED = new Set(['admin', 'anonymous', 'default', 'gateway', 'writ']);

/** Gives out keys, replaces them and ends them, while the service runs. */
export class CallerKeys {
  private readonly queue = new SerialQueue();

  constructor(private readonly credentials: Credentials) {}

  /** Returns the holders of keys by name: declared ones, and those that were added and have had a key. */
  list(): HolderView[] {
    const declared = this.credentials.declaredHolders();
    const names = new Set(declared.map(({ name }) => name));
    const added = new Map<string, CredentialRow>();
    for (const row of this.credentials.held.all()) if (row.kind === 'added') added.set(row.name, row);
    const holders: Holder[] = [...declared];
    for (const [name, { said }] of added) {
      const identities = names.has(name) ? undefined : identitiesIn(said);
      if (identities !== undefined) holders.push({ kind: 'added', name, ...identities });
    }
    return holders.map((holder) => this.view(holder)).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Adds a caller that speaks for one agent at work for one person, or for the person alone. @throws {CallerKeyError} */
  add(name: string, agent: EntityUid | undefined, originator: EntityUid, by: string): Promise<NewKey> {
    return this.queue.run(async () => {
      this.assertKeeper();
      const known = this.list().find((one) => one.name === name);
      const isLiving = known?.keys.some((key) => key.isLive) === true;
      if (RESERVED.has(name) || (known !== undefined && known.kind !== 'added'))
        throw new CallerKeyError('conflict', `${name} is the name of another caller or client`, 'choose another');
      if (isLiving)
        throw new CallerKeyError(
          'conflict',
          `there is a caller ${name} already`,
          `\`writ caller rotate ${name}\` gives it a new key`,
        );
      const holder = { kind: 'added' as const, name, agent, originator };
      const key = await this.credentials.issue(holder, saidOf(agent, originator), by);
      this.credentials.renew();
      return { key, file: this.credentials.fileOf(name), holder: this.view(holder), isKept: true };
    });
  }

  /** Gives a caller or client a new key. The keys before it end after the overlap. @throws {CallerKeyError} */
  rotate(name: string, overlapMs: number, by: string): Promise<NewKey> {
    return this.queue.run(async () => {
      this.assertKeeper();
      const holder = this.find(name);
      if (holder.kind !== 'added' && holder.brings !== undefined)
        throw new CallerKeyError(
          'conflict',
          `the key of ${name} is brought in from ${sourceOf(holder.brings)}`,
          'change it there, and `key.overlap` in writ.yaml if the one before is to count for a while; then reload',
        );
      const before = this.live(holder);
      const said = holder.kind === 'added' ? saidOf(holder.agent, holder.originator) : null;
      const key = await this.credentials.issue(holder, said, by);
      const at = new Date(this.credentials.now + overlapMs).toISOString();
      const ending = before.filter(({ ends_at }) => ends_at === null || ends_at > at);
      const isKept = await this.credentials.ends.end(
        ending.map(({ kind, hash }) => ({ kind, name, hash, at, why: 'rotated' })),
        by,
      );
      this.credentials.renew();
      return { key, file: this.credentials.fileOf(name), holder: this.view(holder), isKept };
    });
  }

  /**
   * Ends the keys of a caller or client, at once. No other is made until somebody rotates. It waits for nobody.
   *
   * @param id of one key; undefined for all
   * @throws {CallerKeyError} if no caller or key is found
   */
  async revoke(
    name: string,
    id: string | undefined,
    reason: string,
    by: string,
  ): Promise<{ readonly holder: HolderView; readonly ended: readonly string[]; readonly isKept: boolean }> {
    const holder = this.find(name);
    const ending = this.live(holder).filter(({ hash }) => id === undefined || hash.startsWith(id));
    if (id !== undefined && ending.length === 0)
      throw new CallerKeyError('unknown', `${name} has no key ${id} that counts`, 'look with `writ caller list`');
    const at = new Date(this.credentials.now).toISOString();
    const isKept = await this.credentials.ends.end(
      ending.map(({ kind, hash }) => ({ kind, name, hash, at, why: 'revoked', reason })),
      by,
    );
    return { holder: this.view(holder), ended: ending.map(({ hash }) => idOf(hash)), isKept };
  }

  private assertKeeper(): void {
    if (this.credentials.isFollower)
      throw new CallerKeyError('conflict', 'this service follows another, which makes the keys', 'ask that one');
  }

  private find(name: string): Holder {
    const views = this.list();
    const found = views.find((one) => one.name === name);
    if (found === undefined) {
      const near = closest(
        name,
        views.map((one) => one.name),
      );
      const hint = near === undefined ? 'look with `writ caller list`' : `did you mean ${near}?`;
      throw new CallerKeyError('unknown', `no caller or client with a key has the name ${name}`, hint);
    }
    const declared = this.credentials.declaredHolders().find((one) => one.name === name);
    return declared ?? { kind: 'added', name, agent: found.agent, originator: found.originator as EntityUid };
  }

  private live({ kind, name }: Holder): CredentialRow[] {
    const { now, held } = this.credentials;
    return held.of(kind, name).filter((row) => isLive(row, now));
  }

  private view(holder: Holder): HolderView {
    const { kind, name } = holder;
    const { held, now } = this.credentials;
    const rows = held.of(kind, name);
    const live = rows.filter((row) => isLive(row, now));
    const ended = rows.filter((row) => !isLive(row, now)).slice(-MAX_ENDED);
    const isBrought = holder.kind !== 'added' && holder.brings !== undefined;
    return {
      kind,
      name,
      ...('agent' in holder && holder.agent !== undefined ? { agent: holder.agent } : {}),
      ...('originator' in holder ? { originator: holder.originator } : {}),
      keys: [...ended, ...live].map((row) => this.keyView(row)),
      ...(isBrought
        ? {}
        : { file: { path: this.credentials.fileOf(name), state: this.credentials.fileState(holder) } }),
    };
  }

  private keyView({ hash, created_at: issuedAt, ends_at, end_why, source }: CredentialRow): KeyView {
    const { now } = this.credentials;
    const used = this.credentials.lastUse(hash);
    return {
      id: idOf(hash),
      issuedAt,
      isLive: ends_at === null || Date.parse(ends_at) > now,
      ...(source === null ? {} : { source }),
      ...(ends_at === null ? {} : { endsAt: ends_at }),
      ...(end_why === null ? {} : { endsBecause: end_why }),
      ...(used === undefined ? {} : { lastUsed: new Date(used).toISOString() }),
    };
  }
}

function idOf(hash: string): string {
  return hash.slice(0, ID_LENGTH);
}
