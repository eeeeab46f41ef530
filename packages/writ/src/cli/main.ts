import { Command, CommanderError, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import { WritError } from '../lib/errors.js';
import { accessCommands } from './access-commands.js';
import { CLIENTS } from './clients/known.js';
import type { DoctorFlags } from './doctor.js';
import type { EndorseFlags } from './endorse.js';
import { EXIT, type ExitCode, type Run } from './exit.js';
import type { ExplainFlags } from './explain.js';
import type { GuardFlags } from './guard.js';
import type { GuardInstallFlags } from './guard-install.js';
import type { InitFlags } from './init.js';
import type { KeyFlags } from './key.js';
import type { LedgerFlags } from './ledger.js';
import { logCommands } from './log-commands.js';
import { complain } from './output.js';
import { registryCommands } from './registry-commands.js';
import type { ReplayFlags } from './replay-trace.js';
import type { SchemaFlags } from './schema.js';
import type { StartFlags } from './start.js';
import type { StartTaskFlags, TaskFlags } from './task.js';
import type { InspectFlags } from './token.js';

const SERVICE_PORT = 7465;
const GATEWAY_PORT = 7466;

const program = new Command('writ')
  .description('Decides, before it happens, whether an action by a non-human identity may happen.')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(pc.red(text)) });

let exit: ExitCode = EXIT.ok;
const run: Run = async (verb) => {
  exit = await verb();
};

program
  .command('start')
  .description('serve a bundle: the decision point, and the gateway in front of its MCP servers')
  .requiredOption('--bundle <dir>', 'the bundle to serve')
  .option('--data <dir>', 'where the store and the keys are', './data')
  .option('--store <url>', 'a PostgreSQL database instead of SQLite; or WRIT_STORE in the environment')
  .option('--follow', 'follow the service that keeps the ledger on that database; decides what needs none')
  .option('--port <n>', 'port of the service; 0 for any', port, SERVICE_PORT)
  .option('--gateway-port <n>', 'port of the gateway on 127.0.0.1; 0 for any', port, GATEWAY_PORT)
  .option('--host <address>', 'address that the service listens on (127.0.0.1)')
  .option('--public-url <url>', 'where callers reach the service, behind a proxy or under a name')
  .option('--tls-cert <file>', "the service's certificate, PEM")
  .option('--tls-key <file>', 'its key, PEM')
  .option(
    '--tls-client-ca <file>',
    'the authority of client certificates, for callers that prove themselves by mutual TLS',
  )
  .option('--log-level <level>', 'fatal, error, warn, info, debug', 'info')
  .option('--log-origin <name>', 'the name of the log of records, as audit.example.com/writ; it keeps it for good')
  .option('--new-log-key', 'sign the log with a new key from now on, because the old one is lost')
  .action((flags: StartFlags) => run(async () => (await import('./start.js')).start(flags)));

const guarding = program
  .command('guard')
  .description('run an MCP server over stdio so that a running service decides every call')
  .argument('<command...>', 'the server to run, after --')
  .option('--for <entity>', 'on whose behalf, as in User::"ana"')
  .option('--agent <entity>', 'the agent at work, as in Agent::"support-bot"')
  .option('--service <url>', 'the decision point', `http://127.0.0.1:${SERVICE_PORT}`)
  .option('--key-file <file>', 'the key of the enforcement point', './data/keys/default.key')
  .option('--bundle <dir>', 'take the mappings of this bundle')
  .option('--data <dir>', 'what ${data} stands for in the bundle', './data')
  .option(
    '--server <name>',
    'the name of the server, in the mappings (server, when it is not given) and for `writ tools`',
  )
  .option('--prompt', 'believe the client what its user asked for (dev.writ/prompt)')
  .option(
    '--declared-mappings',
    'believe the server how its tools are to be decided (x-authzen-mapping), also where the service keeps no tools',
  )
  .action((command: [string, ...string[]], flags: GuardFlags) =>
    run(async () => (await import('./guard.js')).guard(command, flags)),
  );
