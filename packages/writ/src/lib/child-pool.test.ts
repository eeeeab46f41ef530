import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ChildPool } from './child-pool.js';

/** The processes run the built file, as those of the service do. */
const BUILT = new URL('../../dist/lib/', import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), 'writ-pool-'));
const file = join(folder, 'tasks.mjs');
writeFileSync(
  file,
  `import { serveTasks } from '${BUILT}child-tasks.js';
  const hoard = { objects: [], map: new Map() };
  serveTasks(async ({ what, value, ms }) => {
    if (what === 'echo') return value;
    if (what === 'pid') return process.pid;
    if (what === 'environment') return Object.keys(process.env);
    if (what === 'wait') return new Promise((resolve) => setTimeout(resolve, ms, value));
    if (what === 'throw') throw new Error('that is wrong');
    if (what === 'loop') for (;;);
    if (what === 'objects') for (;;) hoard.objects.push({ at: hoard.objects.length });
    if (what === 'map') for (let i = 0; ; i += 1) hoard.map.set(i, i);
    if (what === 'buffers') for (;;) hoard.objects.push(Buffer.alloc(2 ** 20, 1));
    if (what === 'exit') process.exit(3);
  });`,
);
afterAll(() => rmSync(folder, { recursive: true }));

const pools: ChildPool[] = [];
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())));
const poolOf = (limits: Partial<ConstructorParameters<typeof ChildPool>[1]> = {}, path = file): ChildPool => {
  const pool = new ChildPool(path, {
    ...{ size: 1, queue: 100, waitMs: 60_000, cpuMs: 60_000, deadlineMs: 60_000, memoryMib: 64 },
    ...limits,
  });
  pools.push(pool);
  return pool;
};
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('ChildPool', () => {
  it('runs tasks in another process, one after another, without the environment', async () => {
    const pool = poolOf();
    const value = { a: [1n, 'ü', new Map([['k', undefined]])] };
    expect(await pool.run({ what: 'echo', value })).toEqual(value);
    const pids = await Promise.all([pool.run({ what: 'pid' }), pool.run({ what: 'pid' })]);
    expect(pids[0]).toBe(pids[1]);
    expect(pids[0]).not.toBe(process.pid);
    expect(await pool.run({ what: 'environment' })).toEqual([]);
  });

  it('starts as many processes as it may, when they are needed', async () => {
    const pool = poolOf({ size: 2 });
    pool.warm();
    const values = [1, 2, 3].map((value) => pool.run({ what: 'wait', ms: 20, value }));
    expect(await Promise.all(values)).toEqual([1, 2, 3]);
  });

  it.each([
    ['at its deadline, from the start of its turn', { deadlineMs: 1_000 }],
    ['that has used its processor time', { cpuMs: 200 }],
  ])('kills a task %s, and goes on with the next', async (_name, limits) => {
    const pool = poolOf(limits);
    const pid = (await pool.run({ what: 'pid' })) as number;
    const late = pool.run({ what: 'loop' });
    const next = pool.run({ what: 'echo', value: 'next' });
    await expect(late).rejects.toMatchObject({ code: 'worker_failed', reason: 'deadline' });
    expect(await next).toBe('next');
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it('counts processor time, and not the time that a task waits for something', async () => {
    const pool = poolOf({ cpuMs: 100 });
    const pid = await pool.run({ what: 'pid' });
    expect(await pool.run({ what: 'wait', ms: 400, value: 'done' })).toBe('done');
    expect(await pool.run({ what: 'pid' })).toBe(pid);
  });

  it.each(['objects', 'map', 'buffers', 'exit'])(
    'a process that ends itself fails its own task alone: %s',
    async (what) => {
      const pool = poolOf();
      const [ended, next] = [pool.run({ what }), pool.run({ what: 'echo', value: 'next' })];
      await expect(ended).rejects.toMatchObject({ code: 'worker_failed', reason: 'ended' });
      expect(await next).toBe('next');
    },
  );

  it('reports an error of a task, and a task that cannot be copied; the process stays', async () => {
    const pool = poolOf();
    const pid = await pool.run({ what: 'pid' });
    await expect(pool.run({ what: 'throw' })).rejects.toMatchObject({ reason: 'task', message: 'that is wrong' });
    await expect(pool.run({ what: () => 1 })).rejects.toMatchObject({ reason: 'task' });
    expect(await pool.run({ what: 'pid' })).toBe(pid);
  });

  it('refuses a task at once when enough are waiting, and one that waits too long', async () => {
    const pool = poolOf({ queue: 1 });
    await pool.run({ what: 'pid' });
    const running = pool.run({ what: 'wait', ms: 200, value: 'done' });
    const waiting = pool.run({ what: 'echo', value: 'waited' });
    await expect(pool.run({ what: 'pid' })).rejects.toMatchObject({ reason: 'queue' });
    expect(await Promise.all([running, waiting])).toEqual(['done', 'waited']);

    const impatient = poolOf({ waitMs: 1 });
    await expect(impatient.run({ what: 'pid' })).rejects.toMatchObject({ reason: 'queue' });
  });

  it('fails a task for which no process can start', async () => {
    const pool = poolOf({}, join(folder, 'missing.mjs'));
    await expect(pool.run({ what: 'pid' })).rejects.toMatchObject({ reason: 'ended' });
  });

  it('fails what has not finished when it is closed', async () => {
    const pool = poolOf();
    const pid = (await pool.run({ what: 'pid' })) as number;
    const tasks = [pool.run({ what: 'loop' }), pool.run({ what: 'echo' })];
    const settled = Promise.allSettled(tasks);
    await pool.close();
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(pool.run({ what: 'echo' })).rejects.toMatchObject({ reason: 'closed' });
    expect(isAlive(pid)).toBe(false);
  });

  it('a busy process ends with its parent, also one that is killed', async () => {
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `import { ChildPool } from '${BUILT}child-pool.js';
        const pool = new ChildPool(${JSON.stringify(file)}, { size: 1, queue: 9, waitMs: 60000, cpuMs: 600000, deadlineMs: 600000, memoryMib: 64 });
        console.log(await pool.run({ what: 'pid' }));
        await pool.run({ what: 'loop' });`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const pid = await new Promise<number>((resolve) => {
      parent.stdout.once('data', (text) => resolve(Number(text)));
    });
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it.each([false, true])('an idle process keeps no program running, closed: %s', async (isClosed) => {
    const parent = spawn(process.execPath, [
      '--input-type=module',
      '--eval',
      `import { ChildPool } from '${BUILT}child-pool.js';
      const pool = new ChildPool(${JSON.stringify(file)}, { size: 1, queue: 9, waitMs: 60000, cpuMs: 600000, deadlineMs: 600000, memoryMib: 64 });
      await pool.run({ what: 'pid' });
      if (${isClosed}) await pool.close();`,
    ]);
    expect(await new Promise((resolve) => parent.once('exit', resolve))).toBe(0);
  });
});
