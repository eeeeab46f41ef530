import { expect, it } from 'vitest';
import { table } from './table.js';

it('has its own entries only, whatever every object has', () => {
  const names = table({ call: 'name' });
  expect(names.call).toBe('name');
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', 'other'])
    expect(names[name]).toBeUndefined();
});