guarding
  .command('install')
  .description('put the guard before the MCP servers of the clients on this machine')
  .option('--client <name...>', `only of these: ${CLIENTS.join(', ')}`)
  .option('--config <file>', 'of this file instead')
  .option('--only <server...>', 'only before these servers')
  .option('--undo', 'take the guard away again')
  .option('--dry-run', 'say what would change, and change nothing')
  .addHelpText(
    'after',
    '\nWith the options of `writ guard` that it is to have: --for, --agent, --service, --key-file, --bundle.',
  )
  .option('--json', 'print JSON')
  // The others are those of guard: where they stand does not matter.
  .action((_flags: unknown, command: Command) =>
    run(async () => (await import('./guard-install.js')).guardInstall(command.optsWithGlobals<GuardInstallFlags>())),
  );

program
  .command('init')
  .description('draft a bundle for the tools of an MCP server, and say what was guessed')
  .argument('<bundle>', 'the folder to write it to')
  .argument('[command...]', 'the server to ask for its tools, after --')
  .option('--tools <file>', 'a file with the answer of tools/list instead; - for standard input')
  .option('--recorded <time>', 'permit only what a running service permitted in that time, as in 1h')
  .option('--service <url>', 'that service; its gateway says which tools there are', `http://127.0.0.1:${SERVICE_PORT}`)
  .option('--key-file <file>', 'the key of an administrator of it', './data/keys/admin.key')
  .option('--json', 'print JSON')
  .action((bundle: string, command: string[], flags: InitFlags) =>
    run(async () => (await import('./init.js')).init(bundle, command, flags)),
  );

program
  .command('doctor')
  .description('look at the machine, a bundle and its servers, the service and the clients, and say what is wrong')
  .option('--bundle <dir>', 'the bundle; its servers are started, and stopped again')
  .option('--data <dir>', 'where the store and the keys are', './data')
  .option('--service <url>', 'the service', `http://127.0.0.1:${SERVICE_PORT}`)
  .option('--gateway <url>', 'its gateway', `http://127.0.0.1:${GATEWAY_PORT}/mcp`)
  .option('--key-file <file>', 'the key of an enforcement point; that in --data when it is not given')
  .option('--json', 'print JSON')
  .action((flags: DoctorFlags) => run(async () => (await import('./doctor.js')).doctor(flags)));

program
  .command('schema')
  .description('write the part of a schema that follows from something else')
  .command('from-mcp')
  .description('the types of the arguments of MCP tools, and their actions, for policies to be checked against')
  .argument('[bundle]', 'the bundle; without one, for a schema with User and Agent')
  .argument('[command...]', 'the server to ask for its tools, after --; those of the bundle when it is not given')
  .option('--tools <file>', 'a file with the answer of tools/list instead; - for standard input')
  .option('--write', 'put it into the schema of the bundle, in the place of what was generated before')
  .option('--check', 'say whether the schema of the bundle is up to date; exit code 1 when it is not')
  .option('--data <dir>', 'what ${data} stands for in the bundle', './data')
  .option('--json', 'print JSON')
  .action((bundle: string | undefined, command: string[], flags: SchemaFlags) =>
    run(async () => (await import('./schema.js')).schemaFromMcp(bundle, command, flags)),
  );

program
  .command('check')
  .description('parse, type-check and lint a bundle')
  .argument('<bundle>', 'the folder of the bundle')
  .option('--json', 'print JSON')
  .action((bundle: string, flags: { json?: boolean }) =>
    run(async () => (await import('./check.js')).check(bundle, flags)),
  );

program
  .command('test')
  .description("run a bundle's tests")
  .argument('<bundle>', 'the folder of the bundle')
  .option('--json', 'print JSON')
  .action((bundle: string, flags: { json?: boolean }) =>
    run(async () => (await import('./test.js')).test(bundle, flags)),
  );

