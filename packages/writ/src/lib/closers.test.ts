import { expect, it } from 'vitest';
import { Closers } from './closers.js';

function recording(closers: Closers): {
  readonly ran: string[];
  add(name: string, fails?: 'throws' | 'rejects'): void;
} {
  const ran: string[] = [];
  return {
    ran,
    add: (name, fails) =>
      closers.add(() => {
        ran.push(name);
        if (fails === 'throws') throw new Error(`${name} failed`);
        return fails === 'rejects' ? Promise.reject(new Error(`${name} failed`)) : undefined;
      }),
  };
}

it('runs all in reverse order, each once', async () => {
  const closers = new Closers();
  const { ran, add } = recording(closers);
  for (const name of ['lock', 'store', 'server']) add(name);
  await Promise.all([closers.close(), closers.close()]);
  await closers.close();
  expect(ran).toEqual(['server', 'store', 'lock']);
});

it.each(['throws', 'rejects'] as const)('runs those opened before one that %s', async (how) => {
  const closers = new Closers();
  const { ran, add } = recording(closers);
  add('lock');
  add('store', how);
  add('server', how);
  await expect(closers.close()).rejects.toMatchObject({
    code: 'close_failed',
    message: 'not everything could be closed: server failed; store failed',
    errors: [new Error('server failed'), new Error('store failed')],
  });
  expect(ran).toEqual(['server', 'store', 'lock']);
  await closers.close();
});

it('gives up one that never ends', async () => {
  const closers = new Closers(20);
  const { ran, add } = recording(closers);
  add('lock');
  closers.add(() => new Promise(() => undefined));
  await expect(closers.close()).rejects.toThrow('a closer did not end within 20 ms');
  expect(ran).toEqual(['lock']);
});

it('runs one that is added while it closes', async () => {
  const closers = new Closers();
  const { ran, add } = recording(closers);
  add('first');
  closers.add(() => add('late'));
  await closers.close();
  expect(ran).toEqual(['late', 'first']);
});

it('closes as an async disposable', async () => {
  const closers = new Closers();
  const { ran, add } = recording(closers);
  add('store');
  await closers[Symbol.asyncDispose]();
  expect(ran).toEqual(['store']);
});
