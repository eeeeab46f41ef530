import { createHash } from 'node:crypto';
import { defined } from '@writ/sdk/lib/defined';
import { withTexts } from '@writ/sdk/lib/exact-json';
import canonicalize from 'canonicalize';
import { columnsOf } from '../store/dialect.js';
import type { Migrations, Store } from '../store/store.js';
import { findingsOf, type ToolDefinition, type ToolFinding } from './tool-findings.js';

/** `first-use`: a tool that is seen for the first time counts. `approve`: not before somebody approved it. */
export type PinRule = 'first-use' | 'approve';

/** A tool of a server: the approved definition, and the current one. */
export interface PinnedTool {
  readonly server: string;
  readonly tool: string;
  /** Of the definition that counts; undefined when none does yet. */
  readonly approved?: string;
  readonly approvedAt?: string;
  readonly approvedBy?: string;
  /** Of the definition that the server gives now. */
  readonly now: string;
  readonly seenAt: string;
  readonly findings: readonly ToolFinding[];
  readonly definition: ToolDefinition;
  /** The definition that counts, when it is another. */
  readonly before?: ToolDefinition;
  /** Why nobody can use the tool as its server describes it. It is suspended, and cannot be approved. */
  readonly unusable?: string;
}

/** A tool that cannot be used as its server describes it. */
interface UnusableTool {
  readonly name: string;
  readonly reason: string;
}

/** The server that lists tools, and how clients see one of them. */
interface ListingServer<T extends ToolDefinition> {
  readonly server: string;
  readonly rule: PinRule;
  readonly shown: (tool: T) => ToolDefinition;
  readonly unusable?: readonly UnusableTool[];
  /** Called with the tools that are to count because they are seen for the first time; they do not if it rejects. */
  readonly onFirstUse: (tools: readonly PinnedTool[]) => Promise<void>;
}

interface PinRow {
  server: string;
  tool: string;
  body: string;
}
type PinTables = { tool_pins: PinRow };

/** The most tools that are written at once. */
const AT_ONCE = 200;

export const toolPinMigrations: Migrations = {
  '0018_registry_tool_pins': {
    async up(db) {
      const { id } = columnsOf(db);
      await db.schema
        .createTable('tool_pins')
        .addColumn('server', id, (c) => c.notNull())
        .addColumn('tool', id, (c) => c.notNull())
        .addColumn('body', 'text', (c) => c.notNull())
        .addPrimaryKeyConstraint('tool_pins_key', ['server', 'tool'])
        .execute();
    },
  },
};

/**
 * The definitions of tools that count. One that is not as it was approved, in any part, is suspended until somebody approves it: what a
 * tool says of itself is what a model acts on.
 */
export class ToolPins {
  private readonly held = new Map<string, PinnedTool>();
  private changed: () => void = () => undefined;

  private constructor(private readonly store: Store) {}

  static async open(store: Store): Promise<ToolPins> {
    const pins = new ToolPins(store);
    for (const { body } of await pins.table.selectFrom('tool_pins').selectAll().execute()) {
      const pinned = JSON.parse(body) as PinnedTool;
      pins.held.set(keyOf(pinned.server, pinned.tool), pinned);
    }
    return pins;
  }

  /** Calls back when one counts, or does not any more. */
  onChange(changed: () => void): void {
    this.changed = changed;
  }

  private get table() {
    return this.store.withTables<PinTables>();
  }

  /** All that were ever seen. */
  list(): PinnedTool[] {
    return [...this.held.values()].sort((a, b) => (keyOf(a.server, a.tool) < keyOf(b.server, b.tool) ? -1 : 1));
  }

  /** How many there are of servers whose names begin like this. */
  countOf(prefix: string): number {
    let count = 0;
    for (const { server } of this.held.values()) if (server.startsWith(prefix)) count += 1;
    return count;
  }

  find(server: string, tool: string): PinnedTool | undefined {
    return this.held.get(keyOf(server, tool));
  }

