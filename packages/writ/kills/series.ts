/** A service whose one data folder outlives many kills. */

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Postgres } from '../abuse/postgres.js';
import { patient, rest, writ } from '../abuse/processes.js';
import { Refused, Service, type ServiceOptions } from '../abuse/service.js';
import { Book } from './book.js';
import { type Durability, writeBundle } from './bundle.js';
import { type Budget, budgetsOf, problemsOf } from './check.js';
import { Disk } from './disk.js';
import { type Ground, kill } from './kill.js';
import type { Planned, Store } from './plan.js';
import type { Random } from './random.js';
import { RecordOf } from './record-of.js';
import type { Watched } from './watch.js';

export interface SeriesOptions {
  /** The folder of the checkout. */
  readonly root: string;
  readonly store: Store;
  readonly durability: Durability;
  /** The server of a series on PostgreSQL. */
  readonly postgres?: Postgres | undefined;
}

export interface Made {
  readonly watched: Watched | undefined;
  readonly problems: readonly string[];
}

const STARTS = 5;
/** Nothing is said here of how fast a start is: on a busy machine one takes half a minute. */
const READY_MS = 180_000;
const SETTLES_MS = 15_000;

export class Series {
  readonly book = new Book();
  private readonly record = new RecordOf();
  private readonly checked = new Map<string, string>();
  private readonly folder = mkdtempSync(join(tmpdir(), 'writ-kills-'));
  private readonly disk: Disk | undefined;
  private started: Service | undefined;
  /** Of the services that were killed. */
  private readonly outputs: string[] = [];
  private options: ServiceOptions;

  private constructor(
    private readonly made: SeriesOptions,
    store: string | undefined,
  ) {
    const bundle = join(this.folder, 'bundle');
    writeBundle(bundle, made.durability);
    this.disk = made.store === 'sqlite' ? Disk.mount() : undefined;
    const data = join(this.disk?.folder ?? this.folder, 'data');
    this.options = { root: made.root, bundle, data, readyMs: READY_MS, ...(store === undefined ? {} : { store }) };
  }

  static async begin(options: SeriesOptions): Promise<Series> {
    const series = new Series(options, options.store === 'postgres' ? await options.postgres?.database() : undefined);
    await series.restart();
    return series;
  }

  /** Makes one kill, and compares what was acknowledged with the record and the ledger. */
  async kill({ kind }: Planned, random: Random): Promise<Made> {
    let watched: Watched | undefined;
    try {
      watched = await kill(kind, this.ground(), this.book, random);
      const late = watched?.how === 'late' ? [`/readyz was 200 for ${watched.saidAfterMs} ms without a permit`] : [];
      return { watched, problems: [...late, ...(await this.problems())] };
    } catch (error) {
      return { watched, problems: [error instanceof Error ? error.message : String(error)] };
    }
  }

  /** Reads the whole record again, stops the service as an operator does, and has the log verified. */
  async finish(): Promise<string[]> {
    const service = this.service();
    const whole = new RecordOf();
    await whole.read(service);
    const problems = problemsOf(this.book, whole.entries, this.made.durability);
    await service.stop();
    if (service.ended !== 0) problems.push(`the service ended with ${service.ended} when it was stopped`);
    const { data, store } = this.options;
    const args = ['log', 'verify', '--data', data, ...(store === undefined ? [] : ['--store', store])];
    const { code, out } = await writ(this.made.root, args);
    if (code !== 0) problems.push(`writ log verify: ${code} ${out.slice(-600)}`);
    return problems;
  }

  /** Ends it and removes all. */
  async remove(): Promise<void> {
    await this.started?.kill();
    this.disk?.unmount();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Ends it, and keeps the data and what was acknowledged. @returns the folder */
  async keep(): Promise<string> {
    await this.started?.kill();
    const output = [...this.outputs, this.started?.output].join('\n');
    writeFileSync(join(this.folder, 'acknowledged.json'), JSON.stringify(this.book, null, 2));
    writeFileSync(join(this.folder, 'record.json'), JSON.stringify(this.record.entries, null, 2));
    writeFileSync(join(this.folder, 'output.txt'), output);
    this.disk?.copyTo(this.folder);
    this.disk?.unmount();
    if (this.made.store === 'postgres' && this.made.postgres !== undefined) {
      this.made.postgres.thaw();
      const kept = join(this.folder, 'postgres');
      mkdirSync(kept);
      await this.made.postgres.down();
      cpSync(this.made.postgres.folder, kept, { recursive: true });
    }
    return this.folder;
  }

  private ground(): Ground {
    const { postgres } = this.made;
    return {
      service: () => this.service(),
      restart: () => this.restart(),
      launch: () => Service.launch(this.options),
      faults: {
        ...(this.disk && { disk: { lose: () => this.disk?.fill(), mend: () => this.disk?.empty() } }),
        ...(postgres && {
          postgres: { lose: () => postgres.kill(), mend: () => postgres.up() },
          stopped: { lose: () => postgres.down(), mend: () => postgres.up() },
          frozen: { lose: () => postgres.freeze(), mend: () => postgres.thaw() },
        }),
      },
    };
  }

  private service(): Service {
    if (this.started === undefined) throw new Error('the service was not started');
    return this.started;
  }

  /** Starts it, as a supervisor does: again if the lock of the killed one is still held. */
  private async restart(): Promise<Service> {
    if (this.started !== undefined) this.outputs.push(this.started.output);
    for (let left = STARTS; ; left -= 1) {
      try {
        this.started = await Service.start(this.options);
        return this.started;
      } catch (error) {
        if (!(error instanceof Refused) || !/another Writ|lock/.test(error.message) || left === 1) throw error;
        await rest(200);
      }
    }
  }

  private async problems(): Promise<string[]> {
    await this.record.read(this.service());
    const problems = problemsOf(this.book, this.record.entries, this.made.durability);
    return [...problems, ...(await this.ledgerProblems())];
  }

  /** Compares the ledger with the record. An outcome that the service reports itself can follow within seconds. */
  private async ledgerProblems(): Promise<string[]> {
    for (const begin = Date.now(); ; await rest(200)) {
      const problems: string[] = [];
      for (const [user, budget] of budgetsOf(this.record.entries)) {
        const said = `${budget.refunded} in ${budget.refunds}`;
        if (this.checked.get(user) === said) continue;
        const ledger = await this.ledgerOf(user);
        if (`${ledger.refunded} in ${ledger.refunds}` === said) this.checked.set(user, said);
        else
          problems.push(
            `the ledger has ${ledger.refunded} in ${ledger.refunds} refunds of ${user}, the record ${said}`,
          );
      }
      if (problems.length === 0 || Date.now() - begin > patient(SETTLES_MS)) return problems;
      await this.record.read(this.service());
    }
  }

  private async ledgerOf(user: string): Promise<Budget> {
    const path = `/v1/ledger?originator=${encodeURIComponent(`User::"${user}"`)}`;
    const { status, json, text } = await this.service().send('GET', path, undefined, { as: 'admin' });
    if (status !== 200) throw new Error(`the ledger could not be read: ${status} ${text.slice(0, 300)}`);
    const { refunded = 0, refunds = 0 } = json.values as Partial<Budget>;
    return { refunded, refunds };
  }
}
