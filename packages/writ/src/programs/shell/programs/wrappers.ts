import { type Arg, literal, unknown } from '../syntax/arg.js';
import { isRefused } from '../syntax/names.js';
import { type Call, KNOWN, type ProgramReader } from './call.js';
import { type Grammar, grammar, type Options, readOptions } from './options.js';

/** Programs that start the program which stands behind their own options. */
const BEFORE: Readonly<Record<string, { readonly options: string; readonly skip?: number; readonly writes?: string }>> =
  {
    nohup: { options: '' },
    setsid: { options: 'c f w ctty fork wait' },
    timeout: { options: 'f k= p s= v kill-after= signal= preserve-status foreground verbose', skip: 1 },
    nice: { options: 'n= adjustment= 0 1 2 3 4 5 6 7 8 9' },
    ionice: { options: 'c= n= t class= classdata= ignore' },
    stdbuf: { options: 'i= o= e= input= output= error=' },
    time: { options: 'a f= o= p v format= output= append portability verbose', writes: 'o output' },
  };
const SUDO = grammar(
  'A b E e H h= i k K l n P p= S s U= u= g= v preserve-env? user= group= non-interactive set-home stdin',
);
const ENV = grammar('i 0 u= v ignore-environment null unset= debug C= chdir= S= split-string=');
const XARGS = grammar(
  '0 a= d= E= e? I= i? L= l? n= o p P= r s= t x null arg-file= delimiter= eof? replace? max-lines= max-args= max-procs= no-run-if-empty max-chars= verbose interactive exit open-tty',
);

/** Programs that start another one in a way that is not read here, and shells that read text in another way. */
const REFUSED =
  `watch parallel strace ltrace chroot flock script su runuser setarch linux32 linux64 unshare nsenter busybox toybox
  taskset chrt numactl xvfb-run fakeroot entr expect unbuffer rlwrap cpulimit firejail bwrap systemd-run systemd-inhibit at batch
  crontab start-stop-daemon run-parts setpriv capsh pkexec gosu su-exec tini dumb-init daemonize screen tmux dtach hyperfine perf gdb
  lldb valgrind doas ssh-agent sshpass dbus-run-session cgexec prlimit choom eatmydata proot catchsegv rr nodemon concurrently dotenv
  direnv asdf mise nix-shell nix pipenv hatch pdm rye tox vi vim nvim emacs nano ed ex view less more man most pg lesspipe mail mutt
  lynx w3m fzf dialog zsh fish ksh mksh csh tcsh yash rc es elvish nu xonsh ash rbash fd fdfind logrotate xdg-open open`.split(
    /\s+/,
  );

function options(call: Call, known: Grammar): Options {
  const read = readOptions(call.args, known, true);
  if (read.strange !== undefined) call.refuse(`this option of ${call.name} is not understood`, read.strange);
  if (read.loose !== undefined)
    call.refuse(`this can be an option of ${call.name}, or the program that it starts`, read.loose);
  return read;
}

function before(name: string): ProgramReader {
  const { options: text = '', skip = 0, writes } = BEFORE[name] ?? {};
  const known = grammar(text);
  return (call) => {
    const { operands, values } = options(call, known);
    for (const arg of values(...(writes ?? '').split(' '))) call.writes(arg);
    if (operands.slice(0, skip).some(({ many }) => many))
      call.refuse('the text does not say which program this starts', operands[0]);
    if (operands.length > skip) call.run(operands.slice(skip));
    return KNOWN;
  };
}

/** Skips `NAME=value`, and refuses names that change what programs run. */
function withoutAssignments(call: Call, operands: readonly Arg[]): Arg[] {
  const rest = [...operands];
  for (;;) {
    const name = /^([^=]*)=/.exec(rest[0]?.lead ?? '')?.[1];
    if (name === undefined) return rest;
    if (isRefused(name) || !/^\w+$/.test(name) || rest[0]?.many === true)
      call.refuse(`${name} changes what programs run`, rest[0]);
    rest.shift();
  }
}

const env: ProgramReader = (call) => {
  const { operands, has } = options(call, ENV);
  if (has('S', 'split-string', 'C', 'chdir')) call.refuse('this option of env is not understood');
  const rest = withoutAssignments(call, operands[0]?.value === '-' ? operands.slice(1) : operands);
  if (rest.length > 0) call.run(rest);
  return KNOWN;
};

const sudo: ProgramReader = (call) => {
  const { operands, has } = options(call, SUDO);
  if (has('e', 'h', 'A')) call.refuse('this option of sudo is not understood');
  const rest = withoutAssignments(call, operands);
  if (rest.length > 0) call.run(rest);
  if (has('i', 's') || (rest.length === 0 && !has('v', 'k', 'K', 'l'))) {
    // With a command these options hand it to a shell, which reads it again.
    if (rest.length > 0) call.refuse('a shell reads this command again');
    call.interactive();
  }
  return KNOWN;
};

