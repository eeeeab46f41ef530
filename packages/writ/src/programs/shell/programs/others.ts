import { isUrl } from '../effects/hosts.js';
import { type Arg, literal, mayBeOption, restOf } from '../syntax/arg.js';
import { type Call, KNOWN, type ProgramReader, UNKNOWN } from './call.js';
import { docker } from './containers.js';
import { grammar, readOptions } from './options.js';
import { reader } from './spec.js';

const TAR = grammar(`A c d r t u x f= C= v z j J k p P O h m S W a B g= H= b= T= X= V= s i I= F= M U w L= N= K= n R l o
  create extract get list append update file= directory= verbose gzip gunzip bzip2 xz zstd exclude= exclude-from= files-from=
  strip-components= transform= xform= to-stdout keep-old-files overwrite no-same-owner same-permissions preserve-permissions
  absolute-names dereference auto-compress wildcards exclude-vcs owner= group= mode= mtime= sort= numeric-owner one-file-system
  checkpoint-action= use-compress-program= to-command= info-script= new-volume-script= rsh-command= rmt-command= checkpoint? null`);
const TAR_RUNS = [
  'checkpoint-action',
  'use-compress-program',
  'to-command',
  'info-script',
  'new-volume-script',
  'rsh-command',
  'rmt-command',
  'I',
  'F',
];

const tar: ProgramReader = (call) => {
  const [first, ...others] = call.args;
  // Old options have no dash, and take their values from the words behind them in turn.
  const isOld = first?.value !== undefined && !first.value.startsWith('-');
  if (isOld && [...first.value].filter((letter) => TAR.get(letter) === 'value').length > 1)
    call.refuse('these options of tar are not understood', first);
  const old = isOld
    ? [...first.value].sort((a, b) => Number(TAR.get(a) === 'value') - Number(TAR.get(b) === 'value')).join('')
    : '';
  const args = isOld ? [literal(`-${old}`, first.pos), ...others] : call.args;
  const { options, operands, values, has, strange, loose } = readOptions(args, TAR);
  const run = options.find(({ name }) =>
    TAR_RUNS.some((full) => full === name || (name.length > 1 && full.startsWith(name))),
  );
  if (run !== undefined) call.refuse(`the option ${run.name} of tar runs a program`);
  if (loose !== undefined) call.refuse('this can be an option of tar that runs a program', loose);
  if (strange !== undefined) return UNKNOWN;
  const archives = values('f', 'file').filter(({ value }) => value !== '-');
  for (const arg of archives)
    if (arg.lead.includes(':') || arg.value === undefined) call.hostNamed(arg.value?.split(':')[0]);
  for (const arg of values('T', 'files-from', 'X', 'exclude-from')) call.reads(arg);
  const folders = values('C', 'directory');
  const isWritten = has('c', 'create', 'r', 'append', 'u', 'update', 'A');
  for (const arg of archives) call[isWritten ? 'writes' : 'reads'](arg);
  if (isWritten) {
    if (has('T', 'files-from')) call.unresolved('reads');
    if (folders.length > 0) for (const arg of folders) call.reads(arg, true);
    else for (const arg of operands) call.reads(arg, true);
    if (folders.length > 0 && operands.some(({ lead }) => /^\/|\.\./.test(lead))) call.unresolved('reads');
  } else if (has('x', 'extract', 'get') && !has('O', 'to-stdout')) {
    for (const arg of folders.length > 0 ? folders : [literal('.', call.pos)]) call.writes(arg, true);
    if (has('P', 'absolute-names', 'transform', 'xform')) call.unresolved('writes');
  }
  return KNOWN;
};

const unzip: ProgramReader = (call) => {
  const { operands, values, has, strange, loose } = readOptions(call.args, grammar('d= o n q l t v p j u f x= Z'));
  if (strange !== undefined || loose !== undefined) return UNKNOWN;
  if (operands[0] !== undefined) call.reads(operands[0]);
  if (!has('l', 't', 'v', 'p', 'Z'))
    for (const arg of values('d').length > 0 ? values('d') : [literal('.', call.pos)]) call.writes(arg, true);
  return KNOWN;
};

