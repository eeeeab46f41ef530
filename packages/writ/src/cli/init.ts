import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import pc from 'picocolors';
import { z } from 'zod';
import { Upstream } from '../enforce/mcp/upstream.js';
import { WritError } from '../errors.js';
import { draftBundle } from '../policy/draft/draft.js';
import type { ListedTool } from '../policy/draft/guess.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, print, printJson } from './output.js';

export interface InitFlags {
  /** A file with what `tools/list` answered. */
  readonly tools?: string;
  readonly json?: boolean;
}

/** A bundle that cannot be drafted. */
export class InitError extends WritError {
  readonly code = 'init_invalid';
}

/** The pack that a drafted bundle begins with: in the package, or beside it in a clone. */
const PACKS = ['../../packs/', '../../../../examples/packs/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const PACK = 'guarded-agent';

const listShape = z.looseObject({
  name: z.string().min(1),
  description: z.string().optional(),
  inputSchema: z.record(z.string(), z.unknown()).optional(),
  annotations: z.record(z.string(), z.unknown()).optional(),
});
const toolsShape = z.union([
  z.array(listShape),
  z.looseObject({ tools: z.array(listShape) }),
  z.looseObject({ result: z.looseObject({ tools: z.array(listShape) }) }),
]);

/** `writ init`: drafts a bundle for the tools of a server. */
export async function init(folder: string, command: readonly string[], flags: InitFlags): Promise<ExitCode> {
  const root = resolve(folder);
  if (existsSync(join(root, 'writ.yaml')))
    throw new InitError(`${folder} is a bundle already`, 'choose another folder');
  const listed = await toolsOf(command, flags.tools);
  const name =
    basename(root)
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[^a-z0-9]+/, '') || 'bundle';
  const { files, tools } = draftBundle(name, listed);
  for (const [path, text] of [...files, ...packFiles()]) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  if (flags.json === true) {
    printJson({ folder: root, tools });
    return EXIT.ok;
  }
  for (const { name: tool, effects, because, roles, isFromOutside, opaque } of tools) {
    const said = Object.entries(roles).map(([argument, role]) => `${argument} is its ${role}`);
    print(`${pc.bold(tool)}: ${effects.join(', ')}${pc.dim(`, because ${because}`)}`);
    if (said.length > 0) print(`    ${said.join('; ')}`);
    if (isFromOutside) print(`    its results have what others wrote`);
    if (opaque.length > 0) print(pc.yellow(`    policies do not see ${opaque.join(', ')}`));
  }
  print(
    `\n${count(tools.length, 'tool')} drafted into ${folder}. These are guesses from names: go through tools.yaml, then \`writ check ${folder}\`.`,
  );
  return EXIT.ok;
}

async function toolsOf(command: readonly string[], file: string | undefined): Promise<readonly ListedTool[]> {
  const [program, ...args] = command;
  if ((program === undefined) === (file === undefined))
    throw new InitError('say which tools', 'either --tools FILE, or the command of an MCP server after --');
  if (program !== undefined) {
    const upstream = await Upstream.start('server', { command: program, args });
    const { tools } = upstream;
    await upstream.close();
    return tools as readonly ListedTool[];
  }
  const text = readFileSync(file === '-' ? 0 : (file as string), 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InitError(
      `${file}: ${error instanceof Error ? error.message : String(error)}`,
      'it is the answer of tools/list, as JSON',
    );
  }
  const read = toolsShape.safeParse(value);
  if (!read.success)
    throw new InitError(
      `${file} is not a list of tools`,
      'it is the answer of tools/list: { "tools": [ { "name", "inputSchema" } ] }',
    );
  if (Array.isArray(read.data)) return read.data;
  const { tools, result } = read.data as { tools?: ListedTool[]; result?: { tools: ListedTool[] } };
  return tools ?? result?.tools ?? [];
}

/** The policies and accumulators of the pack; its schema and tools are those of its tests. */
function packFiles(): [string, string][] {
  const folder = PACKS.map((root) => join(root, PACK)).find((path) => existsSync(path));
  if (folder === undefined) throw new InitError(`the pack ${PACK} is not there`, 'install writ again');
  const policies = readdirSync(join(folder, 'policies')).map((file) => `policies/${file}`);
  return ['ledger.yaml', 'access.yaml', ...policies].map((path) => [path, readFileSync(join(folder, path), 'utf8')]);
}
