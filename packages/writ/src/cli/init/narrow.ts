import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EntityUid, parseUid, uidText } from '@writ/cedar';
import { loadSettings } from '../../bundle/bundle.js';
import type { DeployedClient } from '../../bundle/draft/deployment.js';
import { draftBundle } from '../../bundle/draft/draft.js';
import { readTextFile } from '../../lib/text-file.js';
import type { ServiceFlags } from '../ask-service.js';
import { InitError } from '../errors.js';
import { EXIT, type ExitCode } from '../exit.js';
import { count, print, printJson } from '../output.js';
import { withoutBroad } from '../packs.js';
import { observedCall, recordedDecisions, toolsOfService } from './recorded.js';
import { bundleName, writeFiles } from './written.js';

const OBSERVED = 'policies/observed.cedar';
const TESTS = 'tests/drafted.yaml';
const IDENTITIES = 'entities/identities.json';

/**
 * Narrows a bundle to what a service recorded: its broad permit is replaced by permits for what was called, and nothing else of the bundle
 * changes.
 *
 * @throws {InitError} if the bundle has no broad permit, or nothing was recorded
 */
export async function narrow(
  folder: string,
  root: string,
  since: string,
  flags: ServiceFlags & { readonly json?: boolean },
): Promise<ExitCode> {
  const policies = readdirSync(join(root, 'policies'))
    .filter((file) => file.endsWith('.cedar'))
    .map((file) => [`policies/${file}`, readTextFile(join(root, 'policies', file))] as const);
  const narrowed = policies.flatMap(([path, text]) => {
    const without = withoutBroad(text);
    return without === undefined ? [] : [[path, without] as const];
  });
  if (narrowed.length === 0 && !policies.some(([path]) => path === OBSERVED))
    throw new InitError(
      `${folder} is a bundle already, and has no permit guard-work that recorded calls could replace`,
      'choose another folder',
    );
  const records = await recordedDecisions(flags, since);
  const calls = records.map(observedCall);
  const listed = await toolsOfService(flags, records);
  const { clients } = loadSettings(root).settings.gateway;
  const deployment = {
    servers: new Map(),
    clients: new Map(Object.entries(clients).map(([name, one]) => [name, uidsOf(one)])),
  };
  const drafted = draftBundle(bundleName(root), listed, calls, undefined, deployment);
  const files: (readonly [string, string])[] = [...narrowed];
  const observed = drafted.files.get(OBSERVED);
  if (observed !== undefined) files.push([OBSERVED, observed]);
  const tests = drafted.files.get(TESTS);
  if (tests !== undefined && existsSync(join(root, TESTS))) files.push([TESTS, tests]);
  const identities = withIdentities(
    root,
    calls.flatMap(({ path }) => path),
  );
  if (identities !== undefined) files.push([IDENTITIES, identities]);
  writeFiles(root, files);
  const seen = drafted.seen ?? new Map<string, number>();
  if (flags.json === true)
    printJson({ folder: root, files: files.map(([path]) => path), seen: Object.fromEntries(seen) });
  else {
    const stopped = records.filter((record) => record.observed !== undefined).length;
    print(
      `${OBSERVED} permits ${count(seen.size, 'tool')} that ${count(calls.length, 'call')} used, with any arguments, and no other tool.`,
    );
    if (stopped > 0)
      print(`The rules would have stopped ${stopped} of them, and will: \`writ decision list\` shows which.`);
    print(`Look at it, then \`writ check ${folder}\`, \`writ up enforce\`.`);
  }
  return EXIT.ok;
}

function uidsOf({ agent, for: originator }: { readonly agent: string; readonly for: string }): DeployedClient {
  return { agent: parseUid(agent) as EntityUid, for: parseUid(originator) as EntityUid };
}

/** Returns the drafted identities of a bundle with those of calls that it lacks; undefined if it lacks none, or has no such file. */
function withIdentities(root: string, uids: readonly EntityUid[]): string | undefined {
  const file = join(root, IDENTITIES);
  if (!existsSync(file)) return undefined;
  const entities = JSON.parse(readFileSync(file, 'utf8')) as { uid: EntityUid }[];
  const known = new Set(entities.map(({ uid }) => uidText(uid)));
  const missing = [...new Map(uids.map((uid) => [uidText(uid), uid]))].filter(([text]) => !known.has(text));
  if (missing.length === 0) return undefined;
  const all = [...entities, ...missing.map(([, uid]) => ({ uid }))];
  return `[\n${all.map((one) => `  ${JSON.stringify(one)}`).join(',\n')}\n]\n`;
}
