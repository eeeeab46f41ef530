import { readFileSync } from 'node:fs';
import { ServiceError } from './errors.js';

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
 * @throws {ServiceError} if the service is unreachable or refuses
 */
export async function askService<Answer = Record<string, unknown>>(
  { service, keyFile }: ServiceFlags,
  method: string,
  path: string,
  body?: Readonly<Record<string, unknown>> | URLSearchParams | string,
): Promise<Answer> {
  const headers: Record<string, string> = { Authorization: `Bearer ${keyIn(keyFile)}` };
  if (body !== undefined)
    headers['Content-Type'] =
      body instanceof URLSearchParams ? 'application/x-www-form-urlencoded' : 'application/json';
  const isText = body === undefined || typeof body === 'string' || body instanceof URLSearchParams;
  const text = isText ? body?.toString() : JSON.stringify(body);
  let response: Response;
  try {
    response = await fetch(new URL(path, service), {
      method,
      headers,
      ...(text === undefined ? {} : { body: text }),
      signal: AbortSignal.timeout(10_000),
    });
  } catch {
    throw new ServiceError(`${service} does not answer`, 'is `writ start` running there? Name another with --service');
  }
  const answer: unknown = await response.json().catch(() => ({}));
  if (response.ok) return answer as Answer;
  const { detail, title, error, error_description } = answer as Record<string, string | undefined>;
  const said = error === undefined ? (detail ?? title) : `${error}: ${error_description}`;
  throw new ServiceError(
    `${service} refused: ${said ?? `status ${response.status}`}`,
    response.status === 401 || response.status === 403 ? `it was asked with the key in ${keyFile}` : undefined,
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
