import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pc from 'picocolors';
import { loadSettings } from '../bundle/bundle.js';
import { type GeneratedSchema, generatedSchema, ownPart, withGenerated } from '../bundle/draft/generated-schema.js';
import type { ListedTool } from '../bundle/draft/listed-tool.js';
import { readTextFile } from '../lib/text-file.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { toolsOf, toolsOfBundle } from './mcp-tools.js';
import { count, print, printJson } from './output.js';

export interface SchemaFlags {
  readonly tools?: string;
  readonly write?: boolean;
  readonly check?: boolean;
  readonly data: string;
  readonly json?: boolean;
}

const FILE = 'schema.cedarschema';
const WITHOUT_BUNDLE = 'entity User, Agent, Tool;\n';

/** `writ bundle schema`: generates the part of a schema that follows from tools. */
export async function schemaFromMcp(
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
  if (flags.json === true) printJson({ current: isCurrent, tools: generated.tools, schema: generated.text });
  else if (flags.write === true || flags.check === true)
    printState(generated, isCurrent, flags.write === true, file as string);
  else print(generated.text.trimEnd());
  return flags.check === true && !isCurrent ? EXIT.failed : EXIT.ok;
}

async function listedFor(
  folder: string | undefined,
  command: readonly string[],
  flags: SchemaFlags,
): Promise<readonly ListedTool[]> {
  if (command.length > 0 || flags.tools !== undefined || folder === undefined) return toolsOf(command, flags.tools);
  return toolsOfBundle(loadSettings(folder), flags.data);
}

function printState({ tools }: GeneratedSchema, isCurrent: boolean, isWritten: boolean, file: string): void {
  for (const { name, opaque } of tools)
    if (opaque.length > 0)
      print(pc.yellow(`${name}: policies do not see ${opaque.join(', ')}; put it into \`opaque\` of tools.yaml`));
  const own = tools.filter(({ isOwn }) => isOwn).length;
  const what = `${count(tools.length, 'tool')}, ${count(own, 'action')} of your own`;
  if (isCurrent) print(`${pc.green('up to date')}  ${file}: ${what}`);
  else if (isWritten) print(`written to ${file}: ${what}. Look at the difference, then \`writ check\``);
  else print(`${pc.red('not up to date')}  ${file}: bring it up to date with --write`);
}
