import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { uidText } from '@writ/cedar';
import { defined } from '@writ/sdk/lib/defined';
import pc from 'picocolors';
import type { DeployedClient, Deployment } from '../bundle/draft/deployment.js';
import { draftBundle } from '../bundle/draft/draft.js';
import type { ServiceFlags } from './ask-service.js';
import { InitError, UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { addServers } from './init/add-server.js';
import { narrow } from './init/narrow.js';
import { observedCall, recordedDecisions, toolsOfService } from './init/recorded.js';
import { asJson, bundleName, printTool, writeFiles, writeSchemas } from './init/written.js';
import { type PeopleFlags, peopleOf } from './init-people.js';
import { toolsOf } from './mcp-tools.js';
import { count, print, printJson } from './output.js';
import { withPack } from './packs.js';
import { recordedAnswers } from './recorded-answers.js';
import { foundServers } from './up/found-servers.js';

export interface InitFlags extends ServiceFlags, PeopleFlags {
  /** File with an answer of `tools/list`. */
  readonly tools?: string;
  /** File with recorded answers of the tools. */
  readonly answers?: string;
  /** Text that the gateway puts before the names of the tools. */
  readonly prefix?: string;
  /** The name of the server in the bundle. */
  readonly server?: string;
  /** A server over HTTP, as NAME=URL. */
  readonly url?: string[];
  /** File with an OpenAPI document: a bundle for a service over HTTP is drafted. */
  readonly openapi?: string;
  /** The origin of that service. */
  readonly upstream?: string;
  /** The name of a pack that is a bundle. */
  readonly pack?: string;
  /** Whether the clients send the requests of their users; false drafts rules that need none. */
  readonly prompts: boolean;
  /** The age of the oldest decision of a running service that is used, as in 1h. */
  readonly recorded?: string;
  readonly data: string;
  readonly json?: boolean;
}

/** `writ init`: drafts a bundle for the tools of a server; adds a server to a bundle, or narrows it to what was recorded. */
export async function init(folder: string, command: readonly string[], flags: InitFlags): Promise<ExitCode> {
  const root = resolve(folder);
  if (flags.pack !== undefined) return ofPack(folder, root, command, flags, flags.pack);
  if (flags.openapi !== undefined || flags.upstream !== undefined) return ofService(folder, root, command, flags);
  const isNamed = flags.server !== undefined || flags.url !== undefined;
  if (existsSync(join(root, 'writ.yaml'))) {
    if (flags.for !== undefined || flags.agent !== undefined || flags.owner !== undefined)
      throw new UsageError(
        '--for, --agent and --owner are for a new bundle',
        `leave them out: ${folder} has its clients in writ.yaml; writ identity set AGENT --owner PERSON names an owner`,
      );
    if (flags.recorded !== undefined && command.length === 0 && !isNamed)
      return narrow(folder, root, flags.recorded, flags);
    if (flags.tools !== undefined || flags.recorded !== undefined || (command.length === 0 && !isNamed))
      throw new InitError(
        `${folder} is a bundle already`,
        'add a server with --server NAME -- COMMAND, narrow it with --recorded 1h, or choose another folder',
      );
    const names = command.length === 0 ? [] : [flags.server ?? nameIn(command)];
    return addServers(folder, root, foundServers({ server: names, ...urlsOf(flags) }, command), flags);
  }
  if (isNamed && (flags.recorded !== undefined || flags.tools !== undefined))
    throw new UsageError(
      '--server and --url are for servers that are asked for their tools',
      'leave --tools and --recorded out',
    );
  if (flags.url !== undefined)
    throw new UsageError('--url adds a server to a bundle', 'begin with writ up --url NAME=URL');
  const isRecorded = flags.recorded !== undefined;
  const isFromService = isRecorded && command.length === 0 && flags.tools === undefined;
  const records = flags.recorded === undefined ? [] : await recordedDecisions(flags, flags.recorded);
  const named = isFromService ? await toolsOfService(flags, records) : await toolsOf(command, flags.tools);
  const listed = named.map((tool) => ({ ...tool, name: `${flags.prefix ?? ''}${tool.name}` }));
  const answers = flags.answers === undefined ? undefined : recordedAnswers(flags.answers, flags.prefix);
  const calls = records.map(observedCall);
  const client = await peopleOf(flags);
  const deployment = flags.server === undefined ? undefined : deploymentOf(flags.server, command, flags, client);
  const { files, tools, seen } = draftBundle(bundleName(root), listed, calls, answers, deployment, client);
  writeSchemas(root);
  writeFiles(root, withPack(files, flags.prompts ? 'guarded-agent' : 'guarded-client', isRecorded));
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
      `\npolicies/observed.cedar permits ${count(seen.size, 'tool')} that ${count(calls.length, 'call')} used, with any arguments, and no other tool.`,
    );
  if (client.owner === undefined) {
    const [agent, person] = [uidText(client.agent), uidText(client.for)];
    print(
      pc.yellow(
        `\nNobody can approve what ${agent} is stopped in for ${person}: somebody else has to answer for it. Draft with --owner 'User::"lena"', or register one with writ identity set '${agent}' --owner lena.`,
      ),
    );
  }
  print(
    `\n${count(tools.length, 'tool')} drafted into ${folder}. These are guesses from names: go through tools.yaml, then \`writ check ${folder}\`.`,
  );
  return EXIT.ok;
}

