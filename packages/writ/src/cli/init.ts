import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { uidText } from '@writ/cedar';
import pc from 'picocolors';
import { type DraftedTool, draftBundle } from '../bundle/draft/draft.js';
import type { ListedTool } from '../bundle/draft/listed-tool.js';
import type { ObservedCall } from '../bundle/draft/observed.js';
import type { DecisionRecord } from '../decide/record.js';
import { askService, type ServiceFlags } from './ask-service.js';
import { timeOf } from './decisions.js';
import { InitError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { type PeopleFlags, peopleOf } from './init-people.js';
import { toolsOf } from './mcp-tools.js';
import { count, print, printJson } from './output.js';
import { recordedAnswers } from './recorded-answers.js';

export interface InitFlags extends ServiceFlags, PeopleFlags {
  /** File with an answer of `tools/list`. */
  readonly tools?: string;
  /** File with recorded answers of the tools. */
  readonly answers?: string;
  /** Text that the gateway puts before the names of the tools. */
  readonly prefix?: string;
  /** The age of the oldest decision of a running service that is used, as in 1h. */
  readonly recorded?: string;
  readonly json?: boolean;
}

/** Folders of packs: in the package, or in a clone. A drafted bundle starts from a pack. */
const PACKS = ['../../packs/', '../../../../examples/packs/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const PACK = 'guarded-agent';

/** `writ init`: drafts a bundle for the tools of a server. */
export async function init(folder: string, command: readonly string[], flags: InitFlags): Promise<ExitCode> {
  const root = resolve(folder);
  if (existsSync(join(root, 'writ.yaml')))
    throw new InitError(`${folder} is a bundle already`, 'choose another folder');
  const isRecorded = flags.recorded !== undefined;
  const isFromService = isRecorded && command.length === 0 && flags.tools === undefined;
  const records = isRecorded ? await recordedDecisions(flags, flags.recorded) : [];
  const calls = records.map(observed);
  const named = isFromService ? await toolsOfService(flags, records) : await toolsOf(command, flags.tools);
  const listed = named.map((tool) => ({ ...tool, name: `${flags.prefix ?? ''}${tool.name}` }));
  const answers = flags.answers === undefined ? undefined : recordedAnswers(flags.answers, flags.prefix);
  if (isRecorded && calls.length === 0)
    throw new InitError(
      `nothing was permitted in the last ${flags.recorded}`,
      'name a longer time, or leave --recorded out',
    );
  const name =
    basename(root)
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[^a-z0-9]+/, '') || 'bundle';
  const people = await peopleOf(flags);
  const { files, tools, seen } = draftBundle(name, listed, calls, answers, people);
  for (const [path, text] of [...files, ...packFiles(isRecorded)]) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  if (flags.json === true) {
    printJson({
      folder: root,
      tools: tools.map(asJson),
      ...(seen === undefined ? {} : { seen: Object.fromEntries(seen) }),
    });
    return EXIT.ok;
  }
  for (const tool of tools) printTool(tool);
  if (seen !== undefined)
    print(
      `\npolicies/observed.cedar permits what ${count(calls.length, 'call')} of ${count(seen.size, 'tool')} did, and no more.`,
    );
  if (people.owner === undefined) {
    const [agent, person] = [uidText(people.agent), uidText(people.person)];
    print(
      pc.yellow(
        `\nNobody can approve what ${agent} is stopped in for ${person}: somebody else has to answer for it. Draft with --owner 'User::"lena"', or register one with writ identity '${agent}' --owner lena.`,
      ),
    );
  }
  print(
    `\n${count(tools.length, 'tool')} drafted into ${folder}. These are guesses from names: go through tools.yaml, then \`writ check ${folder}\`.`,
  );
  return EXIT.ok;
}

function printTool({ name, effects, because, arguments: given, isFromOutside, opaque, notes }: DraftedTool): void {
  const said = [...given].map(
    ([argument, { role, kind }]) => `${argument} is its ${role}${kind === undefined ? '' : ` (${kind})`}`,
  );
  print(`${pc.bold(shown(name))}: ${effects.join(', ')}${pc.dim(`, because ${because}`)}`);
  if (said.length > 0) print(`    ${shown(said.join('; '))}`);
  if (!isFromOutside) print('    its results count as our own');
  if (opaque.length > 0) print(pc.yellow(`    policies do not see ${shown(opaque.join(', '))}`));
  for (const note of notes) print(pc.yellow(`    ${shown(note)}`));
}

/** Text of a server must not steer the terminal. */
function shown(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

function asJson({ arguments: given, result, ...tool }: DraftedTool): unknown {
  return { ...tool, arguments: Object.fromEntries(given), result: Object.fromEntries(result.rules) };
}

/** The broad permit of the pack; the recorded calls replace it. */
const BROAD = /@id\("guard-work"\)[\s\S]*?;\n\n/;

/** Returns the policies and accumulators of the pack; its schema and tools are for its tests only. */
function packFiles(isRecorded: boolean): [string, string][] {
  const folder = PACKS.map((root) => join(root, PACK)).find((path) => existsSync(path));
  if (folder === undefined) throw new InitError(`the pack ${PACK} is not there`, 'install writ again');
  const paths = readdirSync(join(folder, 'policies')).map((file) => `policies/${file}`);
  const read = (path: string): [string, string] => [path, readFileSync(join(folder, path), 'utf8')];
  const policies = paths.map(read);
  const narrowed = policies.map(([path, text]): [string, string] => [path, text.replace(BROAD, '')]);
  if (isRecorded && narrowed.every(([, text], i) => text === policies[i]?.[1]))
    throw new InitError(`the pack ${PACK} has another permit than is known here`, 'install writ again');
  return ['ledger.yaml', 'access.yaml'].map(read).concat(isRecorded ? narrowed : policies);
}

const PAGE = 500;
const MAX_DECISIONS = 100_000;

/** Returns the permitted decisions of a running service. */
async function recordedDecisions(flags: ServiceFlags, since: string): Promise<DecisionRecord[]> {
  const records: DecisionRecord[] = [];
  for (const result of ['allow', 'modify']) {
    const query = new URLSearchParams({ limit: String(PAGE), since: timeOf(since), result });
    for (let more = true; more && records.length < MAX_DECISIONS; ) {
      const page = await askService<{
        decisions: DecisionRecord[];
        next?: string;
      }>(flags, 'GET', `/v1/decisions?${query}`);
      records.push(...page.decisions);
      more = page.next !== undefined;
      if (page.next !== undefined) query.set('before', page.next);
    }
  }
  return records;
}

function observed({ time, request, provenance }: DecisionRecord): ObservedCall {
  const { type, id } = request.subject;
  const path = (provenance?.path ?? [{ type, id }]).map((uid) => ({ type: uid.type, id: uid.id }));
  return { time, action: request.action.name, path, input: (request.context?.input ?? {}) as ObservedCall['input'] };
}

/** Returns the current tools behind the gateway of a running service, under the names that clients see. */
async function toolsOfService(flags: ServiceFlags, records: readonly DecisionRecord[]): Promise<ListedTool[]> {
  const { tools } = await askService<{
    tools: { server: string; definition: ListedTool }[];
  }>(flags, 'GET', '/v1/tools');
  if (tools.length === 0)
    throw new InitError(
      'the gateway of the service has no tools',
      'either --tools FILE, or the command of an MCP server after --',
    );
  const prefixes = new Map<unknown, string>();
  for (const { request } of records) {
    const { server, tool } = (request.context?.upstream ?? {}) as { server?: unknown; tool?: unknown };
    const { name } = request.action;
    if (typeof tool === 'string' && name.endsWith(tool)) prefixes.set(server, name.slice(0, name.length - tool.length));
  }
  const named = tools.map(({ server, definition }) => {
    const name = `${prefixes.get(server) ?? ''}${definition.name}`;
    return [name, { ...definition, name }] as const;
  });
  // Of a server that nobody called it is not known what clients see before the names of its tools.
  return [...new Map(named.reverse()).values()].reverse();
}
