import type { InterpreterFact, PackageFact, ProgramFact, ScriptFact, ShellUnderstood } from '../facts.js';
import { MOST_FACTS } from '../limits.js';
import { NotUnderstood } from '../not-understood.js';
import type { Arg } from '../syntax/arg.js';
import { hostOf, hostOfUrl } from './hosts.js';
import { type Directories, placeOf } from './paths.js';

interface Paths {
  readonly paths: Set<string>;
  readonly under: Set<string>;
  unresolved: boolean;
}

/** Collects the facts of one text, over its nested scripts. */
export class Effects {
  private readonly programs = new Map<string, ProgramFact>();
  private readonly interpreters = new Map<string, InterpreterFact>();
  private readonly packages = new Map<string, PackageFact>();
  private readonly scripts: ScriptFact[] = [];
  private readonly hosts = new Set<string>();
  private readonly paths = { reads: empty(), writes: empty() };
  private hostsUnresolved = false;
  interactive = false;

  program(fact: ProgramFact): void {
    put(this.programs, fact);
  }

  interpreter(fact: InterpreterFact): void {
    put(this.interpreters, fact);
  }

  script(fact: ScriptFact): void {
    this.scripts.push(fact);
    limit(this.scripts.length);
  }

  package(fact: PackageFact): void {
    put(this.packages, fact);
  }

  /** Records that a path is read or written; `deep` with all that is below it. */
  path(kind: 'reads' | 'writes', arg: Arg, directories: Directories, deep = false): void {
    const paths = this.paths[kind];
    const place = placeOf(arg, directories);
    if (place.kind === 'unresolved') paths.unresolved = true;
    if (place.kind !== 'paths' && place.kind !== 'under') return;
    if (place.isElsewhere) paths.unresolved = true;
    for (const name of place.names) {
      if (place.kind === 'paths') paths.paths.add(name);
      if (place.kind === 'under' || deep) paths.under.add(name);
    }
    limit(paths.paths.size + paths.under.size);
  }

  unresolvedPath(kind: 'reads' | 'writes'): void {
    this.paths[kind].unresolved = true;
  }

  /** Records a host by its name, or by a URL. */
  host(arg: Arg): void {
    const host = hostOfUrl(arg);
    if (host === undefined) this.hostsUnresolved = true;
    else this.hosts.add(host);
    limit(this.hosts.size);
  }

  hostNamed(text: string | undefined): void {
    const host = text === undefined ? undefined : hostOf(text);
    if (host === undefined) this.hostsUnresolved = true;
    else this.hosts.add(host);
  }

  facts(): ShellUnderstood {
    const { reads, writes } = this.paths;
    return {
      language: 'shell',
      understood: true,
      programs: [...this.programs.values()],
      reads: { paths: [...reads.paths], under: [...reads.under], unresolved: reads.unresolved },
      writes: { paths: [...writes.paths], under: [...writes.under], unresolved: writes.unresolved },
      hosts: { names: [...this.hosts], unresolved: this.hostsUnresolved },
      interpreters: [...this.interpreters.values()],
      interactive: this.interactive,
      scripts: this.scripts,
      packages: [...this.packages.values()],
    };
  }
}

const empty = (): Paths => ({ paths: new Set(), under: new Set(), unresolved: false });

function put<T>(map: Map<string, T>, fact: T): void {
  map.set(JSON.stringify(fact), fact);
  limit(map.size);
}

function limit(size: number): void {
  if (size > MOST_FACTS)
    throw new NotUnderstood('limit', '', 0, `the text has more than ${MOST_FACTS} facts of a kind`);
}
