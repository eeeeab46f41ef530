import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { StoreKind } from './attack.js';
import { CLIENTS, type Files, flowFiles, PLAIN } from './bundles.js';
import { GatewayClient } from './gateway.js';
import { Guard } from './guard.js';
import type { Postgres } from './postgres.js';
import { type Ran, writ } from './processes.js';
import { Refused, Service, type ServiceOptions } from './service.js';
import { sourceFile } from './sources.js';

/** The MCP server of the attacks. It is a source of the checkout that attacks, also when another one is attacked. */
export const HOSTILE = sourceFile('servers/hostile.mjs');

/** Keeps the services that attacks on one store share, until one of them was harmed. */
export class Shared {
  private readonly services = new Map<string, Promise<Service>>();
  private common: Guard | undefined;
  private count = 0;
  private readonly found = new Map<string, Promise<unknown>>();
  private readonly used = new Map<Service, number>();

  constructor(
    readonly root: string,
    readonly store: StoreKind,
    readonly postgres: Postgres | undefined,
    readonly folder = mkdtempSync(join(tmpdir(), 'writ-abuse-')),
  ) {
    chmodSync(folder, 0o755);
  }

  get(name: string, make: () => Promise<Service>): Promise<Service> {
    const known = this.services.get(name);
    if (known !== undefined) return known;
    const made = make();
    this.services.set(name, made);
    return made;
  }

  /** Returns the guard that is shared, or makes it if the last one has ended. */
  async guard(make: () => Promise<Guard>): Promise<Guard> {
    if (this.common === undefined || this.common.ended !== undefined) this.common = await make();
    return this.common;
  }

  /** Returns what was found out the first time that this was asked. */
  once<T>(name: string, find: () => Promise<T>): Promise<T> {
    const known = this.found.get(name) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const found = find();
    this.found.set(name, found);
    return found;
  }

  /** Returns a number that no other call got. */
  next(): number {
    this.count += 1;
    return this.count;
  }

  /** Returns a number that no other call for this service got. */
  take(service: Service): number {
    const taken = (this.used.get(service) ?? 0) + 1;
    this.used.set(service, taken);
    return taken;
  }

  /** Ends the services that do not answer any more, or all, so that the next attack gets new ones. */
  async drop(which: 'broken' | 'all'): Promise<void> {
    for (const [name, made] of this.services) {
      const service = await made.catch(() => undefined);
      if (which === 'broken' && service !== undefined && (await service.becomes(200, 1_000))) continue;
      this.services.delete(name);
      if (name === 'flow') await this.common?.stop();
      await service?.kill();
    }
  }

