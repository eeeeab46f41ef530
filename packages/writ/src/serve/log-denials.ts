import type { EntryNote } from '../audit/log/entry-notes.js';
import type { LogWriter } from '../audit/log/log-writer.js';
import { visibleLine } from '../lib/visible-text.js';
import type { Runtime } from './runtime.js';

/** The lines that are written at once, and then in a second. */
const BURST = 50;
const PER_SECOND = 10;
const MAX_TEXT = 300;

const REFUSAL_TEXT: Readonly<Record<string, string>> = {
  not_permitted: 'no policy permits it',
  invalid_request: 'the request does not fit the schema, or contradicts itself',
};

const RESULT_TEXT = { deny: 'denied', step_up: 'denied until a person approves it', defer: 'not decided yet' } as const;

/**
 * Logs each denial in words, at a bounded rate. A line has the agent and no person behind it, and no resource: those are on the
 * record alone, where they can be erased.
 */
export function logDenials(
  log: LogWriter,
  { logger }: Pick<Runtime, 'logger'>,
  now = (): number => performance.now(),
): void {
  let room = BURST;
  let at = now();
  let unlogged = 0;
  log.onEntries((notes) => {
    for (const note of notes) {
      const { result, id } = note;
      if (result === undefined || result === 'allow' || result === 'modify') continue;
      const time = now();
      room = Math.min(BURST, room + ((time - at) * PER_SECOND) / 1_000);
      at = time;
      if (room < 1) {
        unlogged += 1;
        continue;
      }
      room -= 1;
      logger.info({ decision: id, result, ...(unlogged === 0 ? {} : { unlogged }) }, textOf(note, RESULT_TEXT[result]));
      unlogged = 0;
    }
  });
}

function textOf({ client = '', tool = 'a request', reasons = [], refusal }: EntryNote, result: string): string {
  const why = [...new Map(reasons.map(({ policy, reason }) => [policy, reason ?? 'forbidden'])).entries()].map(
    ([policy, reason]) => `${reason} [${policy}]`,
  );
  if (refusal !== undefined) why.push(REFUSAL_TEXT[refusal] ?? refusal.replaceAll('_', ' '));
  return `${result}: ${visibleLine(tool, MAX_TEXT)} by ${visibleLine(client, MAX_TEXT)}: ${visibleLine(why.join('; '), MAX_TEXT)}`;
}
