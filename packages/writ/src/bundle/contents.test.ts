import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FOLDERS, namedFiles } from './contents.js';
import { readBundleFiles } from './files.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'writ-contents-'));
  folders.push(folder);
  for (const [path, text] of Object.entries({ 'writ.yaml': 'name: x', ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

describe('the files of a bundle', () => {
  it('are in the table of docs/bundles.md', () => {
    const docs = readFileSync(new URL('../../../../docs/bundles.md', import.meta.url), 'utf8');
    const [, table = ''] = docs.split('| --- | --- |');
    const rows = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, file]) => file as string);
    const listed = [
      ...namedFiles(),
      ...Object.entries(FOLDERS).map(([name, { extension }]) => `${name}/*${extension}`),
    ];
    expect(rows.sort()).toEqual(listed.sort());
  });

  it('are read in order of path, at any depth of their folder', () => {
    const folder = folderOf({
      'policies/b/c.cedar': 'b',
      'policies/a.cedar': 'a',
      'ledger.yaml': 'l',
      'tests/t.yaml': 't',
    });
    expect([...readBundleFiles(folder).texts.keys()]).toEqual([
      'ledger.yaml',
      'policies/a.cedar',
      'policies/b/c.cedar',
      'tests/t.yaml',
      'writ.yaml',
    ]);
  });

  it.each([
    ['another spelling of a name', 'ledger.yml', true],
    ['another case of a name', 'Ledger.yaml', true],
    ['a policy beside the folder', 'all.cedar', true],
    ['another extension in a folder', 'policies/all.yaml', true],
    ['another extension of YAML in a folder', 'mappings/a.yml', true],
    ['a file of the project', 'package.json', false],
    ['another YAML file of the project', 'compose.yaml', false],
    ['a text in a folder', 'policies/README.md', false],
    ['a file in another folder', 'servers/all.cedar', false],
  ])('%s is remarked on or not: %s', (_what, path, isRemarked) => {
    const { texts, unread } = readBundleFiles(folderOf({ [path]: 'x' }));
    expect(texts.has(path)).toBe(false);
    expect(unread).toEqual(isRemarked ? [path] : []);
  });

  it.each([
    ['policies/a.cedar', true],
    ['schema.cedarschema', true],
    ['entities/a.json', true],
    ['tests/a.yaml', false],
    ['package.json', false],
  ])('%s is part of the version: %s', (path, isPart) => {
    const [one, other] = ['1', '2'].map((text) => readBundleFiles(folderOf({ [path]: text })).version);
    expect(one !== other).toBe(isPart);
  });
});
