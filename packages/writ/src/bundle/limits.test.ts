import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { leastCpuMs } from '../../test/least-cpu.js';
import { readBundleFrom } from './bundle.js';
import { BundleError } from './errors.js';
import { readBundleFiles } from './files.js';

const SCHEMA =
  'entity User; entity Doc; action read appliesTo { principal: [User], resource: [Doc], context: { a: String } };';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

function folderOf(sizes: Readonly<Record<string, number>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'writ-limits-'));
  made.push(folder);
  for (const inner of ['policies', 'entities']) mkdirSync(join(folder, inner));
  writeFileSync(join(folder, 'writ.yaml'), 'name: a');
  for (const [path, size] of Object.entries(sizes)) {
    writeFileSync(join(folder, path), '');
    truncateSync(join(folder, path), size);
  }
  return folder;
}

function refusalOf(folder: string): string {
  try {
    readBundleFiles(folder);
    return 'read';
  } catch (error) {
    return error instanceof BundleError
      ? error.findings.map(({ file, message }) => `${file}: ${message}`).join()
      : 'failed';
  }
}

function findingsOf(policies: string): readonly string[] {
  const texts = { 'writ.yaml': 'name: a', 'schema.cedarschema': SCHEMA, 'policies/a.cedar': policies };
  const files = { root: '/', texts: new Map(Object.entries(texts)), version: 'v', unread: [] };
  return readBundleFrom(files).findings.map(({ code, line }) => `${code} ${line}`);
}

describe('the size of a bundle', () => {
  it.each([
    ['a schema of more than 1 MiB', { 'schema.cedarschema': 2 ** 20 + 1 }, /^schema.cedarschema: the file has 1.1 MiB/],
    ['a YAML file of more than 1 MiB', { 'tools.yaml': 2 ** 21 }, /^tools.yaml: the file has 2 MiB; the limit is 1$/],
    // Nothing of it is read: files of that size would not fit.
    ['policies of 10 GB', { 'policies/a.cedar': 1e10 }, /the files of the bundle have 9536.8 MiB; the limit is 64/],
    ['what is less', { 'schema.cedarschema': 2 ** 20, 'tools.yaml': 2 ** 20, 'policies/a.cedar': 2 ** 21 }, /^read$/],
  ])('is looked at before it is read: %s', (_, sizes, refusal) => {
    expect(refusalOf(folderOf(sizes as Readonly<Record<string, number>>))).toMatch(refusal);
  });

  it('is a finding where one policy is too large, and none below', () => {
    const policy = (length: number): string => {
      const [before, after] = ['@id("a") permit(principal, action, resource) when { context.a == "', '" };'];
      return `// first line\n${before}${'x'.repeat(length - before.length - after.length)}${after}`;
    };
    expect(findingsOf(policy(32_769))).toEqual(['policies/too-large 2']);
    expect(findingsOf(policy(32_768))).toEqual([]);
  });
});

describe('findings', () => {
  it('have the places of their policies', () => {
    expect(findingsOf('permit(principal, action, resource);\n\n permit(principal, action, resource);')).toEqual([
      'policies/no-id 1',
      'policies/no-id 3',
    ]);
  });

  // Each place was looked for from the beginning of the file.
  it('take time in proportion to their number', () => {
    const cpuOf = (count: number): number => {
      const text = 'permit(principal, action, resource);\n'.repeat(count);
      expect(findingsOf(text)).toHaveLength(count);
      return leastCpuMs(() => findingsOf(text));
    };
    cpuOf(500);
    expect(cpuOf(6_000) / cpuOf(1_500)).toBeLessThan(12);
  });
});
