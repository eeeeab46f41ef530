import { messageOf } from '@writ/sdk/lib/message-of';
import type { DeployedServer } from '../../bundle/draft/deployment.js';
import type { ListedTool } from '../../bundle/draft/listed-tool.js';
import { addressOf } from '../../enforce/mcp/client/declared-address.js';
import { Upstream } from '../../enforce/mcp/client/upstream.js';
import { WritError } from '../../lib/errors.js';
import type { FoundServer } from './found-servers.js';
import { withoutSecrets } from './kept-servers.js';

/** A server with its tools, as a bundle has it. */
interface ListedServer {
  readonly found: FoundServer;
  readonly deployed: DeployedServer;
  /** Under the names that clients see. */
  readonly tools: readonly ListedTool[];
}

/** A server that is left out, and why. */
interface LeftOut {
  readonly found: FoundServer;
  readonly why: string;
  /** The fix, if it is known. */
  readonly help: string | undefined;
}

const START_MS = 60_000;

/**
 * Starts servers and lists their tools. Those that have a tool of the same name get a prefix; one that does not start is left out.
 *
 * @param taken the names of tools that a bundle has already
 * @param variables receives the values that a bundle must not have
 */
export async function listedServers(
  found: readonly FoundServer[],
  where: { readonly bundle: string; readonly data: string },
  variables: Record<string, string>,
  taken: ReadonlySet<string> = new Set(),
): Promise<{ readonly listed: readonly ListedServer[]; readonly leftOut: readonly LeftOut[] }> {
  type Asked =
    | LeftOut
    | { readonly found: FoundServer; readonly deployed: DeployedServer; readonly tools: readonly ListedTool[] };
  const asked = await Promise.all(
    found.map(async (one): Promise<Asked> => {
      const { problem } = one.declared;
      if (problem !== undefined) return { found: one, why: problem, help: undefined };
      const deployed = deployedAs(one, variables);
      try {
        return { found: one, deployed, tools: await toolsOf(one.name, deployed, where) };
      } catch (error) {
        return { found: one, why: messageOf(error), help: error instanceof WritError ? error.help : undefined };
      }
    }),
  );
  const listed = asked.flatMap((one) => ('why' in one ? [] : [one]));
  const leftOut = asked.flatMap((one) => ('why' in one ? [one] : []));
  const count = new Map<string, number>([...taken].map((name) => [name, 1]));
  for (const { tools } of listed)
    for (const name of new Set(tools.map((tool) => tool.name))) count.set(name, (count.get(name) ?? 0) + 1);
  return {
    leftOut,
    listed: listed.map(({ found: one, deployed, tools }) => {
      const isShared = tools.some(({ name }) => (count.get(name) ?? 0) > 1);
      const prefix = isShared ? `${one.name.replace(/[^a-z0-9]+/g, '_')}_` : '';
      return {
        found: one,
        deployed: isShared ? { ...deployed, prefix } : deployed,
        tools: tools.map((tool) => ({ ...tool, name: `${prefix}${tool.name}`, server: one.name })),
      };
    }),
  };
}

function deployedAs(found: FoundServer, variables: Record<string, string>): DeployedServer {
  const { command, cwd, url, isSse } = found.declared;
  const { args, env, headers } = withoutSecrets(found, variables);
  return { command, args, env, cwd, url, headers, ...(isSse ? { transport: 'sse' } : {}) };
}

async function toolsOf(
  name: string,
  server: DeployedServer,
  { bundle, data }: { readonly bundle: string; readonly data: string },
): Promise<readonly ListedTool[]> {
  const { args = [], env = {}, headers = {}, transport = 'streamable-http' } = server;
  const address = addressOf(name, { ...server, args, env, headers, transport }, { root: bundle }, data);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it does not answer within ${START_MS / 1_000} s`)), START_MS);
  });
  try {
    const starting = Upstream.start(name, address);
    // One that starts later is not left running.
    const upstream = await Promise.race([starting, late]).catch((error: unknown) => {
      starting.then((started) => started.close()).catch(() => undefined);
      throw error;
    });
    const { tools } = upstream;
    await upstream.close();
    return tools as readonly ListedTool[];
  } finally {
    clearTimeout(timer);
  }
}
