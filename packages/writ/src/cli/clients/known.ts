import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'jsonc-parser';
import { splitMark } from '../../lib/text-file.js';

/** A place where a client of MCP keeps which servers it runs. */
export interface ClientConfig {
  readonly client: string;
  readonly file: string;
  /** Path of the object with the servers, by their names. */
  readonly path: readonly string[];
}

/** The members that have servers, in the files of one client or another. */
export const MEMBERS = ['mcpServers', 'servers', 'context_servers', 'mcp_servers'] as const;

interface Whereabouts {
  readonly home: string;
  /** The project that is worked on. */
  readonly project: string;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The clients whose configuration is known, by the name that `--client` takes. */
export const CLIENTS = [
  'claude-desktop',
  'claude-code',
  'cursor',
  'vscode',
  'windsurf',
  'gemini-cli',
  'copilot-cli',
  'cline',
  'zed',
  'codex',
] as const;
type ClientName = (typeof CLIENTS)[number];

/** Returns the existing configuration files of these clients on a machine, each once. */
export function configsOn(where: Whereabouts, clients: readonly string[] = CLIENTS): ClientConfig[] {
  const seen = new Set<string>();
  return places(where)
    .filter(({ client, file }) => clients.includes(client) && existsSync(file))
    .map((config) => ({ ...config, file: realpathSync(config.file) }))
    .flatMap(inProjects)
    .filter(({ file, path }) => {
      const key = JSON.stringify([path, file]);
      return !seen.has(key) && seen.add(key) !== undefined;
    });
}

function places({ home, project, platform, env }: Whereabouts): ClientConfig[] {
  const xdg =
    env.XDG_CONFIG_HOME === undefined || env.XDG_CONFIG_HOME === '' ? join(home, '.config') : env.XDG_CONFIG_HOME;
  const app =
    platform === 'darwin'
      ? join(home, 'Library/Application Support')
      : platform === 'win32'
        ? (env.APPDATA ?? join(home, 'AppData/Roaming'))
        : xdg;
  const config = platform === 'win32' ? app : xdg;
  const of = (client: ClientName, member: (typeof MEMBERS)[number], ...files: string[]): ClientConfig[] =>
    files.map((file) => ({ client, path: [member], file }));
  const codex = env.CODEX_HOME === undefined || env.CODEX_HOME === '' ? join(home, '.codex') : env.CODEX_HOME;
  const cline = 'globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json';
  return [
    ...of('claude-desktop', 'mcpServers', join(app, 'Claude/claude_desktop_config.json')),
    ...of('claude-code', 'mcpServers', join(home, '.claude.json'), join(project, '.mcp.json')),
    ...of('cursor', 'mcpServers', join(home, '.cursor/mcp.json'), join(project, '.cursor/mcp.json')),
    ...of('vscode', 'servers', join(app, 'Code/User/mcp.json'), join(project, '.vscode/mcp.json')),
    ...of('windsurf', 'mcpServers', join(home, '.codeium/windsurf/mcp_config.json')),
    ...of('gemini-cli', 'mcpServers', join(home, '.gemini/settings.json'), join(project, '.gemini/settings.json')),
    ...of('copilot-cli', 'mcpServers', join(home, '.copilot/mcp-config.json')),
    ...of('cline', 'mcpServers', join(app, 'Code/User', cline)),
    ...of('zed', 'context_servers', join(config, 'zed/settings.json'), join(project, '.zed/settings.json')),
    ...of('codex', 'mcp_servers', join(codex, 'config.toml'), join(project, '.codex/config.toml')),
  ];
}

/** Claude Code keeps servers for one project in the file of its user, which is where `claude mcp add` puts them. */
function inProjects(config: ClientConfig): ClientConfig[] {
  if (config.client !== 'claude-code' || !config.file.endsWith('.claude.json')) return [config];
  const { projects } = (parse(splitMark(readFileSync(config.file, 'utf8'))[1]) ?? {}) as { projects?: unknown };
  const folders = typeof projects === 'object' && projects !== null ? Object.keys(projects) : [];
  return [config, ...folders.map((folder) => ({ ...config, path: ['projects', folder, 'mcpServers'] }))];
}
