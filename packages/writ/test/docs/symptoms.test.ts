import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { bundleOf, run } from '../running.js';
import { isThere, type Shown, test } from '../trial/shown.js';
import { ROOT } from './commands-in.js';

/** Each symptom of docs/symptoms.md is real: a test shows it, and what it quotes is what Writ says. */

const PAGE = readFileSync(join(ROOT, 'docs/symptoms.md'), 'utf8');
const ROWS = [...PAGE.matchAll(/^\| (?!you see|---)(.*?) \| .* \| .* \|$/gm)].map(([, seen]) => String(seen));

/** A test of this file shows it. */
const HERE = undefined;

/** The test that shows a symptom, by its first cell. */
const SHOWN: Readonly<Record<string, Shown | undefined>> = {
  '`the tool is not described in tools.yaml, so it counts as one that does anything`': test(
    'test/second-server.test.ts',
    'describes tools that tools.yaml lacks, which are the cause of a denial until then',
  ),
  'one read, and then each write is `step_up` or `deny`': test(
    'test/plain-tasks.test.ts',
    'keeps the labels of its lineage in each new task, and for an agent of the same owner',
  ),
  'the same, and `writ check` says `settings/no-prompt`': test('src/bundle/check/rules.test.ts', 'settings/no-prompt'),
  'each call is denied, with no rule as the reason': test('test/up.test.ts', 'no policy permits'),
  '`this attribute is not declared in the schema`': HERE,
  '`misfit` in the list, `the request does not fit the schema: …`': test(
    'test/misfits.test.ts',
    'is listed and counted as that',
  ),
  '`caller_not_permitted`': test(
    'test/caller-keys.test.ts',
    'an added caller speaks for its agent at work for its person, and for nobody else',
  ),
  '`outside_mandate`': test('test/mandates.test.ts', "refusal: { code: 'outside_mandate' }"),
  'a limit, and `retry_after`': test(
    'test/retry-after.test.ts',
    'is in the context of the answer, also of a bare denial, and of no other',
  ),
  'a task that somebody ended': test(
    'test/plain-tasks.test.ts',
    'by a person denies its calls, also over a restart, until something begins another',
  ),
  'an identity is revoked or suspended': test(
    'test/emergency.test.ts',
    'suspends one that appeared by itself, which stays unregistered, and refuses a name that was never seen',
  ),
  'every caller is denied': test(
    'test/emergency.test.ts',
    'denies everything until a time, ends by itself, and is lengthened but not shortened',
  ),
  '`Nobody can approve this: …`': test(
    'test/drafted-approvals.test.ts',
    'nobody can approve: `writ check` and `writ doctor` say so, and the denial too, at once',
  ),
  'the request waits, and nobody was notified': test(
    'test/access-cli.test.ts',
    'a request is made, looked at, approved, and taken back, from the command line',
  ),
  'it was approved, and the call is stopped again': test(
    'test/access-requests.test.ts',
    'is asked for, approved, and permitted once: exactly that',
  ),
  'it was approved, and another rule stops it': test(
    'test/consent.test.ts',
    'lifts no rule that asks for four eyes, and an approval none that asks for consent',
  ),
  '`step_up` that no request lifts': test(
    'test/access-requests.test.ts',
    'is none of these: a plain denial, and one that a step-up lifts too',
  ),
  'the same question many times': test(
    'test/like-requests.test.ts',
    'are asked about once, with the values in which they differ',
  ),
  '`observed: step_up` or `observed: deny` in `writ decision list`': test(
    'test/observing.test.ts',
    'a first start that observes',
  ),
  'no decisions at all': test(
    'test/setup-commands.test.ts',
    'finds clients that nothing stands before, and guards that cannot work',
  ),
  'a rule that is in no decision': test('test/trial/mistakes.ts', "'polices/'"),
  'an edit that changes nothing': test('test/states.test.ts', 'at a reload'),
  '`tool_suspended`': test('test/gateway-upstreams.test.ts', "refusal: { code: 'tool_suspended' }"),
  'it is not in the list of the client': test(
    'test/gateway-upstreams.test.ts',
    'what could be permitted with some arguments, or asked for; of each client its own',
  ),
  'all tools of one server are missing': test(
    'test/gateway-upstreams.test.ts',
    'takes nothing else down, says so, and is connected to when it is there',
  ),
  'the service does not start: two tools of one name': HERE,
  '401': test('test/guard.test.ts', 'a key that the service does not know stops every call'),
  '403, `this service does not answer … see --allow-host`': test(
    'test/gateway-places.test.ts',
    'are those of its resource, of the public URL and of the command line',
  ),
  'nothing answers from another machine': test(
    'test/gateway-places.test.ts',
    'is loopback without TLS by default, whatever the service has',
  ),
  '`gateway_in_the_clear`': test('test/gateway-places.test.ts', 'is refused where keys would travel in the clear'),
  'every call of a guard is refused': test('test/guard.test.ts', 'an unreachable decision point stops every call'),
  '`state_changed`': test('test/changed-state.test.ts', "'state_changed'"),
};

it('the page has the symptoms of this list', () => {
  expect([...ROWS].sort()).toEqual(Object.keys(SHOWN).sort());
});

it.each(Object.entries(SHOWN))('%s: a test shows it', (_seen, shown) => {
  expect([shown, shown === HERE || isThere(shown)]).toEqual([shown, true]);
});

const SOURCES = ['packages/writ/src', 'packages/cedar/src', 'packages/enforce/src', 'packages/sdk/src']
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => readFileSync(join(ROOT, folder, name), 'utf8')),
  )
  .join('\n');

const SERVER = fileURLToPath(new URL('../servers/plain.mjs', import.meta.url));
const server = `{ command: node, args: ['${SERVER}', '\${data}/journal.txt'] }`;
const bundle = (servers: string): string =>
  bundleOf({
    'writ.yaml': `name: symptoms\ngateway: { servers: { ${servers} } }\n`,
    'schema.cedarschema':
      'entity User, Agent, Tool; action say appliesTo { principal: [User, Agent], resource: [Tool], context: { input: { text?: String } } };',
    'policies/all.cedar': '@id("all") permit (principal, action, resource);',
  });

it('an argument that the schema does not know is named in the refusal', async () => {
  const writ = await run(bundle(`one: ${server}`));
  const { json } = await writ.send('POST', '/access/v1/evaluation', {
    subject: { type: 'User', id: 'ana' },
    action: { name: 'say' },
    resource: { type: 'Tool', id: 'say' },
    context: { input: { txt: 'hi' }, detail: 'reasons' },
  });
  expect([json.decision, json.context.refusal.code]).toEqual([false, 'invalid_request']);
  expect(json.context.refusal.message).toContain('this attribute is not declared in the schema');
  await writ.stop();
});

it('two servers with a tool of one name stop the start, and the message says what to do', async () => {
  await expect(run(bundle(`one: ${server}, two: ${server}`))).rejects.toMatchObject({
    message: expect.stringMatching(/one.*two|two.*one/),
    help: expect.stringContaining('prefix'),
  });
});

it('quotes what Writ says', () => {
  const quoted = ROWS.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, text]) => String(text)));
  // A verb, and a member with its value, are no messages.
  const said = quoted
    .filter((text) => !text.startsWith('writ '))
    .flatMap((text) => text.split(/: …$| ?… ?|: (?=deny|step_up)/));
  expect(said.length).toBeGreaterThan(12);
  expect(said.filter((text) => text !== '' && !SOURCES.includes(text))).toEqual([]);
});
