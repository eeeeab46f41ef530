import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Answer } from './case.js';

export interface Target {
  /** The base URL of the decision point. */
  readonly url: string;
  /** Sent as `Authorization`, as it is. */
  readonly authorization?: string | undefined;
  /** The authority of its certificate, PEM. */
  readonly ca?: string | undefined;
}

/** Sends one request on a connection of its own and gives the whole answer. */
export function send(
  target: Target,
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const authorization = target.authorization === undefined ? {} : { authorization: target.authorization };
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = {
      method,
      headers: { ...authorization, ...length, ...headers },
      timeout: 10_000,
      agent: false as const,
    };
    const request = url.startsWith('https:')
      ? httpsRequest(url, { ...options, ...(target.ca === undefined ? {} : { ca: target.ca }) })
      : httpRequest(url, options);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    request.on('timeout', () => request.destroy(new Error('no answer in 10 seconds')));
    request.on('error', reject);
    request.end(body);
  });
}
