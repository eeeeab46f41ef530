import type { Pointer } from '../../http/definition/problems.js';

/** A remark on a configuration of Envoy, with its place. Lines and columns count from 1. */
export interface EnvoyFinding {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly help: string;
}

/** Receives a finding about a part. */
export type Report = (
  severity: EnvoyFinding['severity'],
  code: string,
  at: Pointer,
  message: string,
  help: string,
) => void;

/** A part of a configuration, with the way to it. The part may be absent. */
export class Cursor {
  constructor(
    readonly value: unknown,
    readonly at: Pointer,
  ) {}

  /** Returns a member, in either spelling that Envoy accepts: `failure_mode_allow` and `failureModeAllow`. */
  get(name: string): Cursor {
    const { value } = this;
    if (typeof value !== 'object' || value === null) return new Cursor(undefined, this.at);
    const camel = name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    const key = [name, camel].find((one) => Object.hasOwn(value, one));
    return key === undefined
      ? new Cursor(undefined, this.at)
      : new Cursor((value as Record<string, unknown>)[key], [...this.at, key]);
  }

  /** Returns a part by the way to it. */
  way(...names: readonly string[]): Cursor {
    return names.reduce((part: Cursor, name) => part.get(name), this);
  }

  get list(): Cursor[] {
    return Array.isArray(this.value) ? this.value.map((one, i) => new Cursor(one, [...this.at, String(i)])) : [];
  }

  get members(): (readonly [name: string, part: Cursor])[] {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    return Object.entries(value).map(([name, one]) => [name, new Cursor(one, [...this.at, name])] as const);
  }

  get isThere(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** Whether it is on. A text `true` is on for Envoy's reader of YAML too. */
  get isOn(): boolean {
    return this.value === true || this.value === 'true';
  }

  /** Returns whether it is one of these words, or the number that stands for one. */
  is(...words: readonly (string | number)[]): boolean {
    return words.includes(this.value as string | number);
  }

  /** Returns the name of the message that it is, without its package; undefined if it does not say. */
  get type(): string | undefined {
    const said = this.get('@type').value;
    return typeof said === 'string'
      ? said
          .slice(said.lastIndexOf('/') + 1)
          .split('.')
          .pop()
      : undefined;
  }
}

/** Returns all parts of a configuration that a test accepts, outside first. */
export function partsWhere(root: Cursor, accepts: (part: Cursor) => boolean): Cursor[] {
  const found: Cursor[] = [];
  const left = [root];
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if (accepts(part)) found.push(part);
    left.push(...[...part.list, ...part.members.map(([, inner]) => inner)].reverse());
  }
  return found;
}
