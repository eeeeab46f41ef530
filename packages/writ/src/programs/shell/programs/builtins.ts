import { directoriesAfter } from '../effects/paths.js';
import type { Frame } from '../frame.js';
import { type Arg, mayBeOption } from '../syntax/arg.js';
import { IDENTIFIER } from '../syntax/names.js';
import type { Variables } from '../syntax/variables.js';
import { checkTest } from './test-builtin.js';

/** One call of a builtin. */
interface BuiltinCall {
  readonly name: string;
  readonly args: readonly Arg[];
  readonly pos: number;
  readonly frame: Frame;
  readonly variables: Variables;
  /** Reads the arguments as a command; `isAgain` if the name can again be that of a builtin. */
  run(args: readonly Arg[], isAgain: boolean): void;
  /** Records the builtin itself. */
  record(): void;
  refuse(why: string, arg?: Arg): never;
}

type BuiltinReader = (call: BuiltinCall) => void;

const TEXT = 'it runs text, or changes what names mean';
const SET_OPTIONS = /^(?:errexit|nounset|pipefail|xtrace|verbose|noglob|noclobber|errtrace|functrace)$/;
const SHOPT_OPTIONS = /^(?:nullglob|failglob|globstar|dotglob|inherit_errexit|nocasematch|nocaseglob)$/;

const harmless: BuiltinReader = ({ record }) => record();
const refused: BuiltinReader = ({ refuse }) => refuse(TEXT);
/** Takes names of variables, in which a subscript would be evaluated. */
const names: BuiltinReader = ({ args, record, refuse }) => {
  for (const arg of args)
    if (arg.value === undefined || !IDENTIFIER.test(arg.value)) refuse('only plain names are understood', arg);
  record();
};

const changeDirectory: BuiltinReader = ({ args, frame, record, refuse }) => {
  const [first, ...others] = args[0]?.value === '--' ? args.slice(1) : args;
  if (others.length > 0 || first?.many === true) refuse('only one directory is understood', others[0] ?? first);
  frame.moved(directoriesAfter(first, frame.directories));
  record();
};

const stack: BuiltinReader = ({ args, frame, record, name }) => {
  const [first] = args;
  const isPlain = name === 'pushd' && first?.value !== undefined && !/^[-+]/.test(first.value);
  frame.moved(isPlain ? directoriesAfter(first, frame.directories) : undefined);
  record();
};

const declare: BuiltinReader = ({ name, args, variables, record, refuse }) => {
  for (const arg of args) {
    const { lead, value } = arg;
    const assigned = /^([A-Za-z_]\w*)\+?=/.exec(lead);
    if (assigned !== null) {
      // The value of an array is read as words of the shell again.
      const isText = value === undefined || value.slice(assigned[0].length).trimStart().startsWith('(');
      if (isText && variables.isArray(assigned[1] as string)) refuse('the value of an array is evaluated', arg);
      if (value?.slice(assigned[0].length).startsWith('(') === true) refuse('the value of an array is evaluated', arg);
    } else if (value === undefined || arg.many) refuse('the text does not say which variable this is', arg);
    else if (!IDENTIFIER.test(value) && !/^-[rxgp]+$/.test(value)) refuse(`${name} with this is not understood`, arg);
  }
  record();
};

const read: BuiltinReader = ({ args, record, refuse }) => {
  let takesValue = false;
  for (const arg of args) {
    const { value } = arg;
    if (takesValue && !arg.many) takesValue = false;
    else if (value === undefined) refuse('the text does not say which variable this is', arg);
    else if (/^-[ersd]*[adinNptu].+$/.test(value) && !/a/.test(value)) takesValue = false;
    else if (/^-[ers]*[dinNptu]?$/.test(value)) takesValue = /[dinNptu]$/.test(value);
    else if (!IDENTIFIER.test(value)) refuse('only plain names are understood', arg);
  }
  record();
};

const print: BuiltinReader = ({ args, record, refuse }) => {
  const [first, second] = args;
  if (first === undefined) return record();
  const format = first.value === '--' ? second : first;
  // An option -v would name a variable, whose subscript is evaluated.
  if (
    format !== undefined &&
    (format.lead === '' ? format.value !== '' : first === format && format.lead.startsWith('-'))
  )
    refuse('the format can be an option that evaluates a name', format);
  record();
};

const set: BuiltinReader = ({ args, record, refuse }) => {
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] as Arg;
    if (arg.value === '--') break;
    if (arg.value !== undefined && /^[-+][euxvfCET]*o$/.test(arg.value)) {
      index += 1;
      const option = args[index];
      if (option?.value === undefined || !SET_OPTIONS.test(option.value))
        refuse('this option is not understood', option ?? arg);
    } else if (arg.value === undefined || !/^[-+][euxvfCET]+$/.test(arg.value))
      refuse('this option is not understood', arg);
  }
  record();
};

const shopt: BuiltinReader = ({ args, record, refuse }) => {
  for (const arg of args)
    if (arg.value === undefined || !(/^-[suq]+$/.test(arg.value) || SHOPT_OPTIONS.test(arg.value)))
      refuse('this option is not understood', arg);
  record();
};

/** Reads `command`, `builtin` and `exec`, which run what stands behind them. */
const command: BuiltinReader = ({ args, record, run, refuse }) => {
  const [first, ...others] = args;
  record();
  if (first === undefined) return;
  if (first.value === '-v' || first.value === '-V') {
    for (const arg of others) if (arg.many) refuse('the text does not say what this is', arg);
    return;
  }
  const inner = first.value === '--' || first.value === '-p' ? others : args;
  if (inner[0]?.lead.startsWith('-') === true) refuse('this option is not understood', inner[0]);
  run(inner, true);
};

const replaces: BuiltinReader = ({ args, record, run, refuse }) => {
  record();
  if (args[0]?.lead.startsWith('-') === true) refuse('this option is not understood', args[0]);
  if (args.length > 0) run(args, false);
};

const withoutOptions: BuiltinReader = ({ args, record, refuse }) => {
  for (const arg of args) if (mayBeOption(arg) || arg.lead.startsWith('-')) refuse('this can be an option', arg);
  record();
};

const test: BuiltinReader = ({ name, args, record, refuse }) => {
  checkTest(name, args, refuse);
  record();
};

const getopts: BuiltinReader = ({ args, record, refuse, ...call }) => {
  const [options, variable] = args;
  if (options?.value === undefined || variable === undefined) refuse('only plain names are understood');
  names({ ...call, args: [variable as Arg], record, refuse });
};

const unset: BuiltinReader = ({ args, ...call }) =>
  names({ ...call, args: /^-[fv]$/.test(args[0]?.value ?? '') ? args.slice(1) : args });

const BY_READER: readonly (readonly [string, BuiltinReader])[] = [
  [
    ': true false pwd break continue exit return shift times umask ulimit suspend logout caller help dirs echo type kill disown fg bg',
    harmless,
  ],
  [
    'eval source . trap alias unalias bind complete compgen compopt enable fc hash history let mapfile readarray',
    refused,
  ],
  ['local declare typeset export readonly', declare],
  ['cd', changeDirectory],
  ['pushd popd', stack],
  ['read', read],
  ['printf', print],
  ['set', set],
  ['shopt', shopt],
  ['command builtin', command],
  ['exec', replaces],
  ['wait jobs', withoutOptions],
  ['test [', test],
  ['getopts', getopts],
  ['unset', unset],
];

export const BUILTINS: ReadonlyMap<string, BuiltinReader> = new Map(
  BY_READER.flatMap(([all, reader]) => all.split(' ').map((name) => [name, reader] as const)),
);
