import { expect, it } from 'vitest';
import { HOOK_SETTINGS, hookCommand, hooksIn, keyFileIn, withHooks, withoutHooks } from './hook-settings.js';

const COMMAND = hookCommand(["/opt/writ's/bin/writ-hook", 'claude', 'http://127.0.0.1:7465', '/a key.key']);

it.each(HOOK_SETTINGS)(
  'writes and removes the hooks of $client, in its own file and in that of the administrator',
  (one) => {
    for (const isManaged of [false, true]) {
      const after = withHooks(one, 'f.json', '', COMMAND, isManaged);
      expect([...hooksIn(one, 'f.json', after).keys()].sort()).toEqual(Object.keys(one.events).sort());
      expect(after.includes('"allowManagedHooksOnly": true')).toBe(isManaged && one.client === 'claude-code');
      expect(withHooks(one, 'f.json', after, COMMAND, isManaged)).toBe(after);
      const without = withoutHooks(one, 'f.json', after, isManaged);
      expect(hooksIn(one, 'f.json', without).size).toBe(0);
      expect(without).not.toContain('allowManagedHooksOnly');
    }
  },
);

it.each(['/plain.key', '/a key.key', "/it's a key"])('finds the key file %s in its command', (file) => {
  expect(keyFileIn(hookCommand(['/x/writ-hook', 'codex', 'http://h', file]))).toBe(file);
});

it('leaves the hook of somebody else who calls it alike', () => {
  const [claude] = HOOK_SETTINGS;
  const theirs = '{ "hooks": { "PreToolUse": [{ "hooks": [{ "type": "command", "command": "my-writ-hook x" }] }] } }';
  if (claude === undefined) expect.fail();
  expect(hooksIn(claude, 'f.json', theirs).size).toBe(0);
  expect(withoutHooks(claude, 'f.json', theirs, false)).toBe(theirs);
});
