import { type EntityUid, parseUid } from '@writ/cedar/uid';
import { decideAll, MappingError } from '@writ/enforce';
import { TRANSFORMS } from '@writ/sdk/authzen';
import { BUILT_IN, Callers, type DeclaredCaller, NO_TOKEN_REVOKED } from '../api/http/callers.js';
import type { Bundle } from '../bundle/bundle.js';
import type { TestStep, TestTask } from '../bundle/format/tests.js';
import { type Caller, inProcess } from '../decide/caller.js';
import { decidingPolicies, explainBriefly, isPermitted } from '../decide/decision.js';
import { AS_DESCRIBED } from '../decide/outcome.js';
import { offlineDecider, planeOf } from '../decide/plane-of.js';
import type { DecisionRecord } from '../decide/record.js';
import type { AccessRequest } from '../decide/request.js';
import { mapperOf } from '../enforce/mcp/gateway/mapper-of.js';
import { millisecondsOf } from '../lib/duration.js';
import { AccessTokens } from '../provenance/access-tokens.js';
import type { Provenance } from '../provenance/path.js';
import { HeldApprovals } from '../registry/approvals.js';
import { givenShape, readGiven } from '../registry/given.js';
import type { Registry } from '../registry/registry.js';
import { approveOffline } from './approve-offline.js';
import { TestError } from './errors.js';
import { StartedTasks } from './task-of-kind.js';

/** How one step of a test went. */
interface StepResult {
  readonly call: string;
  readonly expected: string;
  readonly actual: string;
  readonly ok: boolean;
  /** Why it was decided so. */
  readonly why: string;
}

interface TaskResult {
  readonly file: string;
  readonly test: string;
  readonly ok: boolean;
  readonly steps: readonly StepResult[];
}

interface TestRun {
  readonly tasks: readonly TaskResult[];
  /** The policies that no test determined. */
  readonly undetermined: readonly string[];
}

/** The `server.root` of mappings while tests run; paths in tests begin with it. */
export const TEST_DATA = '/data';

/** Runs every test of a bundle, each as a task of its own with an empty ledger. */
export async function runTests(bundle: Bundle): Promise<TestRun> {
  const tasks: TaskResult[] = [];
  const determined = new Set<string>();
  for (const { file, tests: given } of bundle.tests) {
    for (const task of given) tasks.push(await runTask(bundle, file, task, determined));
  }
  return { tasks, undetermined: bundle.sources.map(({ id }) => id).filter((id) => !determined.has(id)) };
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

async function runTask(bundle: Bundle, file: string, task: TestTask, determined: Set<string>): Promise<TaskResult> {
  let at = task.now === undefined ? new Date() : new Date(task.now);
  const plane = planeOf(bundle);
  if (task.kind !== undefined && plane.tasks?.kinds.has(task.kind) !== true)
    throw new TestError(`tasks.yaml has no kind ${task.kind}`, 'a test names it with `kind`');
  const started = new StartedTasks(plane);
  store(plane.registry, task, at);
  const nothing = { append: async () => undefined };
  const approvals = new HeldApprovals([]);
  const decider = offlineDecider(bundle, nothing, () => at, { plane, approvals, bind: (text) => text });
  const gateway = inProcess('gateway', TRANSFORMS);
  const asking = callerOf(bundle, task.as);
  const requestsFor = requestsOf(bundle, task);

  const steps: StepResult[] = [];
  for (const step of task.steps.flatMap((one) => new Array<TestStep>(one.times).fill(one))) {
    const caller = 'call' in step ? gateway : asking;
    if (step.after !== undefined) at = new Date(at.getTime() + millisecondsOf(step.after));
    let requests: readonly [AccessRequest, ...AccessRequest[]];
    const decide = async (request: AccessRequest): Promise<DecisionRecord> => {
      const decision = await decider.decide(request, caller, tokenFor(task, step, started, request));
      if (step.approve !== true) return decision;
      // Of several, those that nobody has to approve are permitted as they are.
      if (isPermitted(decision) && requests.length > 1) return decision;
      if (!approveOffline(decision, decider, approvals, 'task'))
        throw new TestError(
          `${task.test}: nobody would be asked to approve ${request.action.name}`,
          explainBriefly(decision),
        );
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
      steps.push({ ...compare(step, 'deny', []), why: error.message });
      continue;
    }
    const decision = decisions.at(-1) as DecisionRecord;
    const decided = isPermitted(decision) ? decisions : [decision];
    const reasons = [...new Set(decided.flatMap((one) => decidingPolicies(one)).map(({ policy }) => policy))];
    for (const id of reasons) determined.add(id);
    if (isPermitted(decision) && step.outcome !== 'none')
      for (const one of decisions) {
        decider.expectOutcome(one);
        await decider.report(one.id, step.outcome, caller, resultOf(step));
      }
    steps.push({ ...compare(step, decision.result, reasons), why: explainBriefly(decision) });
  }
  return { file, test: task.test, ok: steps.every(({ ok }) => ok), steps };
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

function compare(step: TestStep, result: string, reasons: readonly string[]): Omit<StepResult, 'why'> {
  const because = (ids: readonly string[]): string =>
    ids.length === 0 ? '' : ` because of ${[...ids].sort().join(', ')}`;
  const expected = `${step.expect}${step.because === undefined ? '' : because(step.because)}`;
  const actual = `${result}${step.because === undefined ? '' : because(reasons)}`;
  return { call: 'call' in step ? step.call : step.request.action.name, expected, actual, ok: expected === actual };
}

/** The server whose mapping has the tool. */
export function serverOf(bundle: Bundle, tool: string): string {
  return bundle.mappings.find(({ tools }) => Object.hasOwn(tools, tool))?.server ?? '';
}
