import { hostOfUrl, isUrl, remoteOf } from '../effects/hosts.js';
import { type Arg, literal, mayBeOption, restOf } from '../syntax/arg.js';
import { type Call, KNOWN, type Outcome, type ProgramReader, UNKNOWN } from './call.js';

/** Subcommands by what they do to the repository in which they run. */
const READS = new Set(
  `status log diff show blame annotate shortlog describe rev-parse rev-list ls-files ls-tree cat-file reflog grep name-rev merge-base
   for-each-ref show-ref show-branch whatchanged count-objects check-ignore check-attr version help cherry range-diff diff-tree
   diff-index diff-files var fsck verify-commit get-tar-commit-id column stripspace`.split(/\s+/),
);
const WRITES = new Set(
  `add commit checkout switch restore reset merge rebase cherry-pick revert stash rm mv clean apply am tag branch init worktree
   update-index notes gc prune remote symbolic-ref update-ref write-tree commit-tree hash-object read-tree sparse-checkout`.split(
    /\s+/,
  ),
);
const REACHES = new Set(['push', 'pull', 'fetch', 'clone', 'ls-remote', 'submodule']);
/** Long options that name a program, hooks or a configuration; also shortened. */
const RUNS = [
  ...[
    'upload-pack',
    'receive-pack',
    'exec',
    'extcmd',
    'template',
    'config',
    'open-files-in-pager',
    'ext-diff',
    'textconv',
  ],
  ...['tool', 'separate-git-dir', 'strategy'],
];
const SHORT_RUNS: Readonly<Record<string, RegExp>> = {
  grep: /^-[^-]*O/,
  rebase: /^-[^-]*[xs]/,
  merge: /^-[^-]*s/,
  pull: /^-[^-]*s/,
  'ls-remote': /^-[^-]*u/,
  clone: /^-[^-]*[uc]/,
  difftool: /^-/,
};
/** Keys of the configuration that only say what is shown, and who commits. */
const KEYS =
  /^(?:user\.(?:name|email)|color\.[\w.]+|advice\.\w+|core\.(?:quotepath|autocrlf|abbrev|ignorecase|filemode|longpaths|safecrlf|eol)|init\.defaultbranch|commit\.gpgsign|tag\.gpgsign|pull\.(?:rebase|ff)|push\.(?:default|autosetupremote|followtags)|fetch\.prune|rebase\.autostash|merge\.conflictstyle|diff\.(?:renames|algorithm|noprefix|mnemonicprefix)|log\.(?:date|decorate)|rerere\.enabled|safe\.directory)$/i;

export const git: ProgramReader = (call) => {
  const { args, pos } = call;
  let index = 0;
  let folder = literal('.', pos);
  for (; index < args.length; index += 1) {
    const arg = args[index] as Arg;
    const { value, lead } = arg;
    if (!lead.startsWith('-')) break;
    if (value === '-C') {
      index += 1;
      folder = args[index] ?? folder;
    } else if (value === '-c') {
      index += 1;
      const key = /^([^=]+)/.exec(args[index]?.lead ?? '')?.[1];
      if (key === undefined || !KEYS.test(key) || args[index]?.many === true)
        call.refuse('this setting of git can run a program', args[index] ?? arg);
    } else if (value === '--version' || value === '--help') return KNOWN;
    else if (
      !/^(?:--no-pager|-P|--no-optional-locks|--literal-pathspecs|--no-replace-objects|--bare)$/.test(value ?? '')
    )
      call.refuse('this option of git is not understood', arg);
  }
  const name = args[index]?.value;
  const first = args[index];
  if (first === undefined) return KNOWN;
  if (name === undefined) return call.refuse('the text does not say which subcommand of git this is', first);
  const outcome = subcommand(call, name, args.slice(index + 1), folder);
  return { ...outcome, subcommand: name };
};

