import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pc from 'picocolors';
import { parseDocument } from 'yaml';
import { loadSettings } from '../bundle/bundle.js';
import { withTools } from '../bundle/draft/added-tools.js';
import { draftTools } from '../bundle/draft/draft.js';
import { type GeneratedSchema, generatedSchema, ownPart, withGenerated } from '../bundle/draft/generated-schema.js';
import type { ListedTool } from '../bundle/draft/listed-tool.js';
import { isReserved } from '../bundle/reserved-names.js';
import { readTextFile } from '../lib/text-file.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { toolsOf, toolsOfBundle } from './mcp-tools.js';
import { count, print, printData, printJson } from './output.js';

export interface SchemaFlags {
  readonly tools?: string;
  readonly openapi?: string;
  readonly write?: boolean;
  readonly check?: boolean;
  readonly data: string;
  readonly json?: boolean;
}

const FILE = 'schema.cedarschema';
const TOOLS = 'tools.yaml';
const WITHOUT_BUNDLE = 'entity User, Agent, Tool;\n';

/** `writ bundle schema`: generates the part of a schema that follows from tools, or from an OpenAPI document. */
export async function schema(
  folder: string | undefined,
  command: readonly string[],
  { openapi, ...flags }: SchemaFlags,
): Promise<ExitCode> {
  if (openapi === undefined) return schemaFromMcp(folder, command, flags);
  if (command.length > 0 || flags.tools !== undefined)
    throw new UsageError('--openapi goes with no server', 'generate the part of its tools by itself');
  const { schemaFromOpenapi } = await import('./operations-schema.js');
  return schemaFromOpenapi(folder, { ...flags, openapi });
}

async function schemaFromMcp(
  folder: string | undefined,
  command: readonly string[],
  flags: SchemaFlags,
): Promise<ExitCode> {
  if (folder === undefined && (flags.write === true || flags.check === true)) {
    throw new UsageError('--write and --check need a bundle', 'as in writ bundle schema BUNDLE --write');
  }
  const file = folder === undefined ? undefined : join(resolve(folder), FILE);
  const before = file === undefined ? WITHOUT_BUNDLE : readTextFile(file);
  const listed = await listedFor(folder, command, flags);
  const generated = generatedSchema(listed, ownPart(before), before);
  const after = withGenerated(before, generated.text);
  const isCurrent = after === before;
  if (flags.write === true && file !== undefined && !isCurrent) writeFileSync(file, after);
  const described =
    flags.write === true && folder !== undefined ? describeMissing(resolve(folder), listed, generated) : [];
  if (flags.json === true) printJson({ current: isCurrent, tools: generated.tools, schema: generated.text });
  else if (flags.write === true || flags.check === true)
    printState(generated, isCurrent, flags.write === true, file as string, described);
  else printData(generated.text.trimEnd());
  return flags.check === true && !isCurrent ? EXIT.failed : EXIT.ok;
}

/** Adds the tools that `tools.yaml` lacks to it, if the bundle has one and they have no action of its own. @returns their names */
function describeMissing(root: string, listed: readonly ListedTool[], { tools }: GeneratedSchema): string[] {
  const file = join(root, TOOLS);
  if (!existsSync(file)) return [];
  const before = readTextFile(file);
  const known = (parseDocument(before).toJS() as { tools?: Record<string, unknown> } | null)?.tools ?? {};
  const own = new Set(tools.filter(({ isOwn }) => isOwn).map(({ name }) => name));
  const missing = listed.filter(({ name }) => !Object.hasOwn(known, name) && !own.has(name) && !isReserved(name));
  if (missing.length === 0) return [];
  writeFileSync(file, withTools(before, draftTools(missing)));
  return missing.map(({ name }) => name);
}

async function listedFor(
  folder: string | undefined,
  command: readonly string[],
  flags: SchemaFlags,
): Promise<readonly ListedTool[]> {
  if (command.length > 0 || flags.tools !== undefined || folder === undefined) return toolsOf(command, flags.tools);
  return toolsOfBundle(loadSettings(folder), flags.data);
}

function printState(
  { tools }: GeneratedSchema,
  isCurrent: boolean,
  isWritten: boolean,
  file: string,
  described: readonly string[],
): void {
  for (const { name, opaque } of tools)
    if (opaque.length > 0 && !described.includes(name))
      print(pc.yellow(`${name}: policies do not see ${opaque.join(', ')}; put it into \`opaque\` of tools.yaml`));
  if (described.length > 0)
    print(`added to ${TOOLS}, from names: ${described.join(', ')}. Look at what it says of them`);
  const own = tools.filter(({ isOwn }) => isOwn).length;
  const what = `${count(tools.length, 'tool')}, ${count(own, 'action')} of your own`;
  if (isCurrent) print(`${pc.green('up to date')}  ${file}: ${what}`);
  else if (isWritten) print(`written to ${file}: ${what}. Look at the difference, then \`writ check\``);
  else print(`${pc.red('not up to date')}  ${file}: bring it up to date with --write`);
}
