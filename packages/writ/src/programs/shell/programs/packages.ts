import { hostOfUrl, isUrl } from '../effects/hosts.js';
import { type Arg, literal, mayBeOption } from '../syntax/arg.js';
import { type Call, KNOWN, type Outcome, type ProgramReader, UNKNOWN } from './call.js';

/** A package manager as data: its subcommands by what they do. */
interface Manager {
  readonly installs: string;
  /** Subcommands that run scripts of the project. */
  readonly runs?: string;
  /** Subcommands that run a package, or a program of one. */
  readonly executes?: string;
  /** Subcommands that only say something, or change files of the project. */
  readonly plain?: string;
  /** Options with values that are no packages. */
  readonly values?: string;
  /** Options with addresses. */
  readonly hosts?: string;
  readonly files?: string;
  /** The manager installs if there is no subcommand. */
  readonly isInstaller?: boolean;
  /** The subcommand may have a second word: `uv pip install`. */
  readonly nested?: string;
}

const NPM: Manager = {
  installs: 'install i add ci update up upgrade isntall in ins install-test it dedupe audit rebuild link import fetch',
  runs: 'run run-script test t tst start stop restart build dev lint pack version publish prepare',
  executes: 'exec x dlx create init',
  plain:
    'ls list ll la view info show v outdated why explain root prefix bin ping whoami search uninstall remove rm un help doctor fund prune query store pkg cache ls-remote licenses',
  values: '--prefix -C --dir --filter -F --workspace -w --cwd --loglevel --tag --omit --include --cache --userconfig',
  hosts: '--registry',
};
const PIP: Manager = {
  installs: 'install download wheel',
  plain: 'list show freeze check uninstall help inspect debug cache config index',
  values:
    '-t --target --prefix --root --python --timeout --retries --proxy --cache-dir --log --no-binary --only-binary --platform --python-version --progress-bar --upgrade-strategy',
  hosts: '-i --index-url --extra-index-url --find-links -f --trusted-host --default-index --index',
  files: '-r --requirement -c --constraint -e --editable',
};
const APT: Manager = {
  installs: 'install upgrade dist-upgrade full-upgrade update build-dep reinstall download source',
  plain: 'list search show policy remove purge autoremove clean autoclean depends rdepends moo',
  values: '-o --option -t --target-release -c --config-file',
};
const MANAGERS: Readonly<Record<string, Manager>> = {
  ...same('npm pnpm yarn', { ...NPM }),
  bun: NPM,
  ...same('pip pip3', PIP),
  uv: {
    ...PIP,
    installs: `${PIP.installs} add sync lock compile`,
    nested: 'pip tool',
    plain: `${PIP.plain} remove tree init venv version build`,
    executes: 'run',
  },
  poetry: {
    installs: 'install add update lock',
    plain: 'show check remove version env config init new build',
    executes: 'run',
    values: '--group -G -E --extras',
  },
  pipx: { installs: 'install upgrade inject', plain: 'list uninstall', executes: 'run' },
  conda: {
    installs: 'install create update',
    plain: 'list info remove search activate deactivate',
    executes: 'run',
    values: '-n --name -c --channel -f --file -p --prefix',
  },
  ...same('apt apt-get', APT),
  ...same('apk dnf yum', { installs: 'add install upgrade update', plain: 'list search info del remove' }),
  pacman: { installs: '-S -Sy -Syu', plain: '-Q -Qs -Ss -R' },
  brew: {
    installs: 'install upgrade update reinstall tap',
    plain: 'list info search uninstall outdated deps doctor cleanup',
  },
  cargo: {
    installs: 'add install fetch update generate-lockfile',
    runs: 'build b run r test t check c bench doc clippy fmt fix rustc nextest',
    plain: 'tree metadata search remove clean version locate-project uninstall new init',
    values:
      '-p --package --features --target --manifest-path --bin --example --test -j --jobs --profile --color --target-dir --message-format -F --version --git --branch --tag --rev --path',
  },
  go: {
    installs: 'get install',
    runs: 'build run test vet generate tool',
    plain: 'version env list fmt doc clean help fix mod work',
    values: '-o -tags -run -count -timeout -ldflags -gcflags -cover -coverprofile -bench -mod -p -C -parallel',
  },
  ...same('gem', {
    installs: 'install update fetch',
    plain: 'list search info uninstall environment',
    values: '-v --version',
    hosts: '-s --source',
  }),
  bundle: { installs: 'install update add lock', plain: 'list show outdated check info config', executes: 'exec' },
  composer: {
    installs: 'install update require create-project',
    runs: 'run-script run test dump-autoload',
    plain: 'show info outdated validate remove',
    values: '-d --working-dir',
  },
  dotnet: {
    installs: 'restore add',
    runs: 'build run test publish watch pack',
    plain: 'list sln new clean --version --info format',
  },
};

function same(names: string, manager: Manager): Record<string, Manager> {
  return Object.fromEntries(names.split(' ').map((name) => [name, manager]));
}

const has = (names: string | undefined, name: string): boolean => (names ?? '').split(' ').includes(name);

/** Options of a manager that run a program, or read what runs one. */
const RUNS =
  /^--?(?:config|toolexec|exec|script-shell|node-options|nodedir|ignore-pnpmfile|hooks?-dir|call|c|allow-build|run|wrapper|gcc|Z)(?:=|$)/;

