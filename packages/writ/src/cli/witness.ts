import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pc from 'picocolors';
import { parseSigner, type Signer, signerOf } from '../audit/tlog/note.js';
import { serveWitness } from '../audit/witness/serve-witness.js';
import { Witness } from '../audit/witness/witness.js';
import { openDatabase } from '../store/database.js';
import { EXIT, type ExitCode } from './exit.js';
import { print } from './output.js';
import { makeProcessPrivate } from './private-process.js';
import { readKey } from './read-key.js';
import { stopSignal } from './stop-signal.js';

export interface WitnessFlags {
  readonly name: string;
  /** Public keys of the logs, or their files. */
  readonly log: readonly string[];
  readonly data: string;
  readonly host: string;
  readonly port: number;
}

/** `writ log witness`: cosigns checkpoints that extend those signed before. */
export async function witness({ name, log, data, host, port }: WitnessFlags): Promise<ExitCode> {
  const logs = log.map(readKey);
  makeProcessPrivate();
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const signer = keyIn(data, name);
  const database = openDatabase(join(data, 'witness.db'));
  const served = await serveWitness(new Witness(signer, logs, database), host, port);
  print(`witness   ${pc.bold(served.url)}  for ${logs.map(({ name: origin }) => origin).join(', ')}`);
  print(`key       ${signer.vkey}`);
  await stopSignal();
  await served.close();
  database.close();
  return EXIT.ok;
}

function keyIn(folder: string, name: string): Signer {
  const file = join(folder, 'witness.key');
  if (existsSync(file)) return parseSigner(readFileSync(file, 'utf8'));
  const signer = signerOf(name, randomBytes(32), true);
  writeFileSync(file, `${signer.skey}\n`, { mode: 0o600, flag: 'wx', flush: true });
  writeFileSync(join(folder, 'witness.pub'), `${signer.vkey}\n`, { mode: 0o600 });
  return signer;
}
