import { page, type Shown, test } from './shown.js';

/** A finding of the trial (F0 to F24; the trial has no F5). */
interface Finding {
  readonly says: string;
  readonly shown: readonly Shown[];
  /** The part that is not mended. */
  readonly open?: string;
}

export const FINDINGS: Readonly<Record<string, Finding>> = {
  F0: {
    says: 'the database is world-readable, with the private keys in it',
    shown: [
      test('test/private-data.test.ts', 'each file that a start makes, also under a umask that lets everybody in'),
      test(
        'test/store-key.test.ts',
        'forges no link to approve; with the key beside the store the same link would count',
      ),
      test(
        'test/setup-commands.test.ts',
        'finds a service that is not there, a key of another store, keys that others can read',
      ),
      page('operate.md', 'The secrets in the store'),
    ],
  },
  F1: {
    says: 'the drafted bundle kills each client after 1,000 calls',
    shown: [
      test(
        'test/honest-agent.test.ts',
        'an honest coding agent works for three days without a denial, and with questions about dictated values alone',
      ),
      test('test/plain-tasks.test.ts', 'comes when it is not used, and a call after that begins another'),
      page('tasks.md', 'Without a token'),
    ],
  },
  F2: {
    says: 'labels never leave a plain client, and rules assume a prompt that no client sends',
    shown: [
      test(
        'test/honest-agent.test.ts',
        'an honest coding agent works for three days without a denial, and with questions about dictated values alone',
      ),
      test('src/bundle/check/rules.test.ts', 'settings/no-prompt'),
      page('symptoms.md', 'My agent is stopped at everything'),
    ],
  },
  F3: {
    says: 'in a drafted bundle nobody can approve, while the agent reads that somebody is asked',
    shown: [
      test(
        'test/drafted-approvals.test.ts',
        'nobody can approve: `writ check` and `writ doctor` say so, and the denial too, at once',
      ),
      test(
        'test/drafted-approvals.test.ts',
        'an owner that is registered counts, by the id of a person or the name of the entity, and the call goes through once',
      ),
      page('approvals.md', 'Who may approve'),
    ],
  },
  F4: {
    says: 'keys cannot be rotated or revoked, and a name that is given back revives one',
    shown: [
      test(
        'test/caller-keys.test.ts',
        'is rotated with an overlap, after which the one before ends by itself, also over a restart',
      ),
      test('test/caller-keys.test.ts', 'does not come back with the name of its caller'),
      test(
        'test/caller-keys.test.ts',
        'from a file or a variable proves its caller; another one takes its place, and the one before ends after the overlap',
      ),
      page('operate.md', 'Keys of callers'),
    ],
  },
  F6: {
    says: 'a revocation of what does not exist succeeds',
    shown: [
      test('test/emergency.test.ts', 'of %s %s, which was never seen, is refused with what is near'),
      test('test/emergency.test.ts', 'says when the last call was, and counts calls without an outcome'),
      page('registry.md', 'Revoke'),
    ],
  },
  F7: {
    says: 'the documented suspension fails for an identity that appeared by itself',
    shown: [
      test(
        'test/emergency.test.ts',
        'suspends one that appeared by itself, which stays unregistered, and refuses a name that was never seen',
      ),
    ],
  },
  F8: {
    says: 'the gateway is on loopback only, and refuses every name',
    shown: [
      test('test/gateway-places.test.ts', 'is the one that it is started with, with the certificate of the service'),
      test('test/gateway-places.test.ts', 'are those of its resource, of the public URL and of the command line'),
      page('gateway.md', 'From other machines'),
    ],
  },
  F9: {
    says: 'one tool server that does not start takes everything down',
    shown: [
      test('test/gateway-upstreams.test.ts', 'takes nothing else down, says so, and is connected to when it is there'),
    ],
  },
  F10: {
    says: 'tools that nobody described are the strictest, silently; a second `writ init` is refused',
    shown: [
      test(
        'test/second-server.test.ts',
        'describes tools that tools.yaml lacks, which are the cause of a denial until then',
      ),
      test('test/second-server.test.ts', 'adds a server, and leaves the rest'),
      page('symptoms.md', 'My agent is stopped at everything'),
    ],
  },
  F11: {
    says: 'approving taints the approver',
    shown: [test('test/drafted-approvals.test.ts', 'the owner approves, and was tainted by nothing for it')],
  },
  F12: {
    says: '`writ ledger show --task` answers zeros for a task without a token',
    shown: [
      test(
        'test/plain-tasks.test.ts',
        'is shown and made by the name of the client, which does not see the id of its task',
      ),
      test('test/docs/run-people.test.ts', 'docs/ledger.md'),
    ],
  },
  F13: {
    says: 'rules that are not loaded, silently; no test, and no reason',
    shown: [
      test('test/trial/mistakes.ts', "'.ceder'"),
      test('test/trial/mistakes.ts', "'polices/'"),
      test('test/trial/mistakes.ts', "'.yml'"),
      test('test/trial/mistakes.ts', "'no test at all'"),
    ],
  },
  F14: {
    says: 'generating the schema again undoes what policies need',
    shown: [
      test('test/second-server.test.ts', 'keeps members that somebody added to a generated action'),
      page('gateway.md', 'A schema that knows the tools'),
    ],
  },
  F15: {
    says: 'a programming error looks like a denial by policy',
    shown: [
      test(
        'test/jobs/developer.test.ts',
        'is told apart from a denial by policy: no key, another operation, a request that fits no schema',
      ),
    ],
    open: 'an unknown action is a bare denial without `detail`, and `input` has to be sent also where all of its members are optional',
  },
  F16: {
    says: 'there is no client library for a decision',
    shown: [
      test(
        'test/jobs/developer.test.ts',
        'asks, reports what became of it, has a person lift a denial, and works under a token',
      ),
    ],
    open: 'issue 15: @writ/sdk has tokens, and the client of the service is not published there yet',
  },
  F17: {
    says: '`@stepUp` through gateway or guard leads nowhere',
    shown: [
      page('symptoms.md', 'A person is asked, and nothing happens'),
      test('test/trial/mistakes.ts', 'a step-up that its callers never meet (F17)'),
    ],
  },
  F18: {
    says: 'what a guard protects from is not said, and all guards share one key',
    shown: [
      page('guard.md', 'What it protects from'),
      test(
        'test/setup-commands.test.ts',
        'gives each client a caller of its own, which speaks for its agent and person alone',
      ),
      test('test/caller-keys.test.ts', '`default` speaks for the agent of its own name, unless the bundle declares it'),
    ],
  },
  F19: {
    says: 'mistakes of authors about which nothing is said',
    shown: [test('test/trial/trial.test.ts', 'says what is wrong with %s')],
  },
  F20: {
    says: 'operations without a page, a version or metrics by tool',
    shown: [
      page('deploy.md', 'As a container'),
      page('deploy.md', 'With systemd'),
      page('deploy.md', 'In Kubernetes'),
      page('deploy.md', 'Behind a proxy'),
      page('operate.md', 'Back up'),
      page('operate.md', 'Restore'),
      page('operate.md', 'Upgrade and downgrade'),
      test('test/verb-names.test.ts', '--version prints the version; `help` is another word for --help'),
      test('test/observability.test.ts', 'counts decisions by result, answers by operation, and what the disk takes'),
      test(
        'src/serve/log-denials.test.ts',
        'a flood has as many lines as it may, and the next line says how many it left out',
      ),
    ],
  },
  F21: {
    says: 'obligations of every applicable permit apply, and no page says it',
    shown: [page('approvals.md', 'What a permit changes'), page('symptoms.md', 'An answer is changed')],
  },
  F22: {
    says: '`writ decision replay` cannot answer "what if I add this budget"',
    shown: [page('record.md', 'Make decisions again')],
    open: 'the values of the ledger are those that were recorded: a new accumulator has none for decisions of before',
  },
  F23: {
    says: 'sixty questions at once',
    shown: [
      test('test/like-requests.test.ts', 'are asked about once, with the values in which they differ'),
      test('test/drafted-approvals.test.ts', 'a call whose caller hangs up is withdrawn, and nobody is asked any more'),
      page('approvals.md', 'Like calls'),
    ],
  },
  F24: {
    says: 'raw messages: a guard without its key, shapes of YAML, a receipt without who did what',
    shown: [
      test('test/trial/trial.test.ts', 'a guard without its key says which key, and how to get one'),
      test('src/bundle/check/rules.test.ts', 'yaml/shape: delegation: it must be one of path, actor'),
      test('test/docs/run-operation.test.ts', 'docs/record.md'),
    ],
  },
};
