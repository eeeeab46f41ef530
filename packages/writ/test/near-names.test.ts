import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandHere } from './printed.js';
import { bundleOf, type Running, run } from './running.js';

/** A name that nothing has is answered with what was looked for and with names that are near, not with silence. */

let writ: Running;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'writ-near-'));
  writ = await run(
    bundleOf({
      'writ.yaml': `name: near
callers: { sidecar: { roles: [enforcement-point] } }
gateway: { clients: { cursor: { agent: 'Agent::"cursor"', for: 'User::"ana"' } } }
`,
      'schema.cedarschema':
        'entity User, Agent, Doc; action read_file appliesTo { principal: [User], resource: [Doc] };',
      'policies/all.cedar': '@id("all-may-read") permit (principal, action, resource);',
    }),
  );
  await writ.send('POST', '/access/v1/evaluation', {
    subject: { type: 'User', id: 'ana' },
    action: { name: 'read_file' },
    resource: { type: 'Doc', id: '1' },
  });
});
afterAll(async () => {
  await writ.stop();
  rmSync(folder, { recursive: true, force: true });
});

const command = (...args: string[]) =>
  commandHere(...args, '--service', writ.url, '--key-file', writ.writ.keyFileOf('admin'));

describe('writ decision list', () => {
  it.each([
    ['--identity', 'anna', `near it: 'User::"ana"'`],
    ['--identity', 'cursor', `near it: 'Agent::"cursor"'`],
    ['--identity', 'User::"an"', `near it: 'User::"ana"'`],
    ['--originator', 'Agent::"ana"', `near it: 'User::"ana"'`],
    ['--policy', 'all-my-read', 'near it: all-may-read'],
    ['--action', 'read_fil', 'near it: read_file'],
    ['--enforcement-point', 'sidcar', 'near it: sidecar'],
    ['--task', '01ABC', 'nothing that is known is near it'],
  ])('with %s %s, which no decision has, says so with what is near', async (option, value, near) => {
    const { code, out } = await command('decision', 'list', option, value);
    const [first, second, ...rest] = out.split('\n');
    expect([code, first, rest]).toEqual([0, expect.stringContaining(`no decision has ${option} `), ['']]);
    expect(second).toMatch(`nothing has ${option}`);
    expect(second).toContain(near);
  });

  it('says what was looked for, if only the combination has nothing', async () => {
    const { out } = await command('decision', 'list', '--action', 'read_file', '--result', 'deny', '--since', '1h');
    expect(out).toBe('no decision has --result deny --action read_file --since 1h\n');
    const { json } = await writ.send('GET', '/v1/decisions?action=read_file&result=deny', undefined, { as: 'admin' });
    expect(json).toEqual({ decisions: [] });
  });

  it('names nothing of others to a caller that may not read decisions', async () => {
    const { status, text } = await writ.send('GET', '/v1/decisions?identity=anna', undefined, { as: 'sidecar' });
    expect([status, text.includes('ana"')]).toEqual([403, false]);
  });
});

it('an empty list of identities says what was looked for', async () => {
  const { code, out } = await command('identity', 'list', '--state', 'retired', '--owner', 'User::"lena"');
  expect([code, out]).toEqual([0, `no identity has --state retired --owner 'User::"lena"'\n`]);
});

describe('writ log incident', () => {
  it('of an identity that no decision is of writes nothing, and says what is near', async () => {
    const out = join(folder, 'incident');
    const made = await command('log', 'incident', 'User::"anna"', '--out', out);
    expect([made.code, made.out]).toEqual([2, expect.stringContaining('near it: User::"ana"')]);
    expect(existsSync(out)).toBe(false);
  });
});

describe('a message of the service', () => {
  it.each([
    [
      ['revoke', 'all', '--until', '2020-01-01T00:00:00Z', '--reason', 'r'],
      /refused: --until: 2020-01-01T00:00:00.000Z is past/,
    ],
    [['revoke', 'all', '--until', '60d', '--reason', 'r'], /refused: --until: it is at most 30 days from now/],
    [['decision', 'list', '--limit', '9999'], /refused: --limit: it must be at most 500\n/],
    [['decision', 'list', '--limit', 'many'], /refused: --limit: it must be a number\n/],
    [['revoke', 'identity', 'ana', '--reason', 'r'], /refused: `target`: an identity is written Type::"id"/],
    [['revoke', 'identity', 'User::"ana"', '--reason', ''], /refused: --reason: it must not be empty\n/],
    [
      ['identity', 'set', 'Agent::"cursr"', '--owner', 'User::"ana"'],
      /near it: Agent::"cursor". To register it, give --kind/,
    ],
    [['identity', 'show', 'Agent::"cursr"'], /no identity Agent::"cursr" was ever seen; near it: Agent::"cursor"/],
    [['caller', 'revoke', 'admin', '--reason', 'r', '--key', 'x'], /refused: --key: a key is named by its id/],
    [['caller', 'revoke', 'admin', '--reason', 'r'], /it asks with: give --force if that is meant/],
  ])('%j names the options of the command', async (args, said) => {
    const { code, out } = await command(...args);
    expect([code, out]).toEqual([2, expect.stringMatching(said)]);
    expect(out).not.toMatch(/body\.|query\.|expected|Invalid input/);
  });
});

it('a second stop says that the first reason stays', async () => {
  const first = await command('stop', 'Agent::"cursor"', '--reason', 'it mails strangers');
  expect(first.out).toMatch(/^stopped Agent::"cursor": it mails strangers\n/);
  expect(first.out).not.toContain('already');
  const second = await command('stop', 'Agent::"cursor"', '--reason', 'it deletes files');
  expect([second.code, second.out]).toEqual([
    0,
    expect.stringMatching(/^stopped Agent::"cursor": it mails strangers\n/),
  ]);
  expect(second.out).toMatch(/It was revoked already, at \S+ by admin, because: it mails strangers\n/);
  expect(second.out).toMatch(/That reason stays. For the new one: writ revoke undo \S+ --reason/);
});
