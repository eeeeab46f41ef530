import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keySource } from './key-source.js';
import { isWrapped, StoreKey, type WrappedColumn } from './store-key.js';

const COLUMN: WrappedColumn = { table: 'secrets', id: 'name', column: 'value' };
const key = new StoreKey(randomBytes(32));

describe('a wrapped value', () => {
  const wrapped = key.wrap('a secret', COLUMN, 'masks');

  it('is opened by its key in its row, and by nothing else', () => {
    expect(key.unwrap(wrapped, COLUMN, 'masks').toString()).toBe('a secret');
    expect(key.unwrap(Buffer.from(wrapped, 'latin1'), COLUMN, 'masks').toString()).toBe('a secret');
    const wrong = [
      () => new StoreKey(randomBytes(32)).unwrap(wrapped, COLUMN, 'masks'),
      () => key.unwrap(wrapped, COLUMN, 'bindings'),
      () => key.unwrap(wrapped, { ...COLUMN, table: 'person_keys' }, 'masks'),
      () => key.unwrap(wrapped, { ...COLUMN, column: 'name' }, 'masks'),
      () => key.unwrap('a secret', COLUMN, 'masks'),
      () => key.unwrap('', COLUMN, 'masks'),
      () => key.unwrap(wrapped.slice(0, 25), COLUMN, 'masks'),
    ];
    for (const open of wrong) expect(open).toThrow(expect.objectContaining({ code: 'store_key_unavailable' }));
  });

  it('with any byte changed is refused', () => {
    const [form, id, data = ''] = wrapped.split('.');
    const bytes = Buffer.from(data, 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8((changed[at] as number) ^ 1, at);
      const text = `${form}.${id}.${changed.toString('base64url')}`;
      expect(() => key.unwrap(text, COLUMN, 'masks'), `byte ${at}`).toThrow();
    }
  });

  it('is different each time, and known for one', () => {
    expect(key.wrap('a secret', COLUMN, 'masks')).not.toBe(wrapped);
    expect([isWrapped(wrapped), isWrapped('w1.x'), isWrapped(randomBytes(32))]).toEqual([true, false, false]);
  });
});

describe('the source of a key', () => {
  const secret = randomBytes(32);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'writ-key-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const idOf = (spec?: string) => keySource(spec, folder).read()?.id;

  it('is a file in keys/ by default, which is made for its owner alone', () => {
    const source = keySource(undefined, folder);
    expect([source.read(), source.own?.next()]).toEqual([undefined, undefined]);
    const made = source.own?.make();
    expect([source.read(), source.own?.next()?.id]).toEqual([undefined, made?.id]);
    source.own?.keep();
    expect(source.read()?.id).toBe(made?.id);
    expect(statSync(join(folder, 'keys', 'store.key')).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['base64', secret.toString('base64')],
    ['base64url', secret.toString('base64url')],
    ['hex', secret.toString('hex')],
    ['with a line end', `${secret.toString('base64')}\n`],
  ])('has it as %s: from a file, a variable, a program', (_form, text) => {
    const { id } = new StoreKey(secret);
    const file = join(folder, 'a key');
    writeFileSync(file, text);
    expect(idOf(`file:${file}`)).toBe(id);
    process.env.WRIT_TEST_STORE_KEY = text;
    expect(idOf('env:WRIT_TEST_STORE_KEY')).toBe(id);
    delete process.env.WRIT_TEST_STORE_KEY;
    const program = join(folder, 'print-key');
    writeFileSync(program, `#!/bin/sh\nprintf '%s' '${text.trim()}'\n`);
    chmodSync(program, 0o700);
    expect(idOf(`command:${program} an-argument`)).toBe(id);
  });

  it.each([
    ['vault:secret/writ'],
    ['store.key'],
    ['command:false'],
    ['command:/nowhere/program'],
    ['command:echo SECRET-OF-ANOTHER-FORM'],
    [`command:echo ${Buffer.alloc(31).toString('base64')}`],
  ])('%s is refused, and what it printed is not said', (spec) => {
    let error: unknown;
    try {
      idOf(spec);
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ code: 'store_key_unavailable' });
    expect(String(error)).not.toContain('SECRET-OF');
  });
});