const dd: ProgramReader = (call) => {
  for (const arg of call.args) {
    const [, name = ''] = /^(\w+)=/.exec(arg.lead) ?? [];
    if (name === 'if') call.reads(restOf(arg, 3));
    else if (name === 'of') call.writes(restOf(arg, 3));
    else if (name === '') return UNKNOWN;
  }
  return KNOWN;
};

const PSQL =
  grammar(`a A b c= d= e E f= F= h= H l L= n o= p= P= q R= s S t T= U= v= w W x X z 0 1 command= dbname= file= host= port=
  username= no-psqlrc tuples-only no-align quiet output= log-file= set= variable= single-transaction csv expanded echo-all list no-password html version field-separator= record-separator= pset=`);

const psql: ProgramReader = (call) => {
  const { operands, values, has, strange, loose } = readOptions(call.args, PSQL);
  if (strange !== undefined) call.refuse('this option of psql is not understood', strange);
  if (loose !== undefined) call.refuse('this can be an option of psql that runs a program', loose);
  for (const arg of values('o', 'output', 'L', 'log-file')) {
    if (arg.value === undefined || /^\s*\|/.test(arg.value)) call.refuse('psql starts a program with this', arg);
    call.writes(arg);
  }
  for (const arg of values('h', 'host')) if (arg.value?.startsWith('/') !== true) call.hostNamed(arg.value);
  for (const arg of [...values('d', 'dbname'), ...operands.slice(0, 1)]) connection(call, arg);
  const texts = values('c', 'command');
  for (const arg of texts) sql(call, arg.value, arg);
  const files = values('f', 'file');
  for (const arg of files) {
    call.reads(arg);
    call.interpreter({ from: 'file', ...(arg.value !== undefined && { code: arg.value }) });
  }
  if (texts.length > 0 || files.length > 0 || has('l', 'list', 'version')) return KNOWN;
  if (call.input.from === 'text') sql(call, has('v', 'set', 'variable') ? undefined : call.input.text);
  else {
    call.interpreter({ from: 'input' });
    if (call.input.from === 'tool') call.interactive();
  }
  return KNOWN;
};

/** Records a text of SQL; the commands of psql in it start programs and write files. */
function sql(call: Call, text: string | undefined, arg?: Arg): void {
  if (text === undefined) call.refuse('the text does not say which SQL this is', arg);
  if (text.includes('\\')) call.refuse('psql starts programs with a backslash', arg);
  call.sql(text);
}

function connection(call: Call, arg: Arg): void {
  if (isUrl(arg)) {
    call.host(arg);
    if (/[?&](?:host|hostaddr|service)/.test(arg.value ?? '?host')) call.hostNamed(undefined);
  } else if (arg.value === undefined || arg.value.includes('='))
    call.hostNamed(/^host=([\w.-]+)$/.exec(arg.value ?? '')?.[1]);
}

const sqlite: ProgramReader = (call) => {
  const { operands, loose } = readOptions(
    call.args,
    grammar('header noheader csv json column line list readonly bail batch separator= cmd='),
    true,
  );
  if (loose !== undefined) call.refuse('this can be an option of sqlite3 that runs a program', loose);
  const [database, ...texts] = operands;
  if (database !== undefined) call.writes(database);
  const code = texts[0]?.value;
  if (
    call.args.some(
      ({ value }) =>
        value !== undefined &&
        /^\s*\./.test(value) &&
        !/^\.(?:tables|schema|dump|indexes|databases)\b[\w\s]*$/.test(value.trim()) &&
        value !== database?.value,
    )
  )
    call.refuse('commands of sqlite3 can start programs');
  if (texts.length > 0) call.interpreter({ from: 'text', ...(code !== undefined && { code }) });
  else {
    call.interpreter({ from: 'input' });
    if (call.input.from === 'tool') call.interactive();
    else if (call.input.from !== 'text' || /^\s*\./m.test(call.input.text))
      call.refuse('commands of sqlite3 can start programs');
  }
  return KNOWN;
};

