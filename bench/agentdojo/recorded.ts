import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The suites of AgentDojo. Those that are held back are scored once, when everything is done. */
export const SUITES = ['workspace', 'banking', 'slack', 'travel'] as const;
export const TUNED_ON = ['workspace', 'banking'];
export type SuiteName = (typeof SUITES)[number];

const VERSION = '0.1.35';
/** The folder of the sources; this runs in `dist`. */
export const HERE = fileURLToPath(new URL('../../agentdojo/', import.meta.url));
export const DATA = join(HERE, 'data');
const SCRIPT = join(HERE, 'extract.py');

export interface ExtractOptions {
  /** The attack of AgentDojo that words the injection. */
  readonly attack: string;
  /** Whether the calls of the injection follow the answer that carries it, or all calls of the user's task. */
  readonly place: string;
}

/** A suite as `extract.py` describes it. */
export interface RecordedSuite {
  readonly suite: string;
  /** The tools that change or send anything. */
  readonly changing: readonly string[];
  /** By kind of task: the changing tools of its ground truth. */
  readonly kinds: Readonly<Record<string, readonly string[]>>;
  readonly attacks: readonly AttackRun[];
  /** How many attacks no answer of the user's task carries. */
  readonly notCarried: number;
  /** How many attacks have no ground truth, so that there is no call to decide. */
  readonly notCalls: number;
}

export interface AttackRun {
  readonly task: string;
  readonly user: string;
  readonly goal: string;
  /** How many calls of the user's task come before those of the attack. */
  readonly before: number;
}

/** A line of a trace. */
export interface RecordedTask {
  readonly task: string;
  readonly kind?: string;
  readonly prompt: string;
  readonly principal: string;
  readonly calls: readonly RecordedCall[];
}

export interface RecordedCall {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly outcome?: string;
  readonly result: unknown;
}

/** Returns the folder with the recorded tasks of all suites. Installs the package and runs its ground truths if that was not done. */
export function recordedTasks(options: ExtractOptions): string {
  const folder = join(DATA, 'recorded', `${options.attack}-${options.place}`);
  const stamp = createHash('sha256').update(readFileSync(SCRIPT)).update(VERSION).digest('hex');
  const stampFile = join(folder, 'stamp');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return folder;
  const python = installed();
  console.error('running the ground truths of all suites; this takes half a minute');
  run(python, [SCRIPT, folder, '--attack', options.attack, '--place', options.place]);
  writeFileSync(stampFile, stamp);
  return folder;
}

export function suiteIn(folder: string, suite: string): RecordedSuite {
  return JSON.parse(readFileSync(join(folder, suite, 'suite.json'), 'utf8')) as RecordedSuite;
}

export function tasksIn(folder: string, suite: string, name: 'honest' | 'attacks'): RecordedTask[] {
  const lines = readFileSync(join(folder, suite, `${name}.jsonl`), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as RecordedTask);
}

/** Returns the Python of a virtual environment that has the package. */
function installed(): string {
  const folder = join(DATA, `venv-${VERSION}`);
  const python = join(folder, 'bin', 'python');
  const stamp = join(folder, 'installed');
  if (existsSync(stamp)) return python;
  console.error(`installing agentdojo ${VERSION} from PyPI into ${folder}; this takes a minute, once`);
  run('python3', ['-m', 'venv', folder]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `agentdojo==${VERSION}`]);
  writeFileSync(stamp, '');
  return python;
}

function run(command: string, args: readonly string[]): void {
  // The order of sets is the same in each run.
  const env = { ...process.env, PYTHONHASHSEED: '0' };
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2], env });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
}
