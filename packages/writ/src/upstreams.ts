import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { type ServerCommand, Upstream } from './enforce/mcp/upstream.js';
import { expand } from './plane.js';
import type { Bundle } from './policy/bundle.js';

/** Starts the gateway's servers. Each is handed to `onStart` at once, so that it is stopped when a later one fails. */
export async function startUpstreams(
  bundle: Bundle,
  data: string,
  onStart: (upstream: Upstream) => void,
): Promise<Upstream[]> {
  const upstreams: Upstream[] = [];
  for (const [name, { command, args, env, passToken }] of Object.entries(bundle.settings.gateway.servers)) {
    const upstream = await Upstream.start(name, {
      command,
      args: args.map((arg) => expand(arg, bundle, data)),
      env: { ...baseEnv(bundle.root), ...env },
      cwd: bundle.root,
      getsToken: passToken,
    } satisfies ServerCommand);
    onStart(upstream);
    upstreams.push(upstream);
  }
  return upstreams;
}

/** What a server needs to run and no secret of ours; commands of installed packages are found as npm finds them. */
function baseEnv(root: string): Record<string, string> {
  const bins: string[] = [];
  for (let at = root; ; at = dirname(at)) {
    const bin = join(at, 'node_modules', '.bin');
    if (existsSync(bin)) bins.push(bin);
    if (dirname(at) === at) break;
  }
  const kept = ['HOME', 'LANG', 'TMPDIR', 'USER'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), PATH: [...bins, process.env.PATH ?? ''].join(delimiter) };
}
