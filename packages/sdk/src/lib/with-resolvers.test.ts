import { expect, it } from 'vitest';
import { withResolvers } from './with-resolvers.js';

it('settles the promise once, from outside', async () => {
  const answer = withResolvers<number>();
  answer.resolve(1);
  answer.reject(new Error('too late'));
  expect(await answer.promise).toBe(1);
  const failure = withResolvers();
  failure.reject(new Error('no'));
  await expect(failure.promise).rejects.toThrow('no');
});
