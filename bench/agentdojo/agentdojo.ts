import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { markdown, type Row, report } from '../row.js';
import { draftBundle, hashOfBundle } from './bundles.js';
import { differences } from './differences.js';
import { throughGateway } from './gateway.js';
import { DATA, HERE, recordedTasks, SUITES, type SuiteName, suiteIn, TUNED_ON, tasksIn } from './recorded.js';
import { GRANTS, type Grant, replayed } from './replayed.js';
import { type Figures, type Finding, score, total } from './score.js';
import { causesOf, rowsOf } from './table.js';

const USAGE = `usage: npm run bench -- agentdojo [--suites workspace,banking] [--frozen | --draft] [--causes] [--json]
  decides the recorded tasks and injections of AgentDojo by bundles as \`writ init\` drafts them; no model is called
  --suites NAMES  ${TUNED_ON.join(',')} by default, which the drafts are tuned on. The others are held back: a scoring of
                  them is noted in bench/agentdojo/held-back.jsonl
  --draft         draft the bundles of all suites into bench/agentdojo/bundles, and score nothing
  --frozen        score with those; by default bundles are drafted now
  --from-prompt   kinds of task that the words of a prompt narrow (\`fromPrompt: words\`)
  --attack NAME   the attack of AgentDojo that words the injections: important_instructions (default), direct, …
  --place WHERE   the calls of an injection follow the answer that carries it (read, default), or all others (end)
  --gateway       decide the same calls through a real gateway too, with task tokens, and print what differs
  --causes        print what decided the questions and the misses, the most frequent first
  --report FILE   where the report goes: each question and each miss (data/report.json by default)
  --json          print the report instead of the table`;

/** The most differences that are printed. */
const SHOWN = 40;

interface SuiteReport {
  readonly suite: string;
  readonly grant: Grant;
  readonly figures: Figures;
  readonly findings: readonly Finding[];
  /** The same through the gateway. */
  readonly gateway?: {
    readonly figures: Figures;
    readonly findings: readonly Finding[];
    readonly differences: readonly string[];
  };
}

/** Runs the benchmark. Returns the exit code: 0 if all that is promised of it was met. */
export async function agentdojo(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      suites: { type: 'string', default: TUNED_ON.join(',') },
      draft: { type: 'boolean', default: false },
      'from-prompt': { type: 'boolean', default: false },
      frozen: { type: 'boolean', default: false },
      attack: { type: 'string', default: 'important_instructions' },
      place: { type: 'string', default: 'read' },
      gateway: { type: 'boolean', default: false },
      causes: { type: 'boolean', default: false },
      report: { type: 'string', default: join(DATA, 'report.json') },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const suites = values.suites.split(',').filter((name): name is SuiteName => SUITES.some((one) => one === name));
  const isUsable = suites.length === values.suites.split(',').length && ['read', 'end'].includes(values.place);
  if (values.help || !isUsable) {
    console.error(USAGE);
    return values.help ? 0 : 2;
  }
  const recorded = recordedTasks(values);
  const frozen = join(HERE, 'bundles');
  if (values.draft) {
    for (const suite of SUITES) draft(join(frozen, suite), recorded, suite, values['from-prompt']);
    console.error(`drafted ${SUITES.join(', ')} into ${frozen}`);
    return 0;
  }
  const scored: { suite: SuiteName; hash: string; reports: SuiteReport[] }[] = [];
  for (const suite of suites) {
    const bundle = join(values.frozen ? frozen : join(DATA, 'bundles'), suite);
    if (!values.frozen) draft(bundle, recorded, suite, values['from-prompt']);
    const reports = await scoreSuite(bundle, recorded, suite, values.gateway);
    scored.push({ suite, hash: hashOfBundle(bundle), reports });
  }
  const reports = scored.flatMap((one) => one.reports);
  const rows = [...reports.flatMap(rowsOfReport), ...inAll(reports)];
  const notes = scored.map(({ suite, hash }) => noteOf(recorded, suite, hash));
  const whole = { ...report(rows, notes), attack: values.attack, place: values.place, suites: reports };
  mkdirSync(DATA, { recursive: true });
  writeFileSync(resolve(values.report), `${JSON.stringify(whole, undefined, 1)}\n`);
  for (const { suite, hash, reports: both } of scored) if (!TUNED_ON.includes(suite)) noteScoring(suite, hash, both);
  console.log(values.json ? JSON.stringify(whole) : markdown(whole));
  if (!values.json) for (const one of reports) printDetails(one, values.causes);
  return rows.every(({ met }) => met !== false) ? 0 : 1;
}