program
  .command('decide')
  .description('decide one AuthZEN request on a bundle, without a service')
  .argument('<bundle>', 'the folder of the bundle')
  .argument('<request>', 'a file with the request, or - for standard input')
  .option('--json', 'print JSON')
  .action((bundle: string, file: string, flags: { json?: boolean }) =>
    run(async () => (await import('./decide.js')).decide(bundle, file, flags)),
  );

program
  .command('replay-trace')
  .description('decide recorded tasks again, call by call, as the gateway would')
  .requiredOption('--bundle <dir>', 'the bundle to decide with')
  .requiredOption('--trace <file>', 'a task a line, as JSON; - for standard input')
  .option('--approve', 'approve whatever a person would be asked, and endorse its values')
  .option('--together', 'one ledger for all tasks; otherwise each begins with an empty one')
  .option('--json', 'print JSON')
  .action((flags: ReplayFlags) => run(async () => (await import('./replay-trace.js')).replayTrace(flags)));

program
  .command('explain')
  .description('tell why a decision was made, from its record')
  .argument('<id>', 'the id of the decision')
  .option('--data <dir>', 'where the store is', './data')
  .option('--store <url>', 'the PostgreSQL database, when it is one; or WRIT_STORE in the environment')
  .option('--json', 'print JSON')
  .option(
    '--bundle <dir>',
    'the bundle whose policies are looked into; the one that was served last when it is not given',
  )
  .action((id: string, flags: ExplainFlags) => run(async () => (await import('./explain.js')).explain(id, flags)));

program
  .command('token')
  .description('look at transaction tokens')
  .command('inspect')
  .description("show a token's path as a tree, verified or why not")
  .argument('<token>', 'the token, or - for standard input')
  .option('--service <url>', 'the service whose keys verify it', `http://127.0.0.1:${SERVICE_PORT}`)
  .option('--key-file <file>', "an administrator's key, to read the keys of links with")
  .option('--json', 'print JSON')
  .action((token: string, flags: InspectFlags) =>
    run(async () => (await import('./token.js')).inspectToken(token, flags)),
  );

const task = program.command('task').description('start, look at and end tasks');
task
  .command('start')
  .description('exchange a credential for the first token of a task')
  .requiredOption(
    '--credential <file>',
    'the credential of who it is for: an access token or key; - for standard input',
  )
  .requiredOption('--scope <scope>', 'what it is for; it chooses the kind of task')
  .requiredOption('--audience <domain>', 'the trust domain of the bundle, as in shop.example')
  .option('--details <json>', 'what it may do at most, as authorization_details; @file for a file')
  .option('--json', 'print JSON')
  .action((flags: StartTaskFlags) => run(async () => (await import('./task.js')).startTask(flags)));
task
  .command('list')
  .description('the tasks that you may see, the newest first')
  .option('--json', 'print JSON')
  .action((flags: TaskFlags) => run(async () => (await import('./task.js')).listTasks(flags)));
task
  .command('show')
  .description('for whom a task is, what it may do, and what it has used up')
  .argument('<txn>', 'the id of the task')
  .option('--json', 'print JSON')
  .action((txn: string, flags: TaskFlags) => run(async () => (await import('./task.js')).showTask(txn, flags)));
task
  .command('end')
  .description('take everything from a task that it was given')
  .argument('<txn>', 'the id of the task')
  .requiredOption('--reason <text>', 'why; it goes on the record')
  .option('--json', 'print JSON')
  .action((txn: string, flags: TaskFlags & { reason: string }) =>
    run(async () => (await import('./task.js')).endTask(txn, flags)),
  );