  async close(): Promise<void> {
    await this.drop('all');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Starts services, guards and clients for one attack, or for its twin. All but the shared services end with it. */
export class World {
  private readonly closers: (() => Promise<unknown> | unknown)[] = [];

  constructor(readonly shared: Shared) {}

  get root(): string {
    return this.shared.root;
  }

  get isSqlite(): boolean {
    return this.shared.store === 'sqlite';
  }

  /** Only for attacks on PostgreSQL. */
  get postgres(): Postgres {
    if (this.shared.postgres === undefined) throw new Error('this attack needs PostgreSQL');
    return this.shared.postgres;
  }

  /** The service without a gateway that all attacks on this store share. */
  plain(): Promise<Service> {
    return this.shared.get('plain', () => this.lasting(PLAIN));
  }

  /** The service with the hostile server that all attacks on this store share. */
  flow(): Promise<Service> {
    return this.shared.get('flow', () => this.lasting(flowFiles(HOSTILE)));
  }

  /** A client of the gateway, for calls in which no earlier one of its task counts. */
  client(service: Service): GatewayClient {
    return new GatewayClient(service.gatewayUrl, service.key(CLIENTS[0]));
  }

  /** A client of the gateway that nobody was before, so that its task is new. */
  newClient(service: Service): GatewayClient {
    const name = CLIENTS[this.shared.take(service)];
    if (name === undefined) throw new Error(`the bundle has ${CLIENTS.length} clients, and all were used`);
    return new GatewayClient(service.gatewayUrl, service.key(name));
  }

  /** A task at the shared service that nobody had before. */
  task(service: Service): string {
    return `t${this.shared.take(service)}`;
  }

  /** A service that does not end with this attack; for `Shared.get`. */
  lasting(files: Files): Promise<Service> {
    return this.start(files, {}, false);
  }

  /** A service of this attack's own. */
  fresh(files: Files = PLAIN, more: Partial<ServiceOptions> = {}): Promise<Service> {
    return this.start(files, more, true);
  }

  /** The options of a service with a folder, and a database, of its own. */
  async options(files: Files, more: Partial<ServiceOptions> = {}): Promise<ServiceOptions> {
    const store = this.isSqlite || more.store !== undefined ? {} : { store: await this.postgres.database() };
    return { root: this.root, bundle: this.bundle(files), data: this.folder('data'), ...store, ...more };
  }

  private async start(files: Files, more: Partial<ServiceOptions>, own: boolean): Promise<Service> {
    const service = await Service.start(await this.options(files, more));
    if (own) this.closers.push(() => service.kill());
    return service;
  }

  /** Starts a stopped service again, on its folder and its database. */
  async again({ options }: Service, more: Partial<ServiceOptions> = {}): Promise<Service> {
    return this.owns(await Service.start({ ...options, ...more }));
  }

  /** The same; undefined if the start is refused. */
  async startsAgain(stopped: Service, more: Partial<ServiceOptions> = {}): Promise<Service | undefined> {
    try {
      return await this.again(stopped, more);
    } catch (error) {
      if (error instanceof Refused) return undefined;
      throw error;
    }
  }

  owns(service: Service): Service {
    this.closers.push(() => service.kill());
    return service;
  }

  /** A guard before the hostile server, which lists its tools as `mode` says. */
  async guard(service: Service, flags: readonly string[] = [], mode = ''): Promise<Guard> {
    const command = [process.execPath, HOSTILE, join(this.folder('journal'), 'journal.txt'), mode];
    const guard = await Guard.start(service, command, flags);
    this.closers.push(() => guard.stop());
    return guard;
  }

  /** A guard that all attacks on this store share, in front of the shared service. */
  commonGuard(): Promise<Guard> {
    return this.shared.guard(async () => {
      const command = [process.execPath, HOSTILE, join(this.folder('journal'), 'journal.txt')];
      const guard = await Guard.start(await this.flow(), command);
      await guard.request('tools/list', {});
      return guard;
    });
  }

  onEnd(closer: () => Promise<unknown> | unknown): void {
    this.closers.push(closer);
  }

  /** An empty folder. */
  folder(name = 'folder'): string {
    const folder = mkdtempSync(join(this.shared.folder, `${name}-`));
    // As a folder that a person makes: it is for Writ to close it to others.
    chmodSync(folder, 0o755);
    return folder;
  }

  bundle(files: Files): string {
    const folder = this.folder('bundle');
    write(folder, files);
    return folder;
  }

  copyOf(folder: string): string {
    const copy = this.folder('copy');
    cpSync(folder, copy, { recursive: true });
    return copy;
  }

  /** A data folder for another service on the same database: the key files must be the same. */
  dataBeside({ options }: Service): string {
    const data = this.folder('data');
    cpSync(join(options.data, 'keys'), join(data, 'keys'), { recursive: true });
    return data;
  }

  /** Runs `writ` of the checkout that is attacked. */
  writ(...args: readonly string[]): Promise<Ran> {
    return writ(this.root, args, this.shared.folder);
  }

  async end(): Promise<void> {
    for (const closer of this.closers.splice(0).reverse()) await closer();
  }
}

/** Writes the files of a bundle into a folder. */
export function write(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
