import pc from 'picocolors';
import { actorOf } from '../audit/explain/sentence.js';
import { resultText } from '../audit/explain/verdict.js';
import { asDecided } from '../decide/observing.js';
import type { DecisionRecord } from '../decide/record.js';
import { runsOf } from '../lib/runs.js';
import { cell, columns } from './fit.js';

const RESULT = 7;
/** The columns of an id, a time and a result, each with a space after it. */
const FIXED = 27 + 9 + RESULT + 1;
/** The least columns that are left when policies have a column of their own. */
const MIN_WIDE = 60;
const MAX_AGENT = 12;
const MIN_TARGET = 8;

/** Shows decisions, one a line: its id, time, result, agent, action and target. A line before them has the day. */
export class DecisionTable {
  private day = '';
  /** The widths that the names of agents and actions have needed, within bounds. */
  private agent = 4;
  private action = 8;

  /** Returns the lines of decisions. Those in a row that differ in nothing shown but the time are one line, with their number. */
  lines(decisions: readonly DecisionRecord[]): string[] {
    for (const decision of decisions) {
      this.agent = Math.max(this.agent, Math.min(MAX_AGENT, agentOf(decision).length));
      this.action = Math.max(this.action, whatOf(decision)[0].length);
    }
    return runsOf(decisions, looksOf).flatMap(({ first, count }) => {
      const day = first.time.slice(0, 10);
      const heading = day === this.day ? [] : [pc.dim(`${day}, times in UTC`)];
      this.day = day;
      return [...heading, this.line(first, count)];
    });
  }

  private line(decision: DecisionRecord, count: number): string {
    const { id, time } = decision;
    const shown = resultText(decision).padEnd(RESULT);
    const { result } = asDecided(decision);
    const colour = result === 'allow' || result === 'modify' ? pc.green : result === 'deny' ? pc.red : pc.yellow;
    const times = count === 1 ? '' : ` ×${count}`;
    const rest = columns() - FIXED - (shown.length - RESULT);
    const isWide = rest >= MIN_WIDE;
    const policies = isWide ? Math.floor(rest / 3) + 1 : 0;
    const others = rest - policies - this.agent - 2;
    const action = Math.min(this.action, others - MIN_TARGET);
    const [name, target] = whatOf(decision);
    // The end of a path says more than its start.
    const last = cell(target, others - action - times.length, 'end');
    return [
      pc.dim(id.padEnd(26)),
      time.slice(11, 19),
      colour(shown),
      cell(agentOf(decision), this.agent),
      pc.bold(cell(name, action)),
      `${last}${isWide ? ` ${pc.dim(cell(whyOf(decision), policies - 1))}` : ''}${times}`,
    ]
      .join(' ')
      .trimEnd();
  }
}

function looksOf(decision: DecisionRecord): string {
  return JSON.stringify([
    decision.time.slice(0, 10),
    resultText(decision),
    agentOf(decision),
    whatOf(decision),
    whyOf(decision),
  ]);
}

function agentOf(decision: DecisionRecord): string {
  return actorOf(decision).id;
}

/** Returns the action and its target, which is nothing else if it is the tool itself. */
function whatOf({ request: { action, resource } }: DecisionRecord): readonly [string, string] {
  return [action.name, resource.id === action.name ? '' : resource.id];
}

/** The codes that a reader could take for a denial by policy. */
const REFUSAL_TEXT: Readonly<Record<string, string>> = { invalid_request: 'does not fit the schema' };

function whyOf(decision: DecisionRecord): string {
  const { result, reasons, refusal } = asDecided(decision);
  if (result === 'allow') return '';
  return (
    [...new Set(reasons.map(({ policy }) => policy))].join(', ') ||
    (refusal === undefined ? '' : (REFUSAL_TEXT[refusal.code] ?? refusal.code))
  );
}
