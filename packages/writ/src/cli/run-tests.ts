import type { Coverage } from '@writ/cedar';
import { type EntityUid, parseUid } from '@writ/cedar/uid';
import { decideAll, MappingError } from '@writ/enforce';
import { type AccessRequest, decidingPolicies, explainBriefly, isPermitted, TRANSFORMS } from '@writ/sdk/authzen';
import { BUILT_IN, Callers, type DeclaredCaller, NO_TOKEN_REVOKED } from '../api/http/callers.js';
import type { Bundle } from '../bundle/bundle.js';
import type { TestStep, TestTask } from '../bundle/format/tests.js';
import { type Caller, inProcess } from '../decide/caller.js';
import { AS_DESCRIBED } from '../decide/outcome.js';
import { offlineDecider, planeOf } from '../decide/plane-of.js';
import type { DecisionRecord } from '../decide/record.js';
import { mapperOf } from '../enforce/mcp/gateway/mapper-of.js';
import { Ledger } from '../ledger/ledger.js';
import { millisecondsOf } from '../lib/duration.js';
import { AccessTokens } from '../provenance/access-tokens.js';
import type { Provenance } from '../provenance/path.js';
import { HeldApprovals } from '../registry/approvals.js';
import { givenShape, readGiven } from '../registry/given.js';
import type { Registry } from '../registry/registry.js';
import { approveOffline } from './approve-offline.js';
import { TestError } from './errors.js';
import { StartedTasks } from './task-of-kind.js';
import { Evaluations } from './tests/evaluations.js';
import { PolicyPlaces, placeText } from './tests/policy-places.js';
import {
  Accountant,
  type Compared,
  type StepResult,
  StepResults,
  type TaskResult,
  type TestRun,
} from './tests/results.js';
import { type SelectedTest, testsOf } from './tests/select.js';
import { TestPlaces } from './tests/test-places.js';

interface TestOptions {
  /** By default all. */
  readonly tests?: readonly SelectedTest[];
  /** Records the conditions that were true and false. */
  readonly coverage?: Coverage | undefined;
  readonly places?: PolicyPlaces;
  /** Stops the run before its next test. */
  readonly signal?: AbortSignal | undefined;
}

/** The `server.root` of mappings while tests run; paths in tests begin with it. */
export const TEST_DATA = '/data';

/** Runs tests of a bundle, each as a task of its own with an empty ledger. */
export async function runTests(bundle: Bundle, options: TestOptions = {}): Promise<TestRun> {
  const { tests = testsOf(bundle), coverage, places = new PolicyPlaces(bundle), signal } = options;
  const tasks: TaskResult[] = [];
  const run: RunParts = {
    ...{ bundle, coverage, determined: new Set() },
    testPlaces: new TestPlaces(bundle),
    accountant: new Accountant(places),
  };
  for (const test of tests) {
    // Signals are noticed between tests.
    await new Promise(setImmediate);
    if (signal?.aborted === true) break;
    tasks.push(await runTask(run, test).catch((error: unknown) => refuse(error, run, test)));
  }
  return {
    tasks,
    undetermined: bundle.sources.map(({ id }) => id).filter((id) => !run.determined.has(id)),
    isStopped: tasks.length < tests.length,
  };
}

/** Throws the error of a test, with its place if the test cannot be run as it is written. */
function refuse(error: unknown, { testPlaces }: RunParts, { file, index }: SelectedTest): never {
  if (!(error instanceof TestError)) throw error;
  throw new TestError(`${placeText(testPlaces.placeOf(file, index))}: ${error.message}`, error.help, { cause: error });
}

interface RunParts {
  readonly bundle: Bundle;
  readonly testPlaces: TestPlaces;
  readonly accountant: Accountant;
  readonly coverage: Coverage | undefined;
  readonly determined: Set<string>;
}

/** A ledger that nobody asks when its limits end: a test looks at no such time, and each would be a decision of its own. */
class TestLedger extends Ledger {
  override endsAfter(): readonly number[] {
    return [];
  }
}

/** The facts of a test, as if somebody had stored them when it begins. */
function store(registry: Registry, { test, given }: TestTask, now: Date): void {
  const entities = (given?.entities ?? []).map((json) => {
    const read = givenShape.safeParse(json);
    const [issue] = read.error?.issues ?? [];
    if (!read.success) throw new TestError(`${test}: given.entities: ${issue?.path.join('.')}: ${issue?.message}`);
    return readGiven(read.data);
  });
  registry.prepare(entities.map(({ entity }) => entity)).apply();
  registry.learn(entities.map(({ entity, facts }) => ({ ...entity.uid, at: now.getTime(), by: 'test', facts })));
}

