import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ShownCaller } from '../callers.js';
import { observingText } from '../observing-note.js';
import { callerChecks } from './callers.js';
import { causeOf, type Found, ok, warning, wrong } from './found.js';

interface ServiceToCheck {
  readonly service: string;
  readonly gateway: string;
  readonly data: string;
  readonly keyFile?: string;
}

const WAIT_MS = 3_000;
const SKEW_MS = 5_000;

/** Whether the service and its gateway run, and take the keys that there are. */
export async function serviceChecks(flags: ServiceToCheck): Promise<Found[]> {
  const { service } = flags;
  let ready: Response;
  try {
    ready = await ask(new URL('/readyz', service));
  } catch (error) {
    return [
      wrong(`${service} does not answer: ${causeOf(error)}`, '`writ start --bundle DIR`; name another with --service'),
    ];
  }
  const { state = 'no service of Writ', observing } = ((await ready.json().catch(() => ({}))) ?? {}) as {
    state?: string;
    observing?: string;
  };
  const found: Found[] = [
    ready.ok
      ? ok(`${service} is ${state}`)
      : wrong(`${service} is ${state}`, 'its log says why; it permits nothing so far'),
  ];
  if (observing !== undefined)
    found.push(warning(observingText(new Date(observing)), 'it ends by itself; `writ up enforce` ends it now'));
  const date = Date.parse(ready.headers.get('date') ?? '');
  const skew = Math.abs(Date.now() - date);
  if (skew > SKEW_MS)
    found.push(
      warning(
        `its clock is ${Math.round(skew / 1_000)} s away from that of this machine`,
        'tokens and proofs are refused for that',
      ),
    );
  return [...found, ...(await keyChecks(flags)), ...(await gatewayChecks(flags.gateway))];
}

async function keyChecks({ service, data, keyFile }: ServiceToCheck): Promise<Found[]> {
  const file = keyFile ?? join(data, 'keys/default.key');
  if (!existsSync(file)) return [warning(`there is no key in ${file}`, 'name that of a caller with --key-file')];
  // 401 means that the key proves nothing; its rights are not checked then.
  if ((await asks(new URL('/v1/tools', service), readFileSync(file, 'utf8').trim())) === 401)
    return [wrong(`${service} does not take the key in ${file}`, 'it is of another store: --data, --key-file')];
  const found: Found[] = [ok(`it takes the key in ${file}`)];
  const admin = join(data, 'keys/admin.key');
  if (!existsSync(admin)) return found;
  const key = readFileSync(admin, 'utf8').trim();
  const answer = await ask(new URL('/v1/callers', service), key).catch(() => undefined);
  const { callers } = ((await answer?.json().catch(() => ({}))) ?? {}) as { callers?: readonly ShownCaller[] };
  if (answer?.ok === true && callers !== undefined) found.push(...callerChecks(callers));
  const response = await ask(new URL('/v1/tools', service), key).catch(() => undefined);
  const { tools = [] } = ((await response?.json().catch(() => ({}))) ?? {}) as {
    tools?: { state: string; server: string; tool: string }[];
  };
  const suspended = tools.filter(({ state }) => state !== 'approved').map(({ server, tool }) => `${server}/${tool}`);
  if (suspended.length > 0)
    found.push(
      warning(`suspended: ${suspended.join(', ')}`, 'look at them with `writ tool list`, then `writ tool approve`'),
    );
  return found;
}

async function gatewayChecks(gateway: string): Promise<Found[]> {
  try {
    const response = await ask(new URL(gateway));
    if (response.status !== 401)
      return [wrong(`${gateway} is no gateway: it answers ${response.status} to whoever asks`)];
    const where = /resource_metadata="([^"]+)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1];
    return [
      ok(`the gateway at ${gateway} asks for a credential${where === undefined ? '' : `, and says where to get one`}`),
    ];
  } catch {
    return [
      warning(
        `there is no gateway at ${gateway}`,
        'a bundle without `gateway.servers` has none; name another with --gateway',
      ),
    ];
  }
}

async function asks(url: URL, key: string): Promise<number | undefined> {
  return (await ask(url, key).catch(() => undefined))?.status;
}

function ask(url: URL, key?: string): Promise<Response> {
  return fetch(url, {
    headers: {
      Accept: 'application/json, text/event-stream',
      ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
    },
    redirect: 'error',
    signal: AbortSignal.timeout(WAIT_MS),
  });
}
