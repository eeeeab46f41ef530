import type { Decision, DecisionId, DecisionPoint } from '@writ/sdk/authzen';
import { expect, it } from 'vitest';
import { CallQueue } from '../enforcer/call-queue.js';
import { Enforcer } from '../enforcer/enforcer.js';
import { CLAUDE } from './dialects/claude.js';
import { CODEX } from './dialects/codex.js';
import type { Dialect } from './event.js';
import { HookFace } from './face.js';
import { Prompts } from './prompts.js';

const HOLD = { stepUp: 'reference', waitMs: 0, justify: false, deferMs: 0, deferred: 0 } as const;
const DESK = { ask: async () => undefined, settled: async () => ({ id: '', status: 'pending' }) };
const LOG = { warn: () => undefined, error: () => undefined };
const ANA = { originator: { type: 'User', id: 'ana' }, agent: undefined };
const PERMIT = { result: 'allow', reasons: [], policyVersion: 'v' } as const;

function faceOf(more: Partial<Decision> = {}, wait: Promise<void> = Promise.resolve(), deadlineMs = 5_000) {
  const reports: string[] = [];
  const asked: unknown[] = [];
  let ids = 0;
  const point: DecisionPoint = {
    ...{ couldPermit: undefined, onRevoked: undefined, denyFinally: undefined },
    decide: async (request) => {
      asked.push(request);
      await wait;
      return { id: `D${++ids}` as DecisionId, ...PERMIT, ...more };
    },
    report: async (id, status) => void reports.push(`${id} ${status}`),
  };
  const attempts: string[] = [];
  const enforcer = new Enforcer({
    ...{ point, at: 'hook', log: LOG, hash: (text: string) => text },
    queue: new CallQueue(point, () => HOLD, DESK),
    attempts: { add: ({ reason }) => void attempts.push(reason) },
  });
  const face = new HookFace({
    ...{ enforcer, prompts: new Prompts().of('ana'), deadlineMs },
    map: ({ action, input }, { originator, conversation }) => [
      {
        subject: originator,
        action: { name: action },
        resource: { type: 'Tool', id: action },
        context: { input, conversation },
      },
    ],
  });
  const answer = async (dialect: Dialect, event: object, resolved?: { root: string; paths: string[] }) =>
    JSON.stringify(await face.answer(dialect, event, ANA, { resolved }));
  return { answer, reports, asked, attempts, enforcer };
}

const NOTHING = '{"kind":"answer","json":{},"stops":false}';
const patch = (command: string) => ({
  ...CLAUDE.asking(''),
  tool_name: 'apply_patch',
  tool_input: { command },
  cwd: '/p',
});

it('stops a tool whose decision is late, and gives the permit back when it comes', async () => {
  let decide = (): void => undefined;
  const wait = new Promise<void>((resolve) => {
    decide = resolve;
  });
  const { answer, reports } = faceOf({}, wait, 10);
  expect(await answer(CLAUDE, CLAUDE.asking('ls'))).toContain('"permissionDecision":"deny"');
  decide();
  await expect.poll(() => reports).toEqual(['D1 not-executed']);
});

it('decides each file of a patch, and gives all back if one is denied', async () => {
  const { answer, asked } = faceOf();
  const event = patch(
    '*** Begin Patch\n*** Update File: a.ts\n*** Move to: b.ts\n@@\n-x\n+y\n*** Delete File: c.ts\n*** End Patch',
  );
  expect(await answer(CODEX, event)).toBe('{"kind":"resolve","paths":["/p/a.ts","/p/b.ts","/p/c.ts"]}');
  const paths = ['/p/a.ts', '/p/b.ts', '/etc/c.ts'];
  expect(await answer(CODEX, event, { root: '/p', paths })).toBe(NOTHING);
  expect(JSON.stringify(asked)).toContain('"path":"b.ts"');
  expect(JSON.stringify(asked)).toContain('"path":"/etc/c.ts"');
  expect(await answer(CODEX, event, { root: '/p', paths: paths.slice(1) })).toContain('not resolved');
});

