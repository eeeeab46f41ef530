import { type Arg, literal } from '../syntax/arg.js';
import { KNOWN, type ProgramReader, UNKNOWN } from './call.js';
import { grammar, readOptions } from './options.js';

/** The kind of the operands of a program. In `copy` the last is written and the others are read; in `move` all are written. */
type Operands = 'none' | 'reads' | 'writes' | 'copy' | 'move' | 'convert';

/** A program as data: its options, and what their values and its operands are. */
export interface Spec {
  readonly options: string;
  readonly operands: Operands;
  /** Options whose values are files. */
  readonly reads?: string;
  readonly writes?: string;
  /** Options whose values are directories in which the operands are written. */
  readonly targets?: string;
  /** Options that run a program or load code. */
  readonly runs?: string;
  /** How many operands before the files are text, unless one of `unless` is given. */
  readonly skip?: number;
  readonly unless?: string;
  /** Options with which all below a directory is touched; `*` always. */
  readonly deep?: string;
  /** The directory that is read without operands. */
  readonly otherwise?: string;
  /** Options with which the operands are written too. */
  readonly inPlace?: string;
}

const list = (text: string | undefined): string[] => (text ?? '').split(' ').filter((name) => name !== '');

export function reader(spec: Spec): ProgramReader {
  const known = grammar(`${spec.options} help version`);
  const [reads, writes, runs, unless, deeps, inPlace, targets] = [
    ...[spec.reads, spec.writes, spec.runs, spec.unless, spec.deep, spec.inPlace, spec.targets].map(list),
  ] as [string[], string[], string[], string[], string[], string[], string[]];
  const canWrite = spec.operands !== 'reads' || writes.length > 0 || inPlace.length > 0;
  return (call) => {
    const { options, operands, strange, loose, has, values } = readOptions(call.args, known);
    // An option can be shortened to its first letters.
    const run = options.find(({ name }) =>
      runs.some((full) => full === name || (name.length > 1 && full.startsWith(name))),
    );
    if (run !== undefined) call.refuse(`the option ${run.name} of ${call.name} runs a program`);
    if (loose !== undefined) {
      if (runs.length > 0) call.refuse(`this can be an option of ${call.name} that runs a program`, loose);
      // Names of files that look like options change nothing else if no option names a file.
      const isHarmless = loose.pattern !== undefined && reads.length + writes.length + targets.length === 0;
      if (!isHarmless) call.unresolved('reads');
      if (!isHarmless && canWrite && spec.operands !== 'none') call.unresolved('writes');
    }
    if (strange !== undefined) return UNKNOWN;
    for (const arg of values(...reads)) call.reads(arg);
    for (const arg of values(...writes)) call.writes(arg);
    const files = has(...unless) ? operands : operands.slice(spec.skip ?? 0);
    const deep = deeps[0] === '*' || has(...deeps) || (loose !== undefined && deeps.length > 0);
    if (files.length === 0 && spec.otherwise !== undefined) call.reads(literal(spec.otherwise, call.pos), deep);
    const hasTarget = has(...targets);
    for (const arg of values(...targets)) call.writes(arg, true);
    const touched = { call, files, deep, hasTarget, isMany: files.some(({ many }) => many) };
    record(spec.operands, touched);
    if (has(...inPlace)) for (const arg of files) call.writes(arg, deep);
    return KNOWN;
  };
}

interface Touched {
  readonly call: Parameters<ProgramReader>[0];
  readonly files: readonly Arg[];
  readonly deep: boolean;
  /** An option names the directory to which all files go. */
  readonly hasTarget: boolean;
  /** A word may be several, so that the last one is not surely the target. */
  readonly isMany: boolean;
}

function record(operands: Operands, { call, files, deep, hasTarget, isMany }: Touched): void {
  const isStream = (arg: Arg): boolean => arg.value === '-';
  const named = files.filter((arg) => !isStream(arg));
  const last = files.at(-1);
  switch (operands) {
    case 'reads':
      for (const arg of named) call.reads(arg, deep);
      return;
    case 'writes':
      for (const arg of named) call.writes(arg, deep);
      return;
    case 'copy':
    case 'move':
      for (const arg of hasTarget ? files : files.slice(0, -1)) {
        call.reads(arg, deep);
        if (operands === 'move') call.writes(arg, true);
      }
      if (hasTarget) return;
      // A directory as the target gets files of other names.
      if (last !== undefined && files.length > 1) call.writes(last, true);
      else if (last !== undefined) {
        call.reads(last, deep);
        call.writes(literal('.', call.pos), true);
      }
      if (isMany) call.unresolved('writes');
      return;
    case 'convert': {
      const [from, to] = files;
      if (from !== undefined) call.reads(from);
      if (to !== undefined) call.writes(to);
      if (isMany) call.unresolved('writes');
      return;
    }
    case 'none':
  }
}
