import type { LogEntry } from '../../../decide/record.js';

/** The rows in a database of who may not and who may. */
export interface AuthorityRows {
  readonly revocations: readonly {
    readonly id: string;
    readonly kind: string;
    readonly target: string;
    readonly task: string;
    readonly before: string | null;
    readonly until: string | null;
    readonly lifted_at: string | null;
  }[];
  readonly grants: readonly {
    readonly id: string;
    readonly identity: string;
    readonly in_type: string;
    readonly in_id: string;
    readonly task: string | null;
    readonly start_at: string;
    readonly end_at: string | null;
  }[];
  readonly policies: readonly { readonly version: string; readonly next: string }[];
  readonly credentials: readonly {
    readonly hash: string;
    readonly kind: string;
    readonly name: string;
    readonly ends_at: string | null;
    readonly said: string | null;
  }[];
  readonly pins: readonly { readonly server: string; readonly tool: string; readonly body: string }[];
}

/** A key as the log has it; `ends` is empty if it has no end. */
interface IssuedKey {
  readonly holder: string;
  readonly said: string;
  readonly ends: string;
}

type Detail = Readonly<Record<string, unknown>>;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The revocations, grants and policy that are in force, by the entries of the log alone. */
export class ReplayedAuthority {
  /** The revocations that stand, by what they revoke. */
  private readonly revocations = new Map<
    string,
    { readonly name: string; readonly before: string; readonly until: string }
  >();
  private readonly grants = new Map<string, Detail>();
  private readonly policies = new Set<string>();
  /** The hash of the definition that counts of each tool. */
  private readonly pins = new Map<string, string>();
  /** When the first tool was recorded at its first use: a store from before has tools without an entry. */
  private pinnedSince: string | undefined;
  /** The keys that were issued, by their SHA-256. */
  private readonly keys = new Map<string, IssuedKey>();

  /** Adds an entry, in the order of the log. */
  add(entry: LogEntry): void {
    if (entry.kind !== 'change') return;
    const detail = entry.detail as Detail;
    switch (entry.what) {
      case 'revocations.add':
        this.revoke(detail);
        break;
      case 'task.end':
        this.revoke({ kind: 'task', target: detail.txn });
        break;
      case 'revocations.lift':
        this.revocations.delete(keyOf(detail));
        break;
      case 'grants.add':
        this.grants.set(text(detail.id), detail);
        break;
      case 'grants.end':
        this.grants.delete(text(detail.id));
        break;
      case 'tools.pin':
        this.pinnedSince ??= entry.time;
        for (const { tool, hash } of (detail.tools ?? []) as { tool?: unknown; hash?: unknown }[])
          this.pins.set(JSON.stringify([text(detail.server), text(tool)]), text(hash));
        break;
      case 'tools.approve':
        this.pins.set(JSON.stringify([text(detail.server), text(detail.tool)]), text(detail.hash));
        break;
      case 'credentials.issue':
      case 'credentials.adopt':
        this.keys.set(text(detail.hash), {
          holder: JSON.stringify([text(detail.kind), text(detail.name)]),
          said: detail.speaksFor === undefined ? '' : JSON.stringify(detail.speaksFor),
          ends: '',
        });
        break;
      case 'credentials.end':
        this.endKey(text(detail.hash), text(detail.endsAt));
        break;
      case 'policy.activate':
        this.policies.add(text(detail.version));
        break;
    }
  }

  private revoke(detail: Detail): void {
    const name = `${text(detail.kind)} ${text(detail.target)}`;
    this.revocations.set(keyOf(detail), { name, before: text(detail.before), until: text(detail.until) });
  }

  /** Compares revocations. One that is in the database alone takes authority away, and is no difference. */
  revocationDifferences({ revocations }: AuthorityRows): string[] {
    const found = new Map(revocations.filter(({ lifted_at }) => lifted_at === null).map((row) => [keyOf(row), row]));
    return [...this.revocations].flatMap(([key, { name, before, until }]) => {
      const row = found.get(key);
      if (row === undefined) return [`the revocation of ${name} is not there`];
      // A later `before` reaches further, and without one all sessions are revoked.
      if (row.until !== null && (until === '' || row.until < until))
        return [`the revocation of ${name} ends at ${row.until} already`];
      const isLess = row.before !== null && (before === '' || row.before < before);
      return isLess ? [`the revocation of ${name} spares sessions proved after ${row.before}`] : [];
    });
  }

  /** Compares grants. One that is in the log alone gives nothing, and is no difference. */
  grantDifferences({ grants }: AuthorityRows): string[] {
    return grants.flatMap((row) => {
      const granted = this.grants.get(row.id);
      if (granted === undefined) return [`the grant ${row.id} to ${row.identity} is not in the log, or was ended`];
      const isSame =
        granted.identity === row.identity &&
        granted.in === `${row.in_type}::${JSON.stringify(row.in_id)}` &&
        text(granted.task) === (row.task ?? '') &&
        granted.start === row.start_at &&
        text(granted.end) === (row.end_at ?? '');
      return isSame ? [] : [`the grant ${row.id} to ${row.identity} is not as it was granted`];
    });
  }

  /** Compares the definitions of tools that count. One that is in the log alone permits nothing. */
  pinDifferences({ pins }: AuthorityRows): string[] {
    return pins.flatMap(({ server, tool, body }) => {
      const { approved, approvedAt, approvedBy } = JSON.parse(body) as Record<string, string | undefined>;
      const known = this.pins.get(JSON.stringify([server, tool]));
      if (approved === undefined || known === approved) return [];
      const isEarly = this.pinnedSince === undefined || (approvedAt ?? '') < this.pinnedSince;
      const isFromBefore = known === undefined && approvedBy === 'first use' && isEarly;
      return isFromBefore ? [] : [`a definition of ${server}/${tool} counts that was never approved`];
    });
  }

  /**
   * Compares keys. One that is in the log alone proves nobody. The first start that recorded keys recorded all; a store that had none
   * since has them from before.
   */
  credentialDifferences({ credentials }: AuthorityRows): string[] {
    if (this.keys.size === 0) return [];
    return credentials.flatMap(({ hash, kind, name, ends_at: ends, said }) => {
      const issued = this.keys.get(hash);
      const who = `the key of the ${kind} ${name}`;
      if (issued === undefined || issued.holder !== JSON.stringify([kind, name])) return [`${who} was never issued`];
      if (issued.said !== (said ?? '')) return [`${who} speaks for others than it was issued for`];
      const isLonger = issued.ends !== '' && (ends === null || ends > issued.ends);
      return isLonger ? [`${who} ended at ${issued.ends}, and counts again`] : [];
    });
  }

  /** The earlier of two ends holds. */
  private endKey(hash: string, ends: string): void {
    const issued = this.keys.get(hash);
    if (issued !== undefined && (issued.ends === '' || ends < issued.ends)) this.keys.set(hash, { ...issued, ends });
  }

  /** Compares the version of the policy that is served. */
  policyDifferences({ policies }: AuthorityRows): string[] {
    return policies.flatMap(({ version }) =>
      version === '' || this.policies.has(version) ? [] : [`the version ${version} was never activated`],
    );
  }
}

function keyOf({
  kind,
  target,
  task,
}: {
  readonly kind?: unknown;
  readonly target?: unknown;
  readonly task?: unknown;
}): string {
  return JSON.stringify([text(kind), text(target), text(task)]);
}