  /**
   * Records the tools that a server lists.
   *
   * @param others what all servers list, as clients see it
   * @returns those that are suspended now and were not before, or are another way
   */
  async see<T extends ToolDefinition>(
    { server, rule, shown, unusable = [], onFirstUse }: ListingServer<T>,
    tools: readonly T[],
    others: readonly { readonly server: string; readonly tool: ToolDefinition }[],
    now: Date,
  ): Promise<PinnedTool[]> {
    const changed: PinnedTool[] = [];
    const firstUsed: PinnedTool[] = [];
    for (const { name, reason } of unusable) {
      const known = this.find(server, name);
      const hash = hashOf({ name, reason });
      if (known?.unusable !== undefined && known.now === hash) continue;
      const seen = { now: hash, seenAt: now.toISOString(), findings: [], definition: { name }, unusable: reason };
      changed.push({ server, tool: name, ...approvalOf(known), ...seen, ...beforeOf(known, hash) });
    }
    for (const definition of tools) {
      const hash = hashOf(definition);
      const known = this.find(server, definition.name);
      const findings = findingsOf(server, shown(definition), others);
      if (known?.now === hash && String(known.findings) === String(findings)) continue;
      const seenAt = now.toISOString();
      const isFirst = known === undefined;
      // A tool that is suspicious from the start waits for a person.
      const counts = isFirst && rule === 'first-use' && findings.length === 0;
      const pinned: PinnedTool = {
        server,
        tool: definition.name,
        ...(counts ? { approved: hash, approvedAt: seenAt, approvedBy: 'first use' } : approvalOf(known)),
        now: hash,
        seenAt,
        findings,
        definition: withTexts(definition) as ToolDefinition,
        ...beforeOf(known, hash),
      };
      changed.push(pinned);
      if (counts) firstUsed.push(pinned);
    }
    if (firstUsed.length > 0) await onFirstUse(firstUsed);
    await this.write(changed);
    return changed.filter(isSuspended);
  }

  /** From now on a definition counts: the one with this hash, and no other that came meanwhile. */
  async approve(server: string, tool: string, hash: string, by: string, now: Date): Promise<PinnedTool | undefined> {
    const known = this.find(server, tool);
    if (known === undefined || known.now !== hash || known.unusable !== undefined) return undefined;
    const { before: _before, ...rest } = known;
    const approved = { ...rest, approved: hash, approvedAt: now.toISOString(), approvedBy: by };
    await this.write([approved]);
    return approved;
  }

  private async write(pinned: readonly PinnedTool[]): Promise<void> {
    if (pinned.length === 0) return;
    for (let at = 0; at < pinned.length; at += AT_ONCE) {
      const some = pinned.slice(at, at + AT_ONCE);
      const rows = some.map((one) => ({ server: one.server, tool: one.tool, body: JSON.stringify(one) }));
      await this.table
        .insertInto('tool_pins')
        .values(rows)
        .onConflict((c) => c.columns(['server', 'tool']).doUpdateSet((eb) => ({ body: eb.ref('excluded.body') })))
        .execute();
      for (const one of some) this.held.set(keyOf(one.server, one.tool), one);
    }
    this.changed();
  }
}

/** Why a definition of a tool does not count; undefined when it does. */
export function suspensionOf(
  { server, tool, approved, findings, unusable }: PinnedTool,
  definition: string,
): string | undefined {
  if (unusable !== undefined) return `${server}/${tool} cannot be used as its server describes it: ${unusable}`;
  if (approved === definition) return undefined;
  const found = findings.length === 0 ? '' : ` (${findings.join(', ')})`;
  const what = approved === undefined ? 'is not approved yet' : 'is not as it was approved';
  return `the definition of ${server}/${tool} ${what}${found}; ${howToApprove(server, tool)}`;
}

/** Returns the commands of a person who looks at a tool. */
export function howToApprove(server: string, tool: string): string {
  return `a person looks at it with \`writ tool show ${server}/${tool}\` and lets it be called with \`writ tool approve ${server}/${tool}\``;
}

/** Whether a tool may not be called until somebody approved it. */
export function isSuspended({ approved, now, unusable }: PinnedTool): boolean {
  return unusable !== undefined || approved !== now;
}

/** The whole definition, in one way of writing it (RFC 8785). */
export function hashOf(definition: ToolDefinition): string {
  return `sha256:${createHash('sha256')
    .update(canonicalize(withTexts(definition)) ?? '')
    .digest('base64url')}`;
}

function approvalOf(known: PinnedTool | undefined): Pick<PinnedTool, 'approved' | 'approvedAt' | 'approvedBy'> {
  const { approved, approvedAt, approvedBy } = known ?? {};
  return {
    ...defined({ approved, approvedAt, approvedBy }),
  };
}

/** The definition that counts, for who has to compare. */
function beforeOf(known: PinnedTool | undefined, hash: string): Pick<PinnedTool, 'before'> {
  if (known?.approved === undefined || known.approved === hash) return {};
  return { before: known.before ?? known.definition };
}

function keyOf(server: string, tool: string): string {
  return JSON.stringify([server, tool]);
}