it.each([
  ['*** Begin Patch\n*** End Patch', 'names 0 files'],
  ['*** Begin Patch\n*** Add File: a\n+x\n  *** Add File: /etc/b\n+y\n*** End Patch', 'no part of its format'],
  ['*** Begin Patch\n*** Rename File: a\n*** End Patch', 'no part of its format'],
  ['*** Begin Patch\n*** Add File: a\nstray\n*** End Patch', 'no part of its format'],
])('refuses the patch %j', async (text, why) => {
  const { answer, attempts } = faceOf();
  expect(await answer(CODEX, patch(text))).toContain(why);
  expect(attempts).toEqual(['invalid']);
});

it('ends each call once, whichever of two that look alike', async () => {
  const { answer, reports } = faceOf();
  const after = { ...CLAUDE.asking('ls'), hook_event_name: 'PostToolUse', tool_response: 'x' };
  expect(await answer(CLAUDE, CLAUDE.asking('ls'))).toBe(NOTHING);
  expect(await answer(CLAUDE, CLAUDE.asking('ls'))).toBe(NOTHING);
  expect(await answer(CLAUDE, after)).toBe(NOTHING);
  expect(await answer(CLAUDE, { ...after, hook_event_name: 'PostToolUseFailure', error: 'x' })).toBe(NOTHING);
  expect(reports).toEqual(['D1 completed', 'D2 unknown']);
  expect(await answer(CLAUDE, after)).toContain('no permit');
});

it('ends what is under way as unknown when the service stops, and permits nothing then', async () => {
  const { answer, reports, enforcer } = faceOf();
  await answer(CLAUDE, CLAUDE.asking('ls'));
  await enforcer.close(0);
  expect(reports).toEqual(['D1 unknown']);
  expect(await answer(CLAUDE, CLAUDE.asking('ls'))).toContain('"permissionDecision":"deny"');
});

it('refuses a permit with an obligation, which a hook cannot carry out', async () => {
  const obligations = [{ id: 'o', type: 'redact', properties: {} }];
  const { answer, reports } = faceOf({ result: 'modify', obligations } as Partial<Decision>);
  expect(await answer(CLAUDE, CLAUDE.asking('ls'))).toContain('"permissionDecision":"deny"');
  expect(reports).toEqual(['D1 not-executed']);
});

it('sends the last prompt of the session with each call, and of no other session', async () => {
  const { answer, asked } = faceOf();
  const said = (prompt: string, session_id: string) =>
    answer(CLAUDE, { session_id, hook_event_name: 'UserPromptSubmit', prompt });
  await said('first', 'writ-doctor');
  await said('second', 'writ-doctor');
  await said('of another', 'another');
  await answer(CLAUDE, CLAUDE.asking('ls'));
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({ context: { prompt: 'second' } });
  expect(await said('x'.repeat(200_000), 'writ-doctor')).toContain('"decision":"block"');
});

it.each([
  ['two writings of the path', 'Read', { file_path: '~/x' }],
  ['a pattern that leaves its folder', 'Glob', { pattern: '/etc/*' }],
  ['a pattern with ..', 'Glob', { pattern: 'src/{a,../..}/x' }],
  ['an address of another kind', 'WebFetch', { url: 'file:///etc/passwd' }],
  ['a command that is no text', 'Bash', { command: { a: 1 } }],
  ['a name of MCP with two readings', 'mcp__a__b__c', {}],
])('refuses %s', async (_name, tool_name, tool_input) => {
  const { answer, asked } = faceOf();
  const event = { ...CLAUDE.asking('x'), tool_name, tool_input, cwd: '/p' };
  expect(await answer(CLAUDE, event)).toContain('"permissionDecision":"deny"');
  expect(asked).toEqual([]);
});
