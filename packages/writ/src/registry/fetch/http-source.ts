import { parseJson } from '@writ/cedar/json';
import { boundedBody } from '../../lib/bounded-body.js';
import { FetchError } from '../errors.js';
import { pathIn } from './json-path.js';
import type { FactSource, FetchedDocument } from './source.js';

interface HttpSourceOptions {
  /** With `{id}` where the id of an entity stands. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSONPath of the documents in the answer to a request for all. */
  readonly items: string;
}

const MAX_ONE = 64 * 1024;
const MAX_ALL = 64 * 2 ** 20;
const MAX_DEPTH = 64;

/** JSON over HTTP. An answer that is too large, a redirect, or not JSON with one reading is no answer. */
export class HttpSource implements FactSource {
  readonly shown: string;
  private readonly itemsIn: (document: unknown) => readonly unknown[];

  constructor(private readonly options: HttpSourceOptions) {
    const { protocol, host, pathname } = new URL(options.url);
    this.shown = `${protocol}//${host}${decodeURIComponent(pathname)}`;
    this.itemsIn = pathIn(options.items);
  }

  /** As a part of a path these are other paths, also when they are encoded. */
  accepts(id: string): boolean {
    return id !== '.' && id !== '..' && id !== '';
  }

  async one(id: string, signal: AbortSignal): Promise<FetchedDocument | undefined> {
    if (!this.accepts(id)) throw new FetchError(`${JSON.stringify(id)} is no part of a path`);
    const answer = await this.get(this.options.url.replaceAll('{id}', encodeURIComponent(id)), signal);
    if (answer.status === 404 || answer.status === 410) {
      await answer.body?.cancel();
      return undefined;
    }
    return this.json(answer, MAX_ONE);
  }

  async all(signal: AbortSignal): Promise<readonly FetchedDocument[]> {
    const found = this.itemsIn(await this.json(await this.get(this.options.url, signal), MAX_ALL));
    const [only] = found;
    const documents = found.length === 1 && Array.isArray(only) ? only : found;
    return documents;
  }

  private get(url: string, signal: AbortSignal): Promise<Response> {
    return fetch(url, { headers: { Accept: 'application/json', ...this.options.headers }, redirect: 'error', signal });
  }

  private async json(answer: Response, limit: number): Promise<unknown> {
    if (!answer.ok) {
      await answer.body?.cancel();
      throw new FetchError(`${this.shown} answered ${answer.status}`);
    }
    const body = await boundedBody(answer.body, limit);
    if (body === undefined) throw new FetchError(`${this.shown} answered with more than ${limit} bytes`);
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
      return parseJson(text, { mode: 'wire', maxDepth: MAX_DEPTH });
    } catch (cause) {
      throw new FetchError(`${this.shown} did not answer with JSON that has one reading`, undefined, { cause });
    }
  }

  async close(): Promise<void> {}
}