const xargs: ProgramReader = (call) => {
  const { operands, values, has, options: given } = options(call, XARGS);
  for (const arg of values('a', 'arg-file')) call.reads(arg);
  if (operands.length === 0) return KNOWN;
  const sign = [...values('I')].map(({ value }) => value)[0] ?? (has('i', 'replace') ? '{}' : undefined);
  if (
    given.some(
      ({ name, value }) => ['I', 'i', 'replace'].includes(name) && value !== undefined && value.value === undefined,
    )
  )
    call.refuse('the text does not say what xargs replaces');
  const replaced =
    given.find(({ name, value }) => ['i', 'replace'].includes(name) && value !== undefined)?.value?.value ?? sign;
  if (replaced === undefined) call.run([...operands, unknown('', true, call.pos)]);
  else call.run(operands.map((arg) => replacedIn(arg, replaced)));
  return KNOWN;
};

/** Returns a word in which another program replaces a part. */
function replacedIn(arg: Arg, part: string): Arg {
  const text = arg.value ?? arg.lead;
  const at = part === '' ? 0 : text.indexOf(part);
  return at === -1 ? arg : unknown(text.slice(0, at), arg.many, arg.pos);
}

const FIND_TESTS = new Set(
  `amin anewer atime cmin cnewer context ctime fstype gid group ilname iname inum ipath iregex iwholename links lname maxdepth mindepth
   mmin mtime name newer path perm regex regextype samefile size type uid used user wholename xtype newermt newerat newerct printf D`.split(
    /\s+/,
  ),
);
const FIND_FLAGS = new Set(
  `a and b d daystart delete depth empty executable false follow H ignore_readdir_race L ls mount noignore_readdir_race noleaf nogroup
   nouser nowarn not o or P print print0 prune quit readable true warn writable xdev O0 O1 O2 O3`.split(/\s+/),
);
const FIND_RUNS = new Set(['exec', 'execdir', 'ok', 'okdir']);

const find: ProgramReader = (call) => {
  const { args, pos } = call;
  const isExpression = ({ lead }: Arg): boolean => /^(?:-.|[(!,)])/.test(lead);
  let index = 0;
  while (/^-(?:[HLP]|O[0-3])$/.test(args[index]?.value ?? '')) index += 1;
  const starts: Arg[] = [];
  for (; index < args.length && !isExpression(args[index] as Arg); index += 1) {
    const arg = args[index] as Arg;
    if (arg.value === undefined && arg.base === undefined && arg.lead === '')
      call.refuse('this can be an option of find that runs a program', arg);
    starts.push(arg);
  }
  if (starts.length === 0) starts.push(literal('.', pos));
  for (const arg of starts) call.reads(arg, true);
  for (; index < args.length; index += 1) {
    const arg = args[index] as Arg;
    const name = /^-(.+)$/.exec(arg.value ?? '')?.[1];
    if (name === undefined) {
      if (!/^[(),!]$/.test(arg.value ?? '')) call.refuse('this word of find is not understood', arg);
    } else if (FIND_RUNS.has(name)) {
      const end = args.findIndex(
        ({ value }, at) => at > index && (value === ';' || (value === '+' && args[at - 1]?.value === '{}')),
      );
      if (end === -1) call.refuse('the command of find has no end', arg);
      call.run(args.slice(index + 1, end).flatMap((word) => found(word, starts)));
      // It runs in the directory of each file that is found.
      if (name.endsWith('dir')) for (const kind of ['reads', 'writes'] as const) call.unresolved(kind);
      index = end;
    } else if (name === 'delete') for (const start of starts) call.writes(start, true);
    else if (/^(?:fprint|fprint0|fls|fprintf)$/.test(name)) {
      if (args[index + 1] !== undefined) call.writes(args[index + 1] as Arg);
      index += name === 'fprintf' ? 2 : 1;
    } else if (FIND_TESTS.has(name)) {
      index += 1;
      if (args[index]?.many === true) call.refuse('this can become several words of find', args[index]);
      if (/^(?:a|c)?newer$|^samefile$/.test(name) && args[index] !== undefined) call.reads(args[index] as Arg);
    } else if (!FIND_FLAGS.has(name)) call.refuse('this word of find is not understood', arg);
  }
  return KNOWN;
};

/** Returns the paths that find writes for `{}`: below where it starts. */
function found(word: Arg, starts: readonly Arg[]): Arg[] {
  if (word.value !== '{}') return [replacedIn(word, '{}')];
  return starts.map(({ value, base, pos }) => {
    if (value === undefined || value.startsWith('-'))
      return base === undefined ? unknown('', true, pos) : unknown('', false, pos);
    return { value: undefined, lead: `${value}/`, pattern: `${value}/*`, many: false, pos };
  });
}

export const WRAPPERS: readonly (readonly [string, ProgramReader])[] = [
  ...Object.keys(BEFORE).map((name) => [name, before(name)] as const),
  ['env', env],
  ['sudo', sudo],
  ['xargs', xargs],
  ['find', find],
  ...REFUSED.map(
    (name) =>
      [name, ((call) => call.refuse(`${name} can start programs that are not in the text`)) as ProgramReader] as const,
  ),
];
