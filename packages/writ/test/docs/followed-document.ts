import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { loadVerbs } from '../../src/cli/load-verbs.js';
import type { Verb } from '../../src/cli/verb.js';
import { commandHere } from '../printed.js';
import { blockCommands, type DocCommand, ROOT } from './commands-in.js';
import { isListed } from './not-run.js';
import { shellCommands } from './shell-words.js';

/** The place in which the commands of documents are run. */
export interface Place {
  readonly folder: string;
  /** URL of the service that the commands ask, which is at another port than documents say. */
  readonly service?: string;
}

interface Given {
  /** Texts of the document, each with the text that a reader writes instead. */
  readonly with?: Readonly<Record<string, string>>;
  readonly code?: number;
  /** The command does not end by itself: it is stopped when its output matches `says`. */
  readonly stays?: boolean;
}

const LIMIT_MS = 60_000;
const SERVICE = /127\.0\.0\.1:7465/g;

/** The commands in the blocks of a document, which a reader runs from the top. */
export class FollowedDocument {
  readonly #file: string;
  readonly #place: Place;
  #left: DocCommand[];

  constructor(file: string, place: Place) {
    this.#file = file;
    this.#place = place;
    this.#left = blockCommands(file).filter(({ text }) => !isListed(file, text));
  }

  /** The commands that were not run, and are not listed as not to be run. */
  get left(): string[] {
    return this.#left.map(({ text }) => text);
  }

  /** Returns the block of the document that begins like this, without its indentation. */
  block(begins: string): string {
    const text = readFileSync(join(ROOT, this.#file), 'utf8');
    const at = text.indexOf(begins);
    if (at === -1) throw new Error(`${this.#file} has no block ${begins}`);
    return (/^(?: {4}.*\n|\n(?= {4}))+/.exec(text.slice(at))?.[0] ?? '').replace(/^ {4}/gm, '');
  }

  /** Runs the next command of the document that begins like this, and returns its output. */
  async run(begins: string, says: RegExp, given: Given = {}): Promise<string> {
    const [found, ...left] = this.#left;
    if (!found?.text.startsWith(begins))
      throw new Error(`${this.#file}: the next command is ${found?.text ?? 'not there'}, and not ${begins}`);
    this.#left = left;
    let text = found.text;
    for (const [from, to] of Object.entries(given.with ?? {})) {
      expect(text, `${this.#file}:${found.line}`).toContain(from);
      text = text.replaceAll(from, to);
    }
    const { code, out } = await this.#ran(text, given.stays ? says : undefined);
    expect([text, code, out]).toEqual([text, given.stays ? null : (given.code ?? 0), expect.stringMatching(says)]);
    return out;
  }

  async #ran(text: string, until: RegExp | undefined): Promise<{ code: number | null; out: string }> {
    const [only, ...more] = shellCommands(text);
    const words = only?.words[0] === 'npx' ? only.words.slice(1) : (only?.words ?? []);
    const isPlain =
      words[0] === 'writ' &&
      more.length === 0 &&
      !/[<>$~]/.test(text) &&
      Object.keys(only?.variables ?? {}).length === 0;
    const { service } = this.#place;
    if (!isPlain) return await this.#inShell(text.replace(SERVICE, service?.replace('http://', '') ?? '$&'), until);
    const given = await asking(words.slice(1), service);
    if (until === undefined) return await commandHere(...given);
    return await this.#inShell(`writ ${given.map((word) => `'${word}'`).join(' ')}`, until);
  }

  /** Runs a line in a shell that has `writ`; with `until`, to the first output that matches. */
  #inShell(text: string, until: RegExp | undefined): Promise<{ code: number | null; out: string }> {
    const { folder } = this.#place;
    const bin = join(ROOT, 'packages/writ/bin/writ.js');
    const shim = `writ() { "${process.execPath}" "${bin}" "$@"; }; npx() { "$@"; };`;
    return new Promise((resolve, reject) => {
      const child = spawn('sh', ['-c', `${shim} ${text}`], {
        cwd: folder,
        env: { ...process.env, NO_COLOR: '1' },
        detached: true,
      });
      const timer = setTimeout(() => reject(new Error(`${text} took more than ${LIMIT_MS} ms: ${out}`)), LIMIT_MS);
      let out = '';
      let stopped = false;
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => {
          out += String(chunk);
          if (until?.test(out) !== true || stopped) return;
          stopped = true;
          process.kill(-(child.pid as number), 'SIGTERM');
        });
      child.once('close', (code) => {
        clearTimeout(timer);
        resolve({ code: stopped ? null : code, out });
      });
    });
  }
}

/** Returns the words with the address of the service, if the verb asks one. */
async function asking(words: readonly string[], service: string | undefined): Promise<string[]> {
  let [verb] = (await loadVerbs(words)) as [Verb];
  for (const word of words.slice(1)) verb = (verb.commands.find((one) => one.name() === word) as Verb) ?? verb;
  const asks = verb.options.some(({ long }) => long === '--service') && !words.includes('--service');
  if (!asks || service === undefined) return [...words];
  const at = words.indexOf('--');
  const end = at === -1 ? words.length : at;
  return [...words.slice(0, end), '--service', service, ...words.slice(end)];
}