/** Begins a bundle with a pack. @throws {UsageError} with an option that is for drafts */
async function ofPack(
  folder: string,
  root: string,
  command: readonly string[],
  flags: InitFlags,
  pack: string,
): Promise<ExitCode> {
  const {
    openapi,
    upstream,
    tools,
    answers,
    prefix,
    server,
    url,
    recorded,
    prompts,
    for: person,
    agent,
    owner,
  } = flags;
  const others = [openapi, upstream, tools, answers, prefix, server, url, recorded, person, agent, owner];
  if (others.some((option) => option !== undefined) || !prompts || command.length > 0)
    throw new UsageError(
      '--pack writes a bundle as it stands, and other options are for drafts',
      'give --pack alone; its identities are in entities/identities.json',
    );
  const { initFromPack } = await import('./init/from-pack.js');
  return initFromPack(folder, root, pack, flags.json === true);
}

/** Drafts a bundle for a service over HTTP. @throws {UsageError} with an option that is for MCP servers alone */
async function ofService(
  folder: string,
  root: string,
  command: readonly string[],
  flags: InitFlags,
): Promise<ExitCode> {
  const { openapi, upstream, tools, answers, prefix, server, url, recorded, prompts } = flags;
  if (openapi === undefined)
    throw new UsageError('--upstream goes with --openapi', 'name the document: --openapi shop.yaml');
  const ofServers = [tools, answers, prefix, server, url, recorded].some((option) => option !== undefined);
  if (ofServers || !prompts || command.length > 0)
    throw new UsageError(
      '--openapi drafts a bundle for a service over HTTP, and MCP servers have options of their own',
      'give --openapi, --upstream, --for, --agent and --owner alone; add an MCP server afterwards',
    );
  if (existsSync(join(root, 'writ.yaml')))
    throw new InitError(
      `${folder} is a bundle already`,
      'choose another folder, or add the service to writ.yaml by hand (docs/http.md)',
    );
  const { initFromOpenapi } = await import('./init/from-openapi.js');
  const { for: person, agent, owner, json } = flags;
  const people = { ...defined({ for: person, agent, owner, json }) };
  return initFromOpenapi(folder, root, { ...people, ...defined({ upstream }), openapi });
}

function urlsOf({ url }: InitFlags): { readonly url?: string[] } {
  return url === undefined ? {} : { url };
}

/** Returns a name for a server: that of its package or program. */
function nameIn([program = 'server', ...args]: readonly string[]): string {
  const isRunner = /^(?:npx|node|uvx|bunx|deno|python3?)$/.test(basename(program));
  const named = isRunner ? (args.find((arg) => !arg.startsWith('-')) ?? program) : program;
  return basename(named)
    .replace(/\.\w+$/, '')
    .replace(/@.*$/, '');
}

function deploymentOf(
  name: string,
  [command, ...args]: readonly string[],
  { prefix, prompts: prompt }: InitFlags,
  client: DeployedClient,
): Deployment {
  return {
    servers: new Map([[name, { command, args, prefix }]]),
    clients: new Map([['agent', { ...client, ...(prompt === undefined ? {} : { prompt }) }]]),
  };
}