const key = program.command('key').description('register the public keys that identities sign delegation links with');
key
  .command('add')
  .description('register a public key as that of an identity')
  .argument('<file>', 'the key as JWK: EC on P-256 or Ed25519; - for standard input')
  .requiredOption('--identity <entity>', 'whose it is, as in Agent::"planner"')
  .option('--json', 'print JSON')
  .action((file: string, flags: KeyFlags & { identity: string }) =>
    run(async () => (await import('./key.js')).addKey(file, flags)),
  );
key
  .command('list')
  .description('which identity signs with which key')
  .option('--json', 'print JSON')
  .action((flags: KeyFlags) => run(async () => (await import('./key.js')).listKeys(flags)));
key
  .command('remove')
  .description('make everything that a key signed worth nothing')
  .argument('<thumbprint>', 'the thumbprint of the key (RFC 7638)')
  .option('--json', 'print JSON')
  // One thumbprint in 64 begins with a dash, and one in 4,096 with -h.
  .helpOption('--help', 'display help for command')
  .allowUnknownOption()
  .action((thumbprint: string, flags: KeyFlags) =>
    run(async () => (await import('./key.js')).removeKey(thumbprint, flags)),
  );

program
  .command('endorse')
  .description('say that the values of a call that was stopped are right, for the rest of its task')
  .argument('<id>', 'the id of the decision')
  .requiredOption('--reason <text>', 'why; it goes on the record')
  .option('--service <url>', 'the service', `http://127.0.0.1:${SERVICE_PORT}`)
  .option('--key-file <file>', 'the key of an administrator', './data/keys/admin.key')
  .action((id: string, flags: EndorseFlags) => run(async () => (await import('./endorse.js')).endorse(id, flags)));

accessCommands(program, run, `http://127.0.0.1:${SERVICE_PORT}`);
logCommands(program, run, `http://127.0.0.1:${SERVICE_PORT}`, port);
registryCommands(program, run, `http://127.0.0.1:${SERVICE_PORT}`);

const ledger = program.command('ledger').description('look at what has been done so far');
ledger
  .command('show')
  .description('what the accumulators say of a task, or of whoever acts, is acted for or acted on')
  .option('--task <txn>', 'the id of a task')
  .option('--actor <entity>', 'who acts, as in Agent::"planner"')
  .option('--originator <entity>', 'for whom, as in User::"ana"')
  .option('--resource <entity>', 'on what, as in Order::"17"')
  .option('--json', 'print JSON')
  .action((flags: LedgerFlags) => run(async () => (await import('./ledger.js')).showLedger(flags)));

for (const [verb, caller] of [
  [task, 'default'],
  [key, 'admin'],
  [ledger, 'admin'],
] as const) {
  for (const command of verb.commands) {
    command
      .option('--service <url>', 'the service', `http://127.0.0.1:${SERVICE_PORT}`)
      .option('--key-file <file>', 'the key of a caller of it', `./data/keys/${caller}.key`);
  }
}

function port(text: string): number {
  if (!/^[0-9]{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError('a port is a number from 0 to 65535.');
  return Number(text);
}

// A service goes on when nobody reads what it prints any more.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

try {
  await program.parseAsync();
} catch (error) {
  exit = failure(error);
}
process.exitCode = exit;

/** By its name: to load its class would load the engine, for every verb. */
function isCedarError(error: unknown): error is Error & { readonly help?: string } {
  return error instanceof Error && error.name === 'CedarError';
}

function failure(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.wrongUse;
  if (error instanceof WritError || isCedarError(error)) {
    complain(`${pc.red('error')} ${error.message}${error.help === undefined ? '' : `\n      ${error.help}`}`);
    return error instanceof WritError && error.code === 'bundle_invalid' ? EXIT.notSo : EXIT.wrongUse;
  }
  if (error instanceof Error && 'code' in error) {
    const code = String(error.code);
    complain(
      `${pc.red('error')} ${error.message}${code === 'EADDRINUSE' ? '\n      choose another port with --port or --gateway-port' : ''}`,
    );
    return EXIT.wrongUse;
  }
  throw error;
}
