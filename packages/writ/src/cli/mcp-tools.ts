import { z } from 'zod';
import type { Bundle } from '../bundle/bundle.js';
import type { ListedTool } from '../bundle/draft/listed-tool.js';
import { addressOf } from '../enforce/mcp/client/declared-address.js';
import { Upstream } from '../enforce/mcp/client/upstream.js';
import { readTextFile } from '../lib/text-file.js';
import { ToolListError } from './errors.js';

const listShape = z.looseObject({
  name: z.string().min(1),
  description: z.string().optional(),
  inputSchema: z.record(z.string(), z.unknown()).optional(),
  outputSchema: z.record(z.string(), z.unknown()).optional(),
  annotations: z.record(z.string(), z.unknown()).optional(),
});
const toolsShape = z.union([
  z.array(listShape),
  z.looseObject({ tools: z.array(listShape) }),
  z.looseObject({ result: z.looseObject({ tools: z.array(listShape) }) }),
]);

/**
 * The tools of a server that is started for it, or of a file with the answer of `tools/list`.
 *
 * @throws {ToolListError} when neither or both are given, or the file is something else
 */
export async function toolsOf(command: readonly string[], file: string | undefined): Promise<readonly ListedTool[]> {
  const [program, ...args] = command;
  if ((program === undefined) === (file === undefined))
    throw new ToolListError('say which tools', 'either --tools FILE, or the command of an MCP server after --');
  if (program !== undefined) {
    const upstream = await Upstream.start('server', { command: program, args });
    const { tools } = upstream;
    await upstream.close();
    return tools as readonly ListedTool[];
  }
  const text = readTextFile(file as string);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ToolListError(
      `${file}: ${error instanceof Error ? error.message : String(error)}`,
      'it is the answer of tools/list, as JSON',
    );
  }
  const read = toolsShape.safeParse(value);
  if (!read.success)
    throw new ToolListError(
      `${file} is not a list of tools`,
      'it is the answer of tools/list: { "tools": [ { "name", "inputSchema" } ] }',
    );
  if (Array.isArray(read.data)) return read.data;
  const { tools, result } = read.data as { tools?: ListedTool[]; result?: { tools: ListedTool[] } };
  return tools ?? result?.tools ?? [];
}

/** The tools of all servers of a bundle's gateway, under the names that clients see. */
export async function toolsOfBundle(
  bundle: Pick<Bundle, 'root' | 'settings'>,
  data: string,
): Promise<readonly ListedTool[]> {
  const tools: ListedTool[] = [];
  for (const [name, server] of Object.entries(bundle.settings.gateway.servers)) {
    const upstream = await Upstream.start(name, addressOf(name, server, bundle, data));
    tools.push(...upstream.tools.map((tool) => ({ ...tool, name: `${server.prefix}${tool.name}` }) as ListedTool));
    await upstream.close();
  }
  if (tools.length === 0)
    throw new ToolListError(
      'the bundle has no MCP servers, or they have no tools',
      'put them into `gateway.servers` of writ.yaml, or name one after --',
    );
  return tools;
}