async function runTask(run: RunParts, { file, index, task }: SelectedTest): Promise<TaskResult> {
  const begun = performance.now();
  const { bundle, testPlaces } = run;
  let at = task.now === undefined ? new Date() : new Date(task.now);
  const evaluations = new Evaluations(bundle.policies, run.coverage);
  const plane = { ...planeOf(bundle), policies: evaluations.watched() };
  if (task.kind !== undefined && plane.tasks?.kinds.has(task.kind) !== true)
    throw new TestError(`tasks.yaml has no kind ${task.kind}`, 'a test names it with `kind`');
  const started = new StartedTasks(plane);
  store(plane.registry, task, at);
  const nothing = { append: async () => undefined };
  const approvals = new HeldApprovals([]);
  const ledger = new TestLedger(bundle.ledger.accumulators);
  const decider = offlineDecider(bundle, nothing, () => at, { plane, ledger, approvals, bind: (text) => text });
  const gateway = inProcess('gateway', TRANSFORMS);
  const asking = callerOf(bundle, task.as);
  const requestsFor = requestsOf(bundle, task);

  const steps: StepResult[] = [];
  const repeated = task.steps.flatMap((step, i) => {
    const results = new StepResults(step, i + 1, testPlaces.placeOf(file, index, i), run.accountant, steps);
    return new Array<{ step: TestStep; results: StepResults }>(step.times).fill({ step, results });
  });
  for (const { step, results } of repeated) {
    const caller = 'call' in step ? gateway : asking;
    if (step.after !== undefined) at = new Date(at.getTime() + millisecondsOf(step.after));
    let requests: readonly [AccessRequest, ...AccessRequest[]];
    const decide = async (request: AccessRequest): Promise<DecisionRecord> => {
      evaluations.begin();
      const decision = await decider.decide(request, caller, tokenFor(task, step, started, request));
      if (step.approve !== true) return decision;
      // Of several, those that nobody has to approve are permitted as they are.
      if (isPermitted(decision) && requests.length > 1) return decision;
      if (!approveOffline(decision, decider, approvals, 'task'))
        throw new TestError(
          `${task.test}: nobody would be asked to approve ${request.action.name}`,
          explainBriefly(decision),
        );
      evaluations.begin();
      return decider.decide(request, caller, tokenFor(task, step, started, request));
    };
    let decisions: readonly [DecisionRecord, ...DecisionRecord[]];
    try {
      requests = requestsFor(step);
      decisions = await decideAll(requests, {
        decide,
        decisionIn: (one) => one,
        cancel: (one) => {
          decider.expectOutcome(one);
          return decider.report(one.id, 'not-executed', caller);
        },
      });
    } catch (error) {
      if (!(error instanceof MappingError)) throw error;
      results.add(compare(step, 'deny', []), error.message);
      continue;
    }
    const decision = decisions.at(-1) as DecisionRecord;
    const decided = isPermitted(decision) ? decisions : [decision];
    const reasons = [...new Set(decided.flatMap((one) => decidingPolicies(one)).map(({ policy }) => policy))];
    for (const id of reasons) run.determined.add(id);
    if (isPermitted(decision) && step.outcome !== 'none')
      for (const one of decisions) {
        decider.expectOutcome(one);
        await decider.report(one.id, step.outcome, caller, resultOf(step));
      }
    results.add(compare(step, decision.result, reasons), explainBriefly(decision), decision, evaluations.sinceBegun);
  }
  const place = testPlaces.placeOf(file, index);
  const milliseconds = performance.now() - begun;
  return { file, test: task.test, place, ok: steps.every(({ ok }) => ok), milliseconds, steps };
}

/** Returns the result of a step: its own, null if the action failed, otherwise that of the description. */
function resultOf({ outcome, result }: TestStep): unknown {
  return result ?? (outcome === 'failed' ? null : AS_DESCRIBED);
}

/** Returns the claims of a token of a task of that kind; undefined for the default kind. */
function tokenFor(
  { kind, test, prompt }: TestTask,
  step: TestStep,
  started: StartedTasks,
  request: AccessRequest,
): Provenance | undefined {
  if (kind === undefined) return undefined;
  return started.tokenOf({ kind, name: ('call' in step ? step.task : undefined) ?? test, prompt }, request);
}

/** Returns the caller that sends the requests of a test, with its rights. */
function callerOf({ settings, servicePolicy, schema }: Bundle, name: string): Caller {
  const callers = new Callers({
    // A test without `as` asks about its bundle, and not about the key of anybody.
    declared: { default: BUILT_IN.default as DeclaredCaller, ...settings.callers },
    policy: servicePolicy,
    schema,
    tokens: new AccessTokens({}, () => new Date()),
    isRevoked: NO_TOKEN_REVOKED,
    people: settings.identities.people,
  });
  const caller = callers.withKey(name);
  if (caller === undefined) throw new TestError(`writ.yaml has no caller ${name}`, 'a test names it with `as`');
  return caller;
}

/** How the steps of a task become requests. Its shape was checked: a task with a call says for whom. */
function requestsOf(bundle: Bundle, task: TestTask): (step: TestStep) => readonly [AccessRequest, ...AccessRequest[]] {
  const mapper = mapperOf(bundle, TEST_DATA);
  const originator = parseUid(task.for ?? '') as EntityUid;
  const agent = task.agent === undefined ? undefined : parseUid(task.agent);
  return (step) => {
    if ('request' in step) return [step.request as AccessRequest];
    const call = { server: step.server ?? serverOf(bundle, step.call), tool: step.call, arguments: step.input };
    const mapped = mapper.map(call, {
      originator: step.for === undefined ? originator : (parseUid(step.for) as EntityUid),
      agent: step.agent === undefined ? agent : parseUid(step.agent),
      task: step.task ?? task.test,
    });
    const prompt = step.prompt ?? task.prompt;
    if (prompt === undefined) return mapped;
    const [first, ...more] = mapped.map((one) => ({ ...one, context: { ...one.context, prompt } }));
    return [first as AccessRequest, ...more];
  };
}

function compare(step: TestStep, result: string, reasons: readonly string[]): Compared {
  const because = (ids: readonly string[]): string =>
    ids.length === 0 ? '' : ` because of ${[...ids].sort().join(', ')}`;
  const expected = `${step.expect}${step.because === undefined ? '' : because(step.because)}`;
  const actual = `${result}${step.because === undefined ? '' : because(reasons)}`;
  return { expected, actual, ok: expected === actual };
}

/** The server whose mapping has the tool. */
export function serverOf(bundle: Bundle, tool: string): string {
  return bundle.mappings.find(({ tools }) => Object.hasOwn(tools, tool))?.server ?? '';
}
