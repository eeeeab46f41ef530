import { expect, test } from 'vitest';
import { isLoopback } from './loopback.js';

test.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1', '[::1]'])('%s is this machine alone', (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each(['0.0.0.0', '::', '10.0.0.1', '127.evil.example', '127.0.0.1.evil.example', 'localhost.evil.example', ''])(
  '%s is not this machine alone',
  (host) => {
    expect(isLoopback(host)).toBe(false);
  },
);