/** Clients of servers that run what they are given. */
function client(hosts: readonly string[], codes: readonly string[]): ProgramReader {
  return (call) => {
    const { args } = call;
    const valuesOf = (names: readonly string[]): Arg[] =>
      args.flatMap((arg, index) =>
        names.includes(arg.value ?? '') && args[index + 1] !== undefined ? [args[index + 1] as Arg] : [],
      );
    for (const arg of valuesOf(hosts)) call.hostNamed(arg.value);
    if (
      args.some(({ lead }) => /^-h./.test(lead) || lead.startsWith('--host=')) ||
      args.some((arg) => isUrl(arg) || mayBeOption(arg))
    )
      call.hostNamed(undefined);
    const [code] = valuesOf(codes);
    call.interpreter({
      from: code === undefined ? 'input' : 'text',
      ...(code?.value !== undefined && { code: code.value }),
    });
    if (code === undefined && call.input.from === 'tool' && call.name !== 'redis-cli') call.interactive();
    return UNKNOWN;
  };
}

const gh: ProgramReader = (call) => {
  const [first, second] = call.args;
  const subcommand = [first?.value, second?.value]
    .filter((word) => word !== undefined && !word.startsWith('-'))
    .join(' ');
  if (first?.value === undefined || call.args.some(mayBeOption)) return UNKNOWN;
  call.hostNamed(call.args.some(({ lead }) => /^--hostname/.test(lead)) ? undefined : 'github.com');
  for (const [index, { value }] of call.args.entries())
    if (/^(?:-F|--body-file|--input|--notes-file)$/.test(value ?? '') && call.args[index + 1] !== undefined) {
      const file = call.args[index + 1] as Arg;
      if (file.lead.includes('=')) call.unresolved('reads');
      else if (file.value !== '-') call.reads(file);
    }
  const isKnown =
    /^(?:(?:pr|issue|run|release|repo|workflow|gist|label|search|cache|ruleset) (?:list|view|status|checks|diff|create|comment|close|reopen|edit|merge|review|ready|watch|rerun|cancel)|auth status|api \S+|search \w+|status|--version)$/;
  return { known: isKnown.test(subcommand), subcommand: first.value };
};

/** Programs that run code or settings of the project, whatever their arguments are. */
const PROJECT =
  `make gmake cmake ninja meson bazel gradle gradlew mvn ant sbt rake pytest py.test tsc eslint vitest jest mocha ava playwright cypress
   prettier biome webpack vite rollup esbuild next nuxt turbo nx lerna ruff black isort mypy pyright flake8 pylint coverage pre-commit
   sphinx-build mkdocs alembic flask uvicorn gunicorn celery django-admin rails rspec rubocop gcc g++ cc c++ clang clang++ rustc javac java kotlinc
   ld as ar ts-node swc golangci-lint gofmt rustfmt shellcheck shfmt terraform tofu ansible-playbook helm kubectl pod swift xcodebuild
   xcrun cargo-nextest phpunit artisan mix elixir erl ghc stack cabal dune opam zig`.split(/\s+/);

const project: ProgramReader = (call) => {
  call.interpreter({ from: 'file' });
  call.reads(literal('.', call.pos), true);
  call.writes(literal('.', call.pos), true);
  for (const arg of call.args)
    if (arg.value !== undefined && !arg.value.startsWith('-') && /[/.]/.test(arg.value) && !isUrl(arg))
      call.reads(arg, true);
  return KNOWN;
};

const zip = reader({
  options: 'r q 9 8 7 6 5 4 3 2 1 0 j u m x= i= y @ d f F e T TT= unzip-command=',
  ...{ operands: 'move', runs: 'T TT unzip-command', deep: '*' },
});
const patch = reader({
  options: 'p= i= R N s f b d= o= dry-run input= strip= reverse forward silent directory= output= e ed',
  operands: 'writes',
  reads: 'i input',
  runs: 'e ed',
});

export const OTHERS: readonly (readonly [string, ProgramReader])[] = [
  ['tar', tar],
  ['unzip', unzip],
  ['zip', zip],
  [
    'patch',
    (call) => {
      call.unresolved('writes');
      return patch(call);
    },
  ],
  ['dd', dd],
  ['psql', psql],
  ['sqlite3', sqlite],
  ['mysql', client(['-h', '--host'], ['-e', '--execute'])],
  ['mongosh', client(['--host'], ['--eval'])],
  ['redis-cli', client(['-h', '-u'], ['--eval'])],
  ...['docker', 'podman', 'docker-compose'].map((name) => [name, docker] as const),
  ['gh', gh],
  ...PROJECT.map((name) => [name, project] as const),
];