function subcommand(call: Call, name: string, args: readonly Arg[], folder: Arg): Outcome {
  const options = args.slice(0, args.findIndex(({ value }) => value === '--') >>> 0);
  for (const arg of options) {
    const long = /^--([a-z-]+)/.exec(arg.lead)?.[1];
    const short = SHORT_RUNS[name]?.test(arg.lead) === true;
    if (short || (long !== undefined && RUNS.some((run) => run.startsWith(long))))
      call.refuse(`this option of git ${name} can run a program`, arg);
    const output = /^--output=/.exec(arg.lead);
    if (output !== null) call.writes(restOf(arg, output[0].length));
    else if (/^--ou/.test(arg.lead)) call.unresolved('writes');
  }
  if (name === 'config') return config(call, args);
  if (name === 'bisect' || name === 'filter-branch' || name === 'difftool' || name === 'mergetool' || name === 'daemon')
    if (name !== 'bisect' || args[0]?.value === 'run' || args[0]?.value === undefined)
      call.refuse(`git ${name} can run a program`);
  const loose = options.find((arg, index) => mayBeOption(arg) && !isMessage(arg, options[index - 1]));
  if (loose !== undefined && (REACHES.has(name) || name in SHORT_RUNS))
    call.refuse(`this can be an option of git ${name} that runs a program`, loose);
  if (loose !== undefined) call.unresolved('writes');
  call.reads(folder, true);
  if (REACHES.has(name)) return reach(call, name, args, folder);
  if (args.some(({ value }) => value === '--no-index'))
    for (const arg of args) if (!arg.lead.startsWith('-')) call.reads(arg, true);
  if (READS.has(name)) return KNOWN;
  if (!WRITES.has(name)) return UNKNOWN;
  call.writes(folder, true);
  const takesPath =
    name === 'apply' || name === 'am' || name === 'worktree' || name === 'init' || name === 'hash-object';
  if (takesPath)
    for (const arg of args)
      if (!arg.lead.startsWith('-')) call[name === 'worktree' || name === 'init' ? 'writes' : 'reads'](arg, true);
  for (const [at, { value }] of args.entries())
    if ((value === '-F' || value === '--file') && args[at + 1] !== undefined) call.reads(args[at + 1] as Arg);
  if (args.some(({ value }) => value?.startsWith('--unsafe') === true)) call.unresolved('writes');
  if (name === 'remote') for (const arg of args) if (isUrl(arg) || remoteOf(arg) !== undefined) host(call, arg);
  return KNOWN;
}

/** Whether a word is the message behind `-m`, which is no option whatever it says. */
function isMessage({ many }: Arg, before: Arg | undefined): boolean {
  return !many && /^(?:-[a-z]*m|--message)$/.test(before?.value ?? '');
}

function config(call: Call, args: readonly Arg[]): Outcome {
  const words = args.filter(
    ({ lead }) =>
      !/^--(?:global|local|system|worktree|null|type=\w+|bool|int|show-origin|show-scope|name-only)$/.test(lead),
  );
  const [first, ...rest] = words;
  call.unresolved('reads');
  if (/^(?:-l|--list|--get|--get-all|--get-regexp|get|list)$/.test(first?.value ?? '')) return KNOWN;
  const key = first?.value === 'set' ? rest[0] : first;
  if (key?.value !== undefined && words.length === 1 && !key.value.startsWith('-')) return KNOWN;
  if (key?.value === undefined || !KEYS.test(key.value) || words.some(mayBeOption))
    call.refuse('this setting of git can run a program', key);
  call.unresolved('writes');
  return KNOWN;
}

function reach(call: Call, name: string, args: readonly Arg[], folder: Arg): Outcome {
  const operands = args.filter(({ lead }) => !lead.startsWith('-'));
  for (const arg of args) if (/^[\w+.-]+::/.test(arg.lead)) call.refuse('this address starts a program', arg);
  if (name !== 'ls-remote') call.writes(folder, true);
  if (name === 'submodule') {
    if (!['update', 'init', 'status', 'sync', 'add'].includes(operands[0]?.value ?? ''))
      call.refuse('git submodule can run a program');
    call.hostNamed(undefined);
    return KNOWN;
  }
  const address = operands.find((arg) => isUrl(arg) || remoteOf(arg) !== undefined || /^[./~]/.test(arg.lead));
  if (address === undefined || name === 'push' || name === 'pull' || name === 'fetch')
    call.hostNamed(address && hostText(address));
  else host(call, address);
  if (name !== 'clone') return KNOWN;
  if (operands.some((arg) => arg.many)) call.unresolved('writes');
  const after = operands[operands.indexOf(address as Arg) + 1];
  if (after !== undefined) call.writes(after, true);
  return KNOWN;
}

const hostText = (arg: Arg): string | undefined => (isUrl(arg) ? hostOfUrl(arg) : remoteOf(arg));

function host(call: Call, arg: Arg): void {
  if (isUrl(arg) && /^file:/i.test(arg.lead)) call.unresolved('reads');
  else if (isUrl(arg)) call.host(arg);
  else if (remoteOf(arg) !== undefined) call.hostNamed(remoteOf(arg));
  else call.reads(arg, true);
}
