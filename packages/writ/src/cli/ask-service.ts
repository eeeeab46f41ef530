import { readFileSync } from 'node:fs';
import { ServiceError } from './errors.js';
import { noteObserving } from './observing-note.js';
import { inOptions } from './option-words.js';

const PATIENCE_MS = 10_000;

/** The service that a verb asks, and the caller. */
export interface ServiceFlags {
  readonly service: string;
  /** File with the key of the caller. */
  readonly keyFile: string;
}

/**
 * Sends a request to a running service and returns its JSON, which has the type of the operation.
 *
 * @param body an object, or text that is JSON already
 * @param patienceMs how long it may take
 * @throws {ServiceError} if the service is unreachable or refuses
 */
export async function askService<Answer = Record<string, unknown>>(
  flags: ServiceFlags,
  method: string,
  path: string,
  body?: Readonly<Record<string, unknown>> | URLSearchParams | string,
  patienceMs = PATIENCE_MS,
): Promise<Answer> {
  const response = await sent(flags, method, path, body, patienceMs);
  noteObserving(response.headers);
  const answer: unknown = await response.json().catch(() => ({}));
  if (response.ok) return answer as Answer;
  throw refusal(flags, response.status, answer as Record<string, string | undefined>);
}

/** Gets a text of a running service, such as a receipt. @throws {ServiceError} if the service is unreachable or refuses */
export async function askForText(flags: ServiceFlags, path: string): Promise<string> {
  const response = await sent(flags, 'GET', path, undefined, PATIENCE_MS);
  if (response.ok) return response.text();
  throw refusal(
    flags,
    response.status,
    (await response.json().catch(() => ({}))) as Record<string, string | undefined>,
  );
}

async function sent(
  { service, keyFile }: ServiceFlags,
  method: string,
  path: string,
  body: Readonly<Record<string, unknown>> | URLSearchParams | string | undefined,
  patienceMs: number,
): Promise<Response> {
  const headers: Record<string, string> = { Authorization: `Bearer ${keyIn(keyFile)}` };
  if (body !== undefined)
    headers['Content-Type'] =
      body instanceof URLSearchParams ? 'application/x-www-form-urlencoded' : 'application/json';
  const isText = body === undefined || typeof body === 'string' || body instanceof URLSearchParams;
  const text = isText ? body?.toString() : JSON.stringify(body);
  try {
    return await fetch(new URL(path, service), {
      method,
      headers,
      ...(text === undefined ? {} : { body: text }),
      signal: AbortSignal.timeout(patienceMs),
    });
  } catch {
    throw new ServiceError(`${service} does not answer`, 'is `writ start` running there? Name another with --service');
  }
}

function refusal(
  { service, keyFile }: ServiceFlags,
  status: number,
  { detail, title, error, error_description }: Readonly<Record<string, string | undefined>>,
): ServiceError {
  const said = error === undefined ? (detail ?? title) : `${error}: ${error_description}`;
  return new ServiceError(
    `${service} refused: ${inOptions(said ?? `status ${status}`)}`,
    status === 401 || status === 403 ? `it was asked with the key in ${keyFile}` : undefined,
  );
}

/** Returns the key of a caller from its file. @throws {ServiceError} if it cannot be read */
export function keyIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new ServiceError(
      `there is no key in ${file}`,
      '`writ start` makes it; name the file of another caller with --key-file',
    );
  }
}