function manager(name: string, spec: Manager): ProgramReader {
  return (call) => {
    const { args } = call;
    let index = 0;
    for (; index < args.length && args[index]?.lead.startsWith('-') === true; index += 1) {
      const { value = '' } = args[index] as Arg;
      if (has(spec.installs, value) || has(spec.plain, value)) break;
      if (has(spec.values, value)) index += 1;
    }
    let chosen = args[index];
    if (chosen === undefined) return noSubcommand(call, name);
    if (chosen.value === undefined)
      return call.refuse(`the text does not say which subcommand of ${name} this is`, chosen);
    if (has(spec.nested, chosen.value)) {
      index += 1;
      chosen = args[index] ?? chosen;
    }
    const subcommand = chosen.value ?? '';
    const rest = args.slice(index + 1);
    return { ...subcommandOf(call, { name, spec, subcommand, rest, all: args }), subcommand };
  };
}

function noSubcommand(call: Call, name: string): Outcome {
  // `yarn` alone installs what the project names.
  if (name === 'yarn' && call.args.length === 0) {
    call.package({ manager: name, names: [], unresolved: true });
    call.hostNamed(undefined);
    call.writes(literal('.', call.pos), true);
    call.interpreter({ from: 'package' });
  }
  return KNOWN;
}

interface Subcommand {
  readonly name: string;
  readonly spec: Manager;
  readonly subcommand: string;
  readonly rest: readonly Arg[];
  readonly all: readonly Arg[];
}

function subcommandOf(call: Call, { name, spec, subcommand, rest, all }: Subcommand): Outcome {
  const own = all.slice(0, all.findIndex(({ value }) => value === '--') >>> 0);
  const run = own.find(({ lead }) => RUNS.test(lead));
  if (has(spec.executes, subcommand)) return execute(call, name, rest);
  if (
    has(spec.runs, subcommand) ||
    (name === 'yarn' && !has(spec.installs, subcommand) && !has(spec.plain, subcommand))
  ) {
    call.interpreter({ from: 'file' });
    return KNOWN;
  }
  if (has(spec.installs, subcommand)) {
    if (run !== undefined) call.refuse(`this option of ${name} can run a program`, run);
    install(call, name, spec, rest);
    return KNOWN;
  }
  if (!has(spec.plain, subcommand)) return UNKNOWN;
  call.reads(literal('.', call.pos), true);
  call.writes(literal('.', call.pos), true);
  call.hostNamed(undefined);
  return run === undefined ? KNOWN : UNKNOWN;
}

/** Records packages, the hosts they come from, and that their scripts run. */
function install(call: Call, name: string, spec: Manager, rest: readonly Arg[]): void {
  const names: string[] = [];
  let unresolved = false;
  for (let index = 0; index < rest.length; index += 1) {
    const arg = rest[index] as Arg;
    const option = /^(--?[\w-]+)(=)?/.exec(arg.lead);
    if (option !== null) {
      const [, flag = '', equals] = option;
      const value =
        equals === undefined
          ? rest[index + 1]
          : { ...arg, value: arg.value?.slice(option[0].length), lead: arg.lead.slice(option[0].length) };
      const takes = has(spec.values, flag) || has(spec.hosts, flag) || has(spec.files, flag);
      if (takes && equals === undefined) index += 1;
      if (has(spec.hosts, flag)) call.hostNamed(value?.value);
      if (has(spec.files, flag) && value !== undefined) call.reads(value, true);
      if (has(spec.files, flag)) unresolved = true;
    } else if (isUrl(arg)) {
      call.hostNamed(hostOfUrl(arg));
      names.push(arg.value ?? arg.lead);
    } else {
      if (arg.value === undefined || mayBeOption(arg)) unresolved = true;
      else names.push(arg.value);
      if (/^[./~]/.test(arg.lead) || arg.base !== undefined) call.reads(arg, true);
    }
  }
  // Without names the files of the project say which.
  call.package({ manager: name, names, unresolved: unresolved || names.length === 0 });
  call.hostNamed(undefined);
  call.reads(literal('.', call.pos), true);
  call.writes(literal('.', call.pos), true);
  call.interpreter({ from: 'package' });
}

/** Reads `npm exec NAME`, `uv run NAME` and their kin: a program of a package, or of the system. */
function execute(call: Call, name: string, rest: readonly Arg[]): Outcome {
  const words = rest.filter(({ value }) => value !== '--');
  const at = words.findIndex(({ lead }) => !lead.startsWith('-'));
  const options = words.slice(0, at === -1 ? undefined : at);
  if (
    options.some(
      ({ value }) =>
        !/^(?:-y|--yes|--no|--no-install|-q|--quiet|-s|--silent|--frozen|--locked|--no-sync|--prefer-offline|--bun|--no-dev)$/.test(
          value ?? '',
        ),
    )
  )
    call.refuse(`this option of ${name} can run a program`, options[0]);
  const program = words[at];
  if (program?.value === undefined) return call.refuse('the text does not say which program this is', program);
  call.interpreter({ from: 'package', code: program.value });
  if (['uv', 'poetry', 'bundle', 'conda'].includes(name)) call.run(words.slice(at));
  else {
    call.package({ manager: name, names: [program.value], unresolved: false });
    call.hostNamed(undefined);
  }
  return KNOWN;
}

export const PACKAGES: readonly (readonly [string, ProgramReader])[] = [
  ...Object.entries(MANAGERS).map(([name, spec]) => [name, manager(name, spec)] as const),
  ...['npx', 'bunx', 'pnpx', 'uvx'].map(
    (name) => [name, ((call) => execute(call, name, call.args)) as ProgramReader] as const,
  ),
];
