import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXAMPLES, type Running, run } from '../packages/writ/test/running.js';
import { bodiesOf, pageWith } from './service-bodies.mjs';

interface Operation {
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, unknown>>;
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const PAGE = readFileSync(new URL('../docs/service.md', import.meta.url), 'utf8');
let writ: Running;
let document: OpenApi;

beforeAll(async () => {
  writ = await run(join(EXAMPLES, 'authzen-certification'));
  document = (await writ.send('GET', '/openapi.json', undefined, { as: 'admin' })).json;
});
afterAll(() => writ.stop());

describe('the bodies in docs/service.md', () => {
  it('are up to date: run npm run service-bodies', () => {
    expect(PAGE).toBe(pageWith(PAGE, document));
  });

  it('are those of every operation: its request if it has one, and its own answers', () => {
    const shown = bodiesOf(document);
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
    );
    expect(operations.length).toBeGreaterThan(75);
    for (const { name, operation } of operations) {
      const [, after = ''] = shown.split(`**\`${name}\`**`);
      const [part = ''] = after.split(/\n(?:\*\*`|###)/);
      expect(part.includes('\n    request '), name).toBe(operation.requestBody !== undefined);
      const own = Object.keys(operation.responses).filter((status) => status.startsWith('2') || status.startsWith('3'));
      for (const status of own) expect(part, `${name} ${status}`).toMatch(new RegExp(`\\n {4}${status} +\\S`));
    }
    expect(shown).toContain('status: "completed" | "failed" | "not-executed" | "unknown"');
  });
});