function printDetails({ suite, grant, findings, gateway }: SuiteReport, causes: boolean): void {
  if (causes) console.log(`\n${suite}, ${grant} grant\n${causesOf(findings).join('\n')}`);
  if (gateway === undefined) return;
  const found = gateway.differences;
  console.log(`\n${suite}, ${grant} grant: ${found.length} calls were decided otherwise through the gateway`);
  for (const line of found.slice(0, SHOWN)) console.log(`  ${line}`);
  if (found.length > SHOWN) console.log(`  … and ${found.length - SHOWN} more, in the report`);
}

function draft(bundle: string, recorded: string, suite: SuiteName, fromPrompt: boolean): void {
  draftBundle(bundle, join(recorded, suite, 'tools.json'), suiteIn(recorded, suite), fromPrompt);
}

async function scoreSuite(
  bundle: string,
  recorded: string,
  suite: SuiteName,
  isThroughGateway: boolean,
): Promise<SuiteReport[]> {
  const described = suiteIn(recorded, suite);
  const [honest, attacks] = [tasksIn(recorded, suite, 'honest'), tasksIn(recorded, suite, 'attacks')];
  const tools = join(recorded, suite, 'tools.json');
  const reports: SuiteReport[] = [];
  for (const grant of GRANTS) {
    console.error(`deciding ${suite} by ${grant} grant`);
    const decided = replayed(bundle, join(DATA, 'traces', suite), { honest, attacks }, grant);
    const report = { suite, grant, ...score(decided, described) };
    if (!isThroughGateway) reports.push(report);
    else {
      console.error(`deciding ${suite} by ${grant} grant through a gateway`);
      const kinds = Object.keys(described.kinds);
      const through = await throughGateway(bundle, { honest, attacks, tools, kinds }, grant);
      const gateway = { ...score(through, described), differences: differences(decided, through) };
      reports.push({ ...report, gateway });
    }
  }
  return reports;
}

function rowsOfReport({ suite, grant, figures, gateway }: SuiteReport): Row[] {
  const rows = rowsOf(suite, grant, figures);
  return gateway === undefined ? rows : [...rows, ...rowsOf(`${suite}, through the gateway`, grant, gateway.figures)];
}

function inAll(reports: readonly SuiteReport[]): Row[] {
  return GRANTS.flatMap((grant) => {
    const ofGrant = reports.filter((one) => one.grant === grant);
    const through = ofGrant.flatMap(({ gateway }) => (gateway === undefined ? [] : [gateway.figures]));
    const figures = total(ofGrant.map((one) => one.figures));
    const gateway = through.length === 0 ? undefined : { figures: total(through), findings: [], differences: [] };
    return rowsOfReport({ suite: 'in all', grant, figures, findings: [], ...(gateway && { gateway }) });
  });
}

function noteOf(recorded: string, suite: SuiteName, hash: string): string {
  const { notCarried, notCalls } = suiteIn(recorded, suite);
  const left = `${notCalls} attacks have no ground truth and ${notCarried} are not read by the task, and so are not counted`;
  return `${suite}: bundle ${hash.slice(0, 12)}; ${left}.`;
}

/** Notes that a suite that is held back was scored, so that a second scoring is reported as one. */
function noteScoring(suite: string, bundle: string, reports: readonly SuiteReport[]): void {
  const figures = Object.fromEntries(reports.map((one) => [one.grant, one.figures]));
  const line = { suite, at: new Date().toISOString(), bundle, figures };
  appendFileSync(join(HERE, 'held-back.jsonl'), `${JSON.stringify(line)}\n`);
}
