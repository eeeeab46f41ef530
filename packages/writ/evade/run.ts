import { createHash } from 'node:crypto';
import { groupsOf } from '../kills/groups.js';
import { appendLines, readLines } from '../kills/lines.js';
import { type Random, randomOf } from '../kills/random.js';
import type { EvasionClass } from '../test/evasions/evasion.js';
import { type Change, mutated } from './mutant.js';
import { OPERATORS } from './operators/operators.js';
import { Population } from './population.js';
import type { Line } from './state.js';
import { type Target, targetsOf } from './targets.js';
import { type Trial, tried } from './trial.js';

export interface RunOptions {
  readonly classes: readonly EvasionClass[];
  readonly seed: number;
  /** The tries of the seed in all. */
  readonly count: number;
  /** The file with the tries; without one, nothing is kept. */
  readonly state?: string | undefined;
  readonly commit?: string;
  readonly say?: (line: Line) => void;
  /** Stops after the try that is under way. */
  readonly signal?: AbortSignal;
}

const BATCH = 100;
/** Operators do not apply to every attack. */
const MAX_CHOICES = 12;

/** Makes the tries that the state lacks. Parents come from earlier tries, so they are made in order. @returns all lines of the seed */
export async function run(options: RunOptions): Promise<readonly Line[]> {
  const { classes, seed, count, state, commit = '', say = () => undefined, signal } = options;
  const targets = targetsOf(classes);
  const plan = planOf(classes);
  const known =
    state === undefined ? [] : readLines<Line>(state).filter((line) => line.seed === seed && line.plan === plan);
  const search = new Search(targets);
  const lines: Line[] = [];
  const fresh: Line[] = [];
  const kept = new Map(known.map((line) => [line.try, line]));
  for (let number = 1; number <= count && signal?.aborted !== true; number += 1) {
    const old = kept.get(number);
    if (old !== undefined) {
      search.learn(old);
      lines.push(old);
      continue;
    }
    const { target, changes, trial } = await search.next(randomOf(seed, number));
    const line: Line = {
      ...{ seed, try: number, plan, commit, class: target.class, evasion: target.evasion.name, ...trial, changes },
    };
    search.learn(line);
    lines.push(line);
    fresh.push(line);
    if (trial.result === 'passed') say(line);
    if (state !== undefined && fresh.length >= BATCH) appendLines(state, fresh.splice(0));
  }
  if (state !== undefined) appendLines(state, fresh);
  return lines;
}

/** Returns a name for the evasions and operators: tries of others have other meanings. */
function planOf(classes: readonly EvasionClass[]): string {
  const text = JSON.stringify([
    classes.map(({ name, evasions }) => [name, evasions]),
    OPERATORS.map(({ name }) => name),
  ]);
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

interface Tried {
  readonly target: Target;
  readonly changes: readonly Change[];
  readonly trial: Trial;
}

/** Looks for attacks that go through, by changing those that came nearest. */
class Search {
  private readonly populations = new Map<string, Population>();
  private readonly byName: ReadonlyMap<string, Target>;
  private readonly seen = new Map<string, Set<string>>();
  private readonly classes: readonly (readonly Target[])[];

  constructor(targets: readonly Target[]) {
    this.classes = groupsOf(targets, (target) => target.class);
    this.byName = new Map(targets.map((target) => [nameOf(target.class, target.evasion.name), target]));
  }

  async next(random: Random): Promise<Tried> {
    const classes = this.classes[random.pick(this.classes.length)] as readonly Target[];
    const target = classes[random.pick(classes.length)] as Target;
    const name = nameOf(target.class, target.evasion.name);
    let changes: readonly Change[] = [];
    for (let choice = 0; choice < MAX_CHOICES; choice += 1) {
      changes = this.populationOf(name).pick(random);
      const more = random.chance(0.35) ? 2 : 1;
      for (let i = 0; i < more; i += 1)
        changes = [...changes, [OPERATORS[random.pick(OPERATORS.length)]?.name ?? '', random.pick(2 ** 31)]];
      const steps = mutated(target.evasion.attack, changes, target.tools);
      if (steps === undefined || this.isKnown(name, target, steps)) continue;
      return { target, changes, trial: await tried(target, steps) };
    }
    return { target, changes, trial: { result: 'no attack', by: '' } };
  }

  learn({ class: of, evasion, changes, result, by }: Line): void {
    const name = nameOf(of, evasion);
    const target = this.byName.get(name);
    if (target === undefined || result === 'no attack') return;
    const steps = mutated(target.evasion.attack, changes, target.tools);
    if (steps !== undefined) this.seenOf(name, target).add(JSON.stringify(steps));
    this.populationOf(name).add(changes, { result, by });
  }

  private isKnown(name: string, target: Target, steps: Target['evasion']['attack']): boolean {
    return this.seenOf(name, target).has(JSON.stringify(steps));
  }

  private seenOf(name: string, target: Target): Set<string> {
    const known = this.seen.get(name) ?? new Set([JSON.stringify(target.evasion.attack)]);
    this.seen.set(name, known);
    return known;
  }

  private populationOf(name: string): Population {
    const known = this.populations.get(name) ?? new Population();
    this.populations.set(name, known);
    return known;
  }
}

function nameOf(of: string, evasion: string): string {
  return `${of}\n${evasion}`;
}
