import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { staysUp, unless } from '../alive.js';
import type { Attack, Held } from '../attack.js';
import { flowFiles } from '../bundles.js';
import { went } from '../gateway.js';
import { httpServer } from '../http-server.js';
import { freePort, rest } from '../processes.js';
import { Service } from '../service.js';
import { HOSTILE, type World } from '../world.js';

/** F2 and F11: the definitions of tools, and servers that are down, endless or hostile when the service starts. */

type Files = ReturnType<typeof flowFiles>;

/** The bundle with another description of its one server. */
function withServer(description: string): Files {
  const files = flowFiles(HOSTILE);
  return {
    ...files,
    'writ.yaml': String(files['writ.yaml']).replace(/hostile: \{.*\}(?= \})/, () => `hostile: ${description}`),
  };
}

const inMode = (mode: string, pin = 'first-use'): Files =>
  withServer(`{ command: node, args: ['${HOSTILE}', '\${data}/journal.txt', ${mode}], pin: ${pin}, timeout: 20s }`);

async function calls(world: World, files: Files, tool: string, text: unknown): Promise<Held> {
  const service = await world.fresh(files);
  const client = world.client(service);
  return staysUp(
    service,
    async () => {
      void client.call(tool, { text }).catch(() => undefined);
      await rest(2_500);
    },
    { decides: false },
  );
}

async function says(world: World): Promise<Held> {
  const service = await world.flow();
  const said = await world.client(service).call('say', { text: 'hello' });
  return unless(went(said), () => `an honest tool was not called: ${said.text.slice(0, 200)}`);
}

const nested = (depth: number): unknown => (depth === 0 ? [] : [nested(depth - 1), nested(depth - 1)]);
const lists = (depth: number): unknown => (depth === 0 ? 'x' : [lists(depth - 1)]);

const SCHEMAS: readonly [what: string, mode: string, text: unknown, pin?: string][] = [
  ['references of which each asks the next one twice', 'bomb', 'x'],
  ['the same, of a tool that nobody has approved', 'bomb', 'x', 'approve'],
  ['a recursive reference with two equal branches', 'cycle', lists(24)],
  ['a recursive reference, and a wide value', 'cycle', nested(12)],
  ['14 levels of oneOf, written out', 'deep', 'x'],
];

const schemas = SCHEMAS.map(
  ([what, mode, text, pin]): Attack => ({
    kind: 'schemas of tools',
    name: `schema: ${what}`,
    finding: 'F2',
    seconds: 120,
    attack: (world) => calls(world, inMode(mode, pin), mode, text),
    twin: says,
  }),
);

const MEBIBYTES = 900;

/** Whether it is ready although this is its server, with a bounded memory, and decides for callers that have no part in it. */
async function starts(world: World, files: Files): Promise<Held> {
  const options = await world.options({ ...files });
  const service = world.owns(await Service.launch(options));
  if (!(await service.becomes(200, 45_000)))
    return service.ended === undefined ? 'it was not ready within 45 s' : `the start ended with ${service.ended}`;
  const said = await service.send('POST', '/access/v1/evaluation', ASKED, { timeoutMs: 4_000 }).catch(() => undefined);
  if (said?.status !== 200) return 'it is ready and does not decide';
  await rest(1_500);
  const pages = Number(readFileSync(`/proc/${service.child.pid}/statm`, 'utf8').split(' ')[1]);
  const mebibytes = (pages * 4_096) / 2 ** 20;
  return unless(mebibytes < MEBIBYTES, () => `it has ${mebibytes.toFixed(0)} MiB of memory`);
}

const ASKED = { subject: { type: 'User', id: 'ana' }, action: { name: 'say' }, resource: { type: 'Tool', id: 'say' } };

const url = (address: string): Files => withServer(`{ url: '${address}' }`);
/** 600 MB of blanks, as few bytes on the wire. */
const bomb = (): Buffer => gzipSync(Buffer.alloc(600_000_000, ' '), { level: 1 });

const STARTS: Readonly<Record<string, (world: World) => Files | Promise<Files>>> = {
  'refuses the connection': async () => url(`http://127.0.0.1:${await freePort()}/mcp`),
  'cannot be found as a command': () => withServer('{ command: no-such-mcp-server-anywhere }'),
  'ends at once': () => withServer("{ command: node, args: ['-e', 'process.exit(3)'] }"),
  'never answers initialize': () => inMode('silent'),
  'has endless pages of tools': () => inMode('endless'),
  'writes an endless line': () => inMode('huge'),
  'lists one name twice': () => inMode('twice'),
  'has endless pages of tools over HTTP': async (world) =>
    url(
      await httpServer(world, ({ id, method }) => {
        const tools = Array.from({ length: 50 }, (_, i) => ({
          name: `t${i}${Math.random()}`,
          inputSchema: { type: 'object' },
        }));
        const result = { tools, nextCursor: String(Math.random()) };
        return method === 'tools/list' ? [200, JSON.stringify({ jsonrpc: '2.0', id, result })] : undefined;
      }),
    ),
  'answers the list with a gzip bomb': async (world) => {
    const zipped = bomb();
    return url(
      await httpServer(world, ({ method, response }) => {
        if (method !== 'tools/list') return undefined;
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }).end(zipped);
        return 'handled';
      }),
    );
  },
  'drips its answer to initialize': async (world) =>
    url(
      await httpServer(world, ({ method, response }) => {
        if (method !== 'initialize') return undefined;
        response.writeHead(200, { 'Content-Type': 'application/json' });
        const drop = setInterval(() => response.write(' '), 100);
        response.once('close', () => clearInterval(drop));
        return 'handled';
      }),
    ),
};

const down = Object.entries(STARTS).map(
  ([what, files]): Attack => ({
    kind: 'servers at the start',
    name: `a server ${what}`,
    finding: what === 'refuses the connection' ? 'down-at-start' : 'F11',
    seconds: 120,
    attack: async (world) => starts(world, await files(world)),
    twin: says,
  }),
);

const oneBad: Attack = {
  kind: 'servers at the start',
  name: 'one tool with a number past 2^53, and one whose title is null, take the others away',
  finding: 'one-bad-tool',
  seconds: 90,
  async attack(world) {
    const service = await world.fresh(inMode('one'));
    const said = await world.client(service).call('say', { text: 'hello' });
    return unless(went(said), () => `the good tool cannot be called: ${said.text.slice(0, 200)}`);
  },
  twin: says,
};

const oneBadGuarded: Attack = {
  kind: 'servers at the start',
  name: 'the same behind a guard',
  finding: 'one-bad-tool',
  seconds: 90,
  async attack(world) {
    const guard = await world.guard(await world.flow(), [], 'one');
    const { answer } = await guard.request('tools/list', {});
    const names = (answer?.result?.tools ?? []).map(({ name }: { name: string }) => name);
    if (!names.includes('say'))
      return `the list of the guard is ${JSON.stringify(answer).slice(0, 200)} ${guard.output.slice(-200)}`;
    const said = await guard.call('say', { text: 'hello' });
    return unless(went(said), () => `the good tool cannot be called: ${JSON.stringify(said.answer).slice(0, 200)}`);
  },
  twin: says,
};

export const SERVERS: readonly Attack[] = [...schemas, ...down, oneBad, oneBadGuarded];
