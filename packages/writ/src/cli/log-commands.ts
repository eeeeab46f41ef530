import type { Command } from 'commander';
import type { DecisionsFlags } from './decisions.js';
import type { EraseFlags } from './erase.js';
import type { Run } from './exit.js';
import type { VerifyFlags } from './log.js';
import type { ReplayRecordFlags } from './replay.js';
import type { StoreFlags } from './store-to-read.js';
import type { WitnessFlags } from './witness.js';

/** The verbs about the log of records. */
export function logCommands(program: Command, run: Run, service: string, port: (text: string) => number): void {
  const asking = (command: Command): Command =>
    command
      .option('--service <url>', 'the service', service)
      .option('--key-file <file>', 'the key of an administrator or auditor', './data/keys/admin.key')
      .option('--json', 'print JSON');

  asking(program.command('decisions'))
    .description('what was decided, the newest first')
    .option('--since <time>', 'from this time on, or so long ago, as 2h')
    .option('--until <time>', 'before this time')
    .option('--result <result>', 'allow, modify, step_up, defer or deny')
    .option('--identity <entity>', 'on the delegation path, as Agent::"planner"')
    .option('--originator <entity>', 'whom the work was for')
    .option('--task <id>', 'the transaction or the task')
    .option('--session <id>', 'the session')
    .option('--action <name>', 'the action')
    .option('--tool <name>', 'an MCP server, or server/tool')
    .option('--resource <entity>', 'what it was done to')
    .option('--policy <id>', 'a policy that determined it')
    .option('--policy-version <version>', 'the bundle that it was decided with')
    .option('--enforcement-point <name>', 'who asked')
    .option('--limit <n>', 'at most so many', '50')
    .option('--before <id>', 'the page before')
    .option('--follow', 'print them as they are decided')
    .action((flags: DecisionsFlags) => run(async () => (await import('./decisions.js')).decisions(flags)));

  asking(program.command('erase'))
    .description('destroy the key of a person: what is recorded of them can be read no more')
    .argument('<person>', 'as User::"ana"')
    .requiredOption('--reason <text>', 'why; it goes on the record, so do not name the person')
    .action((person: string, flags: EraseFlags) => run(async () => (await import('./erase.js')).erase(person, flags)));

  const reading = (command: Command): Command =>
    command
      .option('--data <dir>', 'where the store is', './data')
      .option('--store <url>', 'the PostgreSQL database, when it is one; or WRIT_STORE in the environment');

  reading(program.command('receipt'))
    .description('the record of a decision with the proof that it is in the log, as one file')
    .argument('<id>', 'the id of the decision')
    .option('--out <file>', 'where to write it; standard output when it is not given')
    .action((id: string, flags: StoreFlags & { out?: string }) =>
      run(async () => (await import('./receipt.js')).receipt(id, flags)),
    );

  reading(program.command('replay'))
    .description('decide what is on the record again with another bundle, and say what would be different')
    .requiredOption('--policy <dir>', 'the other bundle')
    .option('--since <time>', 'from this time on, or so long ago, as 2h')
    .option('--until <time>', 'before this time')
    .option('--json', 'print JSON')
    .action((flags: ReplayRecordFlags) => run(async () => (await import('./replay.js')).replay(flags)));

  const log = program.command('log').description('the log of records: what it came to, copies, proofs');
  reading(log.command('checkpoint'))
    .description('print what the log came to, signed')
    .action((flags: StoreFlags) => run(async () => (await import('./log.js')).printCheckpoint(flags)));
  reading(log.command('export'))
    .description('write the log to a folder in the layout of C2SP tlog-tiles; again, only what is new')
    .argument('<folder>', 'where to write it')
    .action((folder: string, flags: StoreFlags) => run(async () => (await import('./log.js')).exportTo(folder, flags)));
  reading(log.command('verify'))
    .description('verify a receipt, the folder of a log, or the log of a store; says what was changed, and where')
    .argument('[path]', 'a receipt or a folder; the store in --data when it is not given')
    .option('--key <key>', 'the public key of the log, or its file log.pub; that of --data when it is not given')
    .option('--witness <key...>', 'witnesses that must have signed too')
    .option('--since <file>', 'an earlier checkpoint that the log must go on from')
    .option('--json', 'print JSON')
    .action((path: string | undefined, flags: VerifyFlags) =>
      run(async () => (await import('./log.js')).verify(path, flags)),
    );

  program
    .command('witness')
    .description('sign what logs came to, each only when it goes on from what was signed before')
    .requiredOption('--name <name>', 'its name, as witness.example.com/1')
    .requiredOption('--log <key...>', 'the public keys of the logs, or their files log.pub')
    .option('--data <dir>', 'where its key and what it signed are', './witness')
    .option('--host <address>', 'address that it listens on', '127.0.0.1')
    .option('--port <n>', 'port; 0 for any', port, 7467)
    .action((flags: WitnessFlags) => run(async () => (await import('./witness.js')).witness(flags)));
}
