import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { commandHere } from './printed.js';
import { sendRaw } from './raw.js';
import { bundleOf, run } from './running.js';

/** A service and the commands, with the overlay of an environment. */

const SERVER = fileURLToPath(new URL('servers/plain.mjs', import.meta.url));
const FILES = {
  'writ.yaml': `name: shop
gateway:
  servers: { plain: { command: node, args: ['${SERVER}', said.txt] } }
  clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"' } }
`,
  'schema.cedarschema': `entity User, Agent, Tool;
    action say appliesTo { principal: [User, Agent], resource: [Tool], context: { input: { text?: String } } };`,
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
};
const overlay = (name: string): string => `gateway: { resource: 'https://${name}/mcp' }\n`;

it('a service serves it, reloads it, and keeps the last good one', async () => {
  const bundle = bundleOf({ ...FILES, 'writ.production.yaml': overlay('one.example') });
  let writ = await run(bundle, { environment: 'production' });
  const answers = async (name: string): Promise<string | undefined> =>
    (
      await sendRaw(writ.writ.gatewayUrl as string, `POST /mcp HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`)
    )[0];
  const version = async (): Promise<string> =>
    (await writ.send('GET', '/v1/policy', undefined, { as: 'admin' })).json.version;
  expect([await answers('one.example'), await answers('two.example')]).toEqual(['401', '403']);
  const first = await version();
  writeFileSync(join(bundle, 'writ.production.yaml'), overlay('two.example'));
  await writ.writ.reload();
  expect([await answers('one.example'), await answers('two.example')]).toEqual(['403', '401']);
  const second = await version();
  expect(second).not.toBe(first);
  writeFileSync(join(bundle, 'writ.production.yaml'), 'callers: { me: { roles: [administrator] } }');
  await expect(writ.writ.reload()).rejects.toMatchObject({ code: 'bundle_invalid' });
  await writ.writ.close();
  writ = await run(bundle, { environment: 'production', data: writ.data });
  expect([await version(), await answers('two.example')]).toEqual([second, '401']);
  await writ.writ.close();
  // The last good bundle is that of production.
  writeFileSync(join(bundle, 'writ.staging.yaml'), 'delegation: actor');
  const staging = run(bundle, { environment: 'staging', data: writ.data });
  await expect(staging).rejects.toMatchObject({ code: 'bundle_invalid' });
  await expect(run(bundleOf(FILES), { environment: 'staging' })).rejects.toMatchObject({ code: 'bundle_invalid' });
});

it('writ check checks the bundle alone, and with each', async () => {
  const bundle = bundleOf({ ...FILES, 'writ.one.yaml': overlay('one.example'), 'writ.two.yaml': 'delegation: actor' });
  const all = await commandHere('check', bundle);
  expect([all.code, all.out]).toEqual([1, expect.stringMatching(/writ\.two\.yaml:1:1 error .*delegation/)]);
  expect(all.out).toMatch(/not ok .*, with one, two: 1 policy, 1 error/);
  const one = await commandHere('check', bundle, '--env', 'one', '--json');
  expect([one.code, JSON.parse(one.out)]).toEqual([0, expect.objectContaining({ ok: true, errors: 0 })]);
  const both = JSON.parse((await commandHere('check', bundle, '--json')).out);
  expect(both.environments).toEqual([
    { environment: 'one', ok: true, version: JSON.parse(one.out).version },
    { environment: 'two', ok: false, version: null },
  ]);
  const none = await commandHere('check', bundle, '--env', 'three');
  expect([none.code, none.out]).toEqual([1, expect.stringContaining('has no environment "three": it has one, two')]);
});
