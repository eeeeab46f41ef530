import type { Bundle } from '../../bundle/bundle.js';
import { addressOf } from '../../enforce/mcp/client/declared-address.js';
import { Upstream } from '../../enforce/mcp/client/upstream.js';
import { environmentText } from '../../lib/environment.js';
import { findingsOf } from '../check.js';
import { count } from '../output.js';
import { causeOf, type Found, ok, warning, wrong } from './found.js';

const START_MS = 20_000;

/** The bundle, and each of its servers, started as the gateway would. */
export async function bundleChecks(folder: string, data: string, environment: string | undefined): Promise<Found[]> {
  const { findings, bundle } = await findingsOf(folder, environment);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const found = [checked(folder, errors, findings.length)];
  for (const { code, message, help } of findings)
    if (code === 'access/nobody-approves') found.push(warning(message, help));
  if (bundle === undefined) return found;
  const { servers, clients } = bundle.settings.gateway;
  if (Object.keys(servers).length > 0 && Object.keys(clients).length === 0)
    found.push(
      warning('nobody has a key of the gateway', 'name clients in `gateway.clients` of writ.yaml, or take tokens'),
    );
  for (const [name, server] of Object.entries(servers)) {
    const missing = missingIn([...Object.values(server.headers), ...Object.values(server.env), ...server.args]);
    if (missing === undefined) found.push(...(await serverChecks(bundle, name, data)));
    else found.push(wrong(`the server ${name}: ${missing}`, 'set it where `writ start` runs'));
  }
  return found;
}

function checked(folder: string, errors: number, all: number): Found {
  if (errors > 0) return wrong(`${folder} has ${count(errors, 'error')}`, `writ check ${folder}`);
  if (all > 0) return warning(`${folder} has ${count(all, 'warning')}`, `writ check ${folder}`);
  return ok(`${folder}: nothing to find`);
}

/** Returns the tools that a bundle which describes tools has no description of. */
function undescribed({ tools: { tools, defaults } }: Bundle, shown: readonly string[]): Found[] {
  const isSaid = defaults.effects !== undefined && defaults.result !== undefined;
  const missing = shown.filter((tool) => !Object.hasOwn(tools, tool));
  if (isSaid || Object.keys(tools).length === 0 || missing.length === 0) return [];
  const some = `${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}`;
  return [
    warning(
      `tools.yaml does not describe ${some}: they count as tools that do anything`,
      'writ bundle schema BUNDLE --write',
    ),
  ];
}

function missingIn(values: readonly string[]): string | undefined {
  try {
    for (const value of values) environmentText(value, 'it');
    return undefined;
  } catch (error) {
    return causeOf(error);
  }
}

async function serverChecks(bundle: Bundle, name: string, data: string): Promise<Found[]> {
  const server = bundle.settings.gateway.servers[name];
  if (server === undefined) return [];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it does not answer in ${START_MS / 1_000} s`)), START_MS);
  });
  try {
    const upstream = await Promise.race([Upstream.start(name, addressOf(name, server, bundle, data)), late]);
    const shown = upstream.tools.map(({ name: tool }) => `${server.prefix}${tool}`);
    await upstream.close();
    const actions = new Set([...bundle.schema.actions].map(({ uid }) => uid.id));
    const mapped = new Set(
      bundle.mappings.filter((one) => one.server === name).flatMap(({ tools }) => Object.keys(tools)),
    );
    const without = upstream.tools
      .filter(({ name: tool, inputSchema }) => !mapped.has(tool) && !Object.hasOwn(inputSchema, 'x-authzen-mapping'))
      .map(({ name: tool }) => `${server.prefix}${tool}`)
      .filter((tool) => !actions.has(tool) && !actions.has('tools/call'));
    const served = [
      ok(`the server ${name} starts, with ${shown.length} tools`),
      ...undescribed(
        bundle,
        shown.filter((tool) => actions.has(tool)),
      ),
    ];
    if (without.length === 0) return served;
    const some = without.slice(0, 5).join(', ');
    return [
      ...served,
      warning(
        `nobody can call ${without.length} of them: the schema has no action for ${some}${without.length > 5 ? ', …' : ''}`,
        'if they are to be called: writ bundle schema BUNDLE --write',
      ),
    ];
  } catch (error) {
    return [wrong(causeOf(error), 'url' in server && server.url !== undefined ? undefined : 'try its command by hand')];
  } finally {
    clearTimeout(timer);
  }
}
