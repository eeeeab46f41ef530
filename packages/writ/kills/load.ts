/** Clients that ask and report on connections of their own, until they are stopped. */

import { rest } from '../abuse/processes.js';
import { type Answer, Client } from '../soak/client.js';
import type { Asked, Book, Status } from './book.js';
import type { Random } from './random.js';

const CONNECTIONS = 8;
const MAX_REST_MS = 8;
/** The share of each status in ten outcomes. */
const STATUSES: readonly Status[] = [
  ...(['failed', 'failed', 'failed', 'failed', 'not-executed', 'not-executed'] as const),
  ...(['completed', 'completed', 'completed', 'unknown'] as const),
];

export interface Loaded {
  readonly url: string;
  readonly key: string;
  readonly book: Book;
  readonly random: Random;
  /** People whose budgets are in use now. */
  readonly users: readonly string[];
}

export interface Load {
  /** Stops the clients, after the requests that are on their way. */
  stop(): Promise<void>;
}

export function startLoad(loaded: Loaded): Load {
  const client = new Client(loaded.url, CONNECTIONS);
  let isOver = false;
  const loop = async (): Promise<void> => {
    while (!isOver) {
      // A service that is gone answers nothing; that is what is examined afterwards.
      await deed(client, loaded).catch(() => rest(5));
      await rest(loaded.random.pick(MAX_REST_MS));
    }
  };
  const loops = Array.from({ length: CONNECTIONS }, loop);
  return {
    async stop() {
      isOver = true;
      await Promise.all(loops);
      client.close();
    },
  };
}

function deed(client: Client, loaded: Loaded): Promise<void> {
  const { random } = loaded;
  const kind = random.pick(100);
  if (kind < 45) return single(client, loaded, askedBy(loaded));
  if (kind < 60) return batch(client, loaded);
  if (kind < 72) return single(client, loaded, { ...askedBy(loaded), action: 'look', amount: 0 });
  return outcomes(client, loaded);
}

function askedBy({ random, users }: Loaded): Asked {
  const user = users[random.pick(users.length)] as string;
  return random.chance(0.9)
    ? { user, action: 'refund', amount: 1 + random.pick(9) }
    : { user, action: 'look', amount: 0 };
}

function requestOf({ user, action, amount }: Asked): object {
  return {
    subject: { type: 'User', id: user },
    action: { name: action },
    resource: { type: 'Order', id: '1' },
    ...(action === 'refund' ? { context: { input: { amount } } } : {}),
  };
}

async function single(client: Client, { key, book }: Loaded, asked: Asked): Promise<void> {
  const answer = await client.send('POST', '/access/v1/evaluation', key, JSON.stringify(requestOf(asked)));
  if (isOther(answer, 200, book)) return;
  note(book, answer.decisionIds[0], asked, JSON.parse(answer.text));
}

async function batch(client: Client, loaded: Loaded): Promise<void> {
  const { key, book, random } = loaded;
  const asked = Array.from({ length: 2 + random.pick(5) }, () => askedBy(loaded));
  const body = JSON.stringify({ evaluations: asked.map(requestOf) });
  const answer = await client.send('POST', '/access/v1/evaluations', key, body);
  if (isOther(answer, 200, book)) return;
  const { evaluations } = JSON.parse(answer.text) as { evaluations: Said[] };
  if (evaluations.length !== asked.length)
    book.wrong.push(`${asked.length} were asked, ${evaluations.length} answered`);
  for (const [i, one] of evaluations.entries()) note(book, answer.decisionIds[i], asked[i] as Asked, one);
}

/** Reports outcomes, also again those whose answer did not arrive, and some twice. */
async function outcomes(client: Client, { key, book, random }: Loaded): Promise<void> {
  const isAgain = book.unsure.length > 0 && random.chance(0.5);
  const from = isAgain ? book.unsure : book.open;
  const ids = from.splice(0, 1 + random.pick(4));
  if (ids.length === 0) return;
  const reported = ids.map((decisionId) => ({
    decisionId,
    status: book.sent.get(decisionId) ?? (STATUSES[random.pick(STATUSES.length)] as Status),
  }));
  book.sending(reported);
  const body = JSON.stringify(reported.length === 1 ? reported[0] : { outcomes: reported });
  const answer = await client.send('POST', '/v1/outcomes', key, body).catch(() => undefined);
  if (answer === undefined || isOther(answer, 204, book)) {
    book.unsure.push(...ids);
    return;
  }
  book.acknowledged(ids);
  if (random.chance(0.05)) isOther(await client.send('POST', '/v1/outcomes', key, body), 204, book);
}

interface Said {
  readonly decision: boolean;
  readonly context?: { readonly refusal?: { readonly code?: string } };
}

function note(book: Book, id: string | undefined, asked: Asked, { decision, context }: Said): void {
  // It says itself that it is not recorded.
  if (context?.refusal?.code === 'record_unavailable') {
    if (decision) book.wrong.push(`${id} is permitted, and not recorded`);
    return;
  }
  if (id === undefined) book.wrong.push('an answer without X-Decision-Id');
  else book.answered(id, asked, decision);
}

/** Whether an answer has another status; one that is neither expected nor "not now" is wrong. */
function isOther({ status, text }: Answer, expected: number, book: Book): boolean {
  if (status === expected) return false;
  if (status !== 503) book.wrong.push(`status ${status}: ${text.slice(0, 300)}`);
  return true;
}
