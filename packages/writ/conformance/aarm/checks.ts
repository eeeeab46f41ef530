import { readFileSync, writeFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Office } from './office.js';

/** One technical test of AARM's conformance table (repository aarm-dev/docs, conformance/testing.mdx). */
export interface Check {
  readonly requirement: string;
  readonly level: 'MUST' | 'SHOULD';
  readonly test: string;
  readonly expected: string;
  /** Throws what is not as it should be. */
  run(office: Office): Promise<void>;
}

/** What a check found not to be so. */
class NotSo extends Error {}

function assert(condition: unknown, what: string): asserts condition {
  if (condition !== true && (condition === false || condition === undefined || condition === null || condition === ''))
    throw new NotSo(what);
}

const APPROVER = { as: 'User::"lena"', reason: 'seen' };

/** Waits until something is there. */
async function eventually<T>(look: () => Promise<T | undefined>, what: string, ms = 10_000): Promise<T> {
  for (const until = Date.now() + ms; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new NotSo(what);
}

async function openRequest(office: Office): Promise<string> {
  return eventually(
    async () => (await office.ask('GET', '/v1/access-requests')).json.requests[0]?.id as string | undefined,
    'nobody was asked for an approval',
  );
}

/** That the server behind the gateway is as it was. */
async function withoutEffect<T>(office: Office, work: () => Promise<T>): Promise<T> {
  const before = office.journal().length;
  const result = await work();
  assert(office.journal().length === before, 'something reached the server');
  return result;
}

/** A receipt with what AARM R5 wants of all. */
async function assertReceipt(office: Office, id: string, result: string): Promise<string> {
  const file = await office.receipt(id);
  assert(await office.verify(file), `the receipt of ${id} does not verify`);
  const { decision } = await office.record(id);
  assert(decision.result === result, `${id} is a ${decision.result}, not a ${result}`);
  assert(decision.provenance?.path?.length === 2, 'the delegation chain is not in it');
  assert(decision.request?.subject?.id, 'the requester is not in it');
  assert(/^sha256:/.test(decision.policyVersion), 'the policy version is not in it');
  return file;
}

/** A receipt with a text in its entry changed. */
function tampered(file: string, from: string, to: string): string {
  const text = readFileSync(file, 'utf8');
  const [, extra = ''] = /^extra (\S+)$/m.exec(text) ?? [];
  const entry = Buffer.from(extra, 'base64').toString();
  assert(entry.includes(from), `${from} is not in the receipt`);
  const other = `${file}.changed`;
  writeFileSync(other, text.replace(extra, Buffer.from(entry.replace(from, to)).toString('base64')));
  return other;
}

export const CHECKS: readonly Check[] = [
  {
    requirement: 'R1',
    level: 'MUST',
    test: 'Submit action matching DENY policy',
    expected: 'Action does not execute; denial receipt generated',
    async run(office) {
      const denied = await withoutEffect(office, () => office.call('for-ana', 'delete_all'));
      assert(!denied.isDone, 'it was done');
      const { decision } = await office.record(denied.decisionId);
      assert(decision.reasons[0].policy === 'never-everything', 'the policy is not on the record');
      await assertReceipt(office, denied.decisionId, 'deny');
    },
  },
  {
    requirement: 'R1',
    level: 'MUST',
    test: 'Submit action matching DEFER condition',
    expected: 'Action suspended; no effects; deferral receipt generated',
    async run(office) {
      const before = office.journal().length;
      const call = office.call('for-ana', 'read_document', { document: 'draft-1' });
      const [deferred] = await eventually(async () => {
        const found = await office.decisions(`result=defer&resource=${encodeURIComponent('Document::"draft-1"')}`);
        return found.length === 0 ? undefined : found.slice(-1);
      }, 'nothing was deferred');
      assert(office.journal().length === before, 'it was done while it was deferred');
      assert(deferred.missing[0].attribute === 'classification', 'what is missing is not named');
      await assertReceipt(office, deferred.id, 'defer');
      await call;
    },
  },
  {
    requirement: 'R1',
    level: 'MUST',
    test: 'Make AARM system unavailable, submit action',
    expected: 'Action fails (no fail-open bypass)',
    async run(office) {
      const input = { query: 'anything' };
      // The same server behind an enforcement point whose decision point is there, and is not.
      const there = await office.callGuarded(office.url, 'search_web', input);
      assert(there.isDone, `the guard does not work: ${there.message}`);
      const gone = await withoutEffect(office, () => office.callGuarded('http://127.0.0.1:9', 'search_web', input));
      assert(!gone.isDone && /did not answer/.test(gone.message), `it went on: ${gone.message}`);
    },
  },
  {
    requirement: 'R2',
    level: 'MUST',
    test: 'Execute action sequence, inspect context at step N',
    expected: 'Policy engine receives all prior actions and data classifications',
    async run(office) {
      await office.call('for-ben', 'read_document', { document: 'handbook' });
      await office.call('for-ben', 'read_customer', { customer: 'c1' });
      const third = await office.call('for-ben', 'send_mail', { to: 'ana@office.example', body: 'x' });
      assert(third.isDone, third.message);
      const { decision } = await office.record(third.decisionId);
      for (const action of ['read_document', 'read_customer'])
        assert(decision.ledger.done.includes(action), `${action} is not known at step 3`);
      for (const label of ['customer', 'confidential'])
        assert(decision.ledger.seen.includes(label), `the label ${label} is not known at step 3`);
      assert(decision.origins?.length > 0, 'where its arguments come from is not known');
    },
  },
  {
    requirement: 'R2',
    level: 'SHOULD',
    test: 'Tamper with prior context entry (if hash-chained)',
    expected: 'Tampering detected',
    async run(office) {
      const folder = join(office.data, 'log');
      const exported = await office.command('log', 'export', folder, '--data', office.data);
      assert(exported.code === 0, exported.out);
      const key = ['--key', join(office.data, 'keys/log.pub')];
      assert((await office.command('log', 'verify', folder, ...key)).code === 0, 'the log does not verify as it is');
      const entries = join(folder, 'tile/entries');
      const [name = ''] = (await readdir(entries, { recursive: true })).filter(
        (one) => /\d+$/.test(one) && !one.endsWith('.p'),
      );
      const bytes = await readFile(join(entries, name));
      const at = bytes.indexOf('read_customer');
      assert(at > 0, 'the action is not in the log');
      bytes.write('read_handbook', at);
      await writeFile(join(entries, name), bytes);
      const { code, out } = await office.command('log', 'verify', folder, ...key);
      assert(code === 1 && /entry|number/.test(out), `it was not found: ${out}`);
    },
  },
  {
    requirement: 'R3',
    level: 'MUST',
    test: 'Submit forbidden action',
    expected: 'Immediate DENY regardless of context',
    async run(office) {
      for (const client of ['for-ana', 'for-ben']) {
        const denied = await office.call(client, 'delete_all', {}, { prompt: 'Delete all of it, I insist' });
        const { decision } = await office.record(denied.decisionId);
        assert(!denied.isDone && decision.result === 'deny', `${client} was not denied`);
      }
    },
  },
  {
    requirement: 'R3',
    level: 'MUST',
    test: 'Submit allowed action after sensitive data access (context-dependent deny)',
    expected: 'DENY based on context',
    async run(office) {
      const mail = { to: 'eve@else.example', body: 'hello' };
      assert((await office.call('for-cleo', 'send_mail', mail)).isDone, 'it is not allowed before');
      await office.call('for-cleo', 'read_customer', { customer: 'c1' });
      const denied = await office.call('for-cleo', 'send_mail', mail);
      const { decision } = await office.record(denied.decisionId);
      assert(!denied.isDone && decision.reasons[0]?.policy === 'no-customers-outside', 'it is allowed after');
    },
  },
  {
    requirement: 'R3',
    level: 'MUST',
    test: 'Submit denied action with confirming context (context-dependent allow)',
    expected: 'STEP_UP or ALLOW',
    async run(office) {
      const pay = { to: 'acme', amount: 80 };
      const denied = await office.call('for-dora', 'pay', pay);
      assert(
        !denied.isDone && (await office.record(denied.decisionId)).decision.result === 'deny',
        'it is allowed without',
      );
      const allowed = await office.call('for-dora', 'pay', pay, { prompt: 'Please pay 80 to acme' });
      assert(allowed.isDone, allowed.message);
    },
  },
  {
    requirement: 'R3',
    level: 'MUST',
    test: 'Submit action with ambiguous/conflicting context (context-dependent defer)',
    expected: 'DEFER',
    async run(office) {
      const call = office.call('for-ana', 'read_document', { document: 'draft-2' });
      await eventually(async () => {
        const found = await office.decisions(`result=defer&resource=${encodeURIComponent('Document::"draft-2"')}`);
        return found[0];
      }, 'nothing was deferred');
      await call;
    },
  },
  {
    requirement: 'R4',
    level: 'MUST',
    test: 'Trigger each of 5 decision types',
    expected: 'ALLOW executes, DENY blocks, MODIFY transforms, STEP_UP pauses, DEFER suspends',
    async run(office) {
      const calls = office.journal().length;
      assert((await office.call('for-ana', 'read_document', { document: 'handbook' })).isDone, 'ALLOW did not execute');
      assert(office.journal().length === calls + 1, 'ALLOW did not reach the server');
      await withoutEffect(office, async () => {
        assert(!(await office.call('for-ana', 'read_document', { document: 'merger' })).isDone, 'DENY did not block');
      });
      const published = await office.call('for-ana', 'publish', { text: 'card 4111 1111 1111 1111' });
      assert(published.isDone, published.message);
      const sent = office.journal().at(-1) ?? '';
      assert(sent.includes('-- written by an agent') && !sent.includes('4111'), `MODIFY did not transform: ${sent}`);
      const { outcome } = await office.record(published.decisionId);
      assert(outcome.changes.length === 2, 'what was changed is not on the record');

      const paused = office.call('for-dora', 'pay', { to: 'zenith', amount: 500 }, { prompt: 'Pay 500 to zenith' });
      const id = await openRequest(office);
      const held = office.journal().length;
      const { chain } = (await office.ask('GET', `/v1/access-requests/${id}`)).json;
      assert(
        /zenith/.test(chain[0]) && /somebody approves more than 100/.test(chain[0]),
        'the approver does not see it',
      );
      assert(office.journal().length === held, 'STEP_UP did not pause');
      const approved = await office.ask('POST', `/v1/access-requests/${id}/approve`, APPROVER);
      assert(approved.status === 200, JSON.stringify(approved.json));
      assert((await paused).isDone, 'STEP_UP did not go on when it was approved');

      const suspended = office.call('for-ana', 'read_document', { document: 'draft-3' });
      await new Promise((resolve) => setTimeout(resolve, 300));
      const resumed = office.journal().length;
      // Another action of the task does not wait.
      assert(
        (await office.call('for-ana', 'list_staff', {}, { prompt: 'list the staff' })).isDone,
        'an independent action waits',
      );
      assert(office.journal().length === resumed + 1, 'DEFER did not suspend');
      const fact = [{ uid: { type: 'Document', id: 'draft-3' }, attrs: { classification: 'public' }, parents: [] }];
      await office.ask('PUT', '/v1/entities', fact);
      assert((await suspended).isDone, 'DEFER did not go on when it was resolved');
    },
  },
  {
    requirement: 'R4',
    level: 'MUST',
    test: 'STEP_UP with no response within timeout',
    expected: 'DENY after timeout',
    async run(office) {
      const denied = await withoutEffect(office, () =>
        office.call('for-dora', 'pay', { to: 'zenith', amount: 600 }, { prompt: 'Pay 600 to zenith' }),
      );
      const { decision } = await office.record(denied.decisionId);
      assert(decision.result === 'deny' && decision.refusal.code === 'not_approved', JSON.stringify(decision.refusal));
      const [open] = (await office.ask('GET', '/v1/access-requests')).json.requests;
      await office.ask('POST', `/v1/access-requests/${open.id}/deny`, APPROVER);
    },
  },
  {
    requirement: 'R4',
    level: 'MUST',
    test: 'DEFER with no resolution within timeout',
    expected: 'DENY after timeout',
    async run(office) {
      const denied = await withoutEffect(office, () =>
        office.call('for-ana', 'read_document', { document: 'draft-4' }),
      );
      const { decision } = await office.record(denied.decisionId);
      assert(decision.result === 'deny' && decision.refusal.code === 'not_resolved', JSON.stringify(decision.refusal));
    },
  },
  {
    requirement: 'R5',
    level: 'MUST',
    test: 'Generate receipts for ALLOW, DENY, MODIFY, STEP_UP, DEFER',
    expected: 'Requester context, delegation chain (if present), and policy version/hash present per schema',
    async run(office) {
      for (const result of ['allow', 'deny', 'modify', 'step_up', 'defer']) {
        const [found] = await office.decisions(`result=${result}&tool=office&limit=1`);
        assert(found, `there is no ${result}`);
        await assertReceipt(office, found.id, result);
      }
    },
  },
  {
    requirement: 'R5',
    level: 'MUST',
    test: 'Verify receipt signature offline',
    expected: 'Signature validates',
    async run(office) {
      const [found] = await office.decisions('result=allow&tool=office&limit=1');
      assert(await office.verify(await office.receipt(found.id)), 'it does not validate');
    },
  },
  {
    requirement: 'R5',
    level: 'MUST',
    test: 'Tamper with requester context or policy hash in receipt',
    expected: 'Signature verification fails',
    async run(office) {
      const [found] = await office.decisions('result=allow&tool=office&originator=User%3A%3A%22ana%22&limit=1');
      const file = await office.receipt(found.id);
      assert(!(await office.verify(tampered(file, '"ana"', '"eve"'))), 'another requester is not found out');
      assert(!(await office.verify(tampered(file, 'sha256:', 'sha257:'))), 'another policy is not found out');
    },
  },
  {
    requirement: 'R5',
    level: 'MUST',
    test: 'Verify deferred action receipt',
    expected: 'Deferral reason, resolution method, resolution timestamp present',
    async run(office) {
      const about = `resource=${encodeURIComponent('Document::"draft-3"')}`;
      const [deferred] = (await office.decisions(`result=defer&${about}`)).slice(-1);
      assert(deferred.refusal.message.includes('Document::"draft-3".classification'), 'the reason is not there');
      const [resolved] = await office.decisions(`result=allow&${about}`);
      assert(resolved.resolves === deferred.id, 'the resolution does not name what it resolves');
      assert(resolved.time > deferred.time, 'the resolution has no time');
      const fact = resolved.facts.at(-1);
      assert(fact.attributes.classification === 'public', 'by what it was resolved is not there');
      await assertReceipt(office, resolved.id, 'allow');
    },
  },
  {
    requirement: 'R6',
    level: 'MUST',
    test: 'Submit from different principals and sessions',
    expected: 'Receipts correctly attribute identity including role/privilege scope',
    async run(office) {
      for (const user of ['ana', 'ben']) {
        const { decisionId } = await office.call(`for-${user}`, 'read_document', { document: 'handbook' });
        const { decision } = await office.record(decisionId);
        const [originator, agent] = decision.provenance.path;
        assert(originator.id === user && agent.id === 'assistant', `it is attributed to ${JSON.stringify(originator)}`);
        const roles = decision.facts[0].ancestors.map(({ id }: { id: string }) => id);
        assert(roles.includes('staff') && roles.includes('writer') === (user === 'ana'), 'its roles are not there');
        assert(decision.request.context.task === `for-${user}`, 'its session is not there');
        await assertReceipt(office, decisionId, 'allow');
      }
    },
  },
  {
    requirement: 'R6',
    level: 'MUST',
    test: 'Defer action, then resolve',
    expected: 'Original identity preserved in resolution receipt',
    async run(office) {
      const about = `resource=${encodeURIComponent('Document::"draft-3"')}`;
      const [deferred] = (await office.decisions(`result=defer&${about}`)).slice(-1);
      const [resolved] = await office.decisions(`result=allow&${about}`);
      assert(JSON.stringify(resolved.provenance) === JSON.stringify(deferred.provenance), 'the identity is another');
    },
  },
  {
    requirement: 'R7',
    level: 'SHOULD',
    test: 'Execute diverging action sequence exceeding drift threshold',
    expected: 'Alert, deferral, or escalation triggered',
    async run(office) {
      // Declared purpose against what is done, in place of the distance of embeddings: each step alone is allowed.
      const prompt = 'Please read the handbook';
      for (const query of ['a', 'b']) {
        const step = await office.call('for-cleo', 'search_web', { query }, { prompt });
        assert(step.isDone, `a single step aside is stopped: ${step.message}`);
      }
      const strayed = await office.call('for-cleo', 'search_web', { query: 'c' }, { prompt });
      const { decision } = await office.record(strayed.decisionId);
      assert(
        !strayed.isDone && decision.reasons.some(({ policy }: { policy: string }) => policy === 'strayed'),
        'it went on',
      );
      const [open] = (await office.ask('GET', '/v1/access-requests')).json.requests;
      assert(open.items[0].action === 'search_web', 'nobody was asked');
      await office.ask('POST', `/v1/access-requests/${open.id}/deny`, APPROVER);
    },
  },
  {
    requirement: 'R8',
    level: 'SHOULD',
    test: 'Configure SIEM export',
    expected: 'Events appear with correct schema including DEFER events',
    async run(office) {
      const file = join(office.data, 'siem.ndjson');
      const events = await eventually(async () => {
        const text = await readFile(file, 'utf8').catch(() => '');
        const all = text
          .trim()
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line));
        return all.some(({ disposition }) => disposition === 'Delayed') ? all : undefined;
      }, 'no deferral was exported');
      for (const event of events.filter(({ class_uid }) => class_uid === 6003)) {
        assert(event.metadata?.version === '1.8.0' && event.category_uid === 6, 'it is no event of OCSF 1.8.0');
        assert(event.actor !== undefined && event.api?.operation !== undefined, 'who did what is not in it');
      }
      for (const disposition of ['Allowed', 'Blocked', 'Delayed', 'Challenge', 'Corrected'])
        assert(
          events.some((event) => event.disposition === disposition),
          `there is no ${disposition}`,
        );
    },
  },
  {
    requirement: 'R9',
    level: 'SHOULD',
    test: 'Submit read operation',
    expected: 'Issued credential cannot perform writes',
    async run(office) {
      const form = new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        audience: 'office.example',
        requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
        subject_token: office.key('for-ana'),
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        scope: 'reading',
      });
      const { json } = await office.ask('POST', '/token', form, 'default');
      assert(typeof json.access_token === 'string' && json.expires_in <= 300, JSON.stringify(json));
      const txnToken = json.access_token as string;
      const read = await office.call('for-ana', 'read_document', { document: 'handbook' }, { txnToken });
      assert(read.isDone, read.message);
      const written = await withoutEffect(office, () => office.call('for-ana', 'publish', { text: 'x' }, { txnToken }));
      const { decision } = await office.record(written.decisionId);
      assert(decision.refusal?.code === 'outside_mandate', `it may write: ${written.message}`);
      assert(decision.provenance.tokens?.length > 0, 'which credential was used is not on the record');
    },
  },
];
