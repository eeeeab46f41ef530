import pc from 'picocolors';
import { visibleText } from '../lib/visible-text.js';
import { askService, type ServiceFlags } from './ask-service.js';
import { ServiceError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { print, printJson } from './output.js';

type Flags = ServiceFlags & { readonly json?: boolean };

interface ToolView {
  readonly server: string;
  readonly tool: string;
  readonly state: 'approved' | 'new' | 'changed' | 'unusable';
  readonly hash: string;
  readonly findings: readonly string[];
  readonly unusable?: string;
  readonly approvedBy?: string;
  readonly definition: Readonly<Record<string, unknown>>;
  readonly before?: Readonly<Record<string, unknown>>;
}

/** `writ tool list`: lists the tools behind the gateway. */
export async function listTools(flags: Flags): Promise<ExitCode> {
  const tools = await toolsOf(flags);
  if (flags.json === true) printJson(tools);
  else print(tools.length === 0 ? 'the gateway has no tools' : tools.map(line).join('\n'));
  return EXIT.ok;
}

/** `writ tool show`: shows a tool, and how it changed. */
export async function showTool(name: string, flags: Flags): Promise<ExitCode> {
  const tool = named(await toolsOf(flags), name);
  if (flags.json === true) printJson([tool]);
  else print([`${line(tool)}  ${pc.dim(tool.hash)}`, ...difference(tool)].join('\n'));
  return EXIT.ok;
}

/** `writ tool approve`: approves a tool as it is defined now. */
export async function approveTool(
  name: string,
  flags: Flags & { readonly reason: string; readonly hash?: string },
): Promise<ExitCode> {
  const { server, tool, hash } = named(await toolsOf(flags), name);
  const path = `/v1/tools/${encodeURIComponent(server)}/${encodeURIComponent(tool)}/approve`;
  const body = { hash: flags.hash ?? hash, reason: flags.reason };
  const approved = await askService<ToolView>(flags, 'POST', path, body);
  if (flags.json === true) printJson(approved);
  else print(`${line(approved)}  ${pc.dim(approved.hash)}`);
  return EXIT.ok;
}

async function toolsOf(flags: Flags): Promise<ToolView[]> {
  return (await askService<{ tools: ToolView[] }>(flags, 'GET', '/v1/tools')).tools;
}

function named(tools: readonly ToolView[], name: string): ToolView {
  const found = tools.find(({ server, tool }) => `${server}/${tool}` === name);
  if (found !== undefined) return found;
  const [, last = name] = /([^/]+)$/.exec(name) ?? [];
  const near = tools.filter(({ tool }) => tool === last).map(({ server, tool }) => `${server}/${tool}`);
  throw new ServiceError(
    `no server of the gateway has given a tool ${name}`,
    near.length === 0
      ? 'it is written server/tool; writ tool list shows those that there are'
      : `did you mean ${near.slice(0, 3).join(' or ')}?`,
  );
}

function line({ server, tool, state, findings, unusable }: ToolView): string {
  const shown = state === 'approved' ? pc.green(state) : pc.red(`${state}, suspended`);
  const why = unusable === undefined ? findings.join(', ') : visibleText(unusable);
  const found = why === '' ? '' : `  ${pc.yellow(why)}`;
  return `${pc.bold(visibleText(`${server}/${tool}`))}  ${shown}${found}`;
}

/** Returns the differences from the approved definition, one part a line. */
function difference({ before, definition }: ToolView): string[] {
  if (before === undefined) return [visibleText(JSON.stringify(definition, null, 2))];
  const names = [...new Set([...Object.keys(before), ...Object.keys(definition)])];
  return names.flatMap((name) => {
    const [was, is] = [before[name], definition[name]].map((value) => JSON.stringify(value, null, 2));
    if (was === is) return [];
    return [
      `  ${name}`,
      ...(was === undefined ? [] : [pc.red(visibleText(indented(was, '-')))]),
      ...(is === undefined ? [] : [pc.green(visibleText(indented(is, '+')))]),
    ];
  });
}

function indented(text: string, sign: string): string {
  return text
    .split('\n')
    .map((part) => `  ${sign} ${part}`)
    .join('\n');
}
