import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
    expect(rows.sort()).toEqual([...listed, 'writ.NAME.yaml'].sort());
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
    ['another spelling of a name', 'ledger.yml', 'ledger.yml', 'ledger.yaml'],
    ['another case of a name', 'Ledger.yaml', 'Ledger.yaml', 'ledger.yaml'],
    ['a letter less in a name', 'tool.yaml', 'tool.yaml', 'tools.yaml'],
    ['the schema under another extension', 'schema.json', 'schema.json', 'schema.cedarschema'],
    ['a policy beside the folder', 'all.cedar', 'all.cedar', undefined],
    ['another extension in a folder', 'policies/all.yaml', 'policies/all.yaml', undefined],
    ['another extension of YAML in a folder', 'mappings/a.yml', 'mappings/a.yml', 'mappings/a.yaml'],
    ['a file of the project', 'package.json', undefined],
    ['another YAML file of the project', 'compose.yaml', undefined],
    ['a text in a folder', 'policies/README.md', undefined],
    ['a folder with policies of another name', 'servers/all.cedar', 'servers', undefined],
    ['another case of a folder', 'Policies/all.cedar', 'Policies', 'policies'],
    ['the singular of a folder', 'entity/people.json', 'entity', 'entities'],
    ['a letter less in a folder', 'mapping/a.yaml', 'mapping', 'mappings'],
    ['the folder of a project', 'test/all.test.ts', undefined],
    ['a file that editors keep', 'policies/.all.cedar.swp', undefined],
    ['a file in place of a folder', 'entities.json', 'entities.json', 'entities/entities.json'],
    ['a policy whose extension has another case', 'policies/all.CEDAR', 'policies/all.CEDAR', 'policies/all.cedar'],
    ['a policy that was put aside', 'policies/all.cedar.bak', 'policies/all.cedar.bak', undefined],
    ['a text among the policies', 'service/freeze.txt', 'service/freeze.txt', undefined],
  ])('%s is remarked on or not: %s', (_what, path, remarked, meant?: string) => {
    const { texts, unread } = readBundleFiles(folderOf({ [path]: 'x' }));
    expect(texts.has(path)).toBe(false);
    expect(unread.map((one) => [one.path, one.meant])).toEqual(remarked === undefined ? [] : [[remarked, meant]]);
    expect(unread.some((one) => one.isAmongPolicies)).toBe(/^(policies|service)\//.test(remarked ?? ''));
  });

  it('are read through links to files, as a ConfigMap is mounted, and only once', () => {
    const folder = folderOf({ 'policies/..2026_11_30/all.cedar': 'x' });
    symlinkSync('..2026_11_30', join(folder, 'policies/..data'));
    symlinkSync('..data/all.cedar', join(folder, 'policies/all.cedar'));
    const { texts, unread } = readBundleFiles(folder);
    expect([...texts.keys()]).toEqual(['policies/all.cedar', 'writ.yaml']);
    expect(unread).toEqual([]);
  });

  it.each(['a link to a folder', 'a link to nothing'])('among the policies, %s is no file of Cedar', (what) => {
    const folder = folderOf({ 'policies/all.cedar': 'x', 'elsewhere/more.cedar': 'x' });
    symlinkSync(what === 'a link to a folder' ? '../elsewhere' : '../nowhere', join(folder, 'policies/more'));
    const { unread } = readBundleFiles(folder);
    expect(unread.filter((one) => one.isAmongPolicies).map(({ path }) => path)).toEqual(['policies/more']);
  });

  it('are refused if they are not UTF-8, and read without a byte order mark', () => {
    const texts = readBundleFiles(
      folderOf({ 'schema.cedarschema': '\ufeffentity A;', 'entities/a.json': '\ufeff[]' }),
    ).texts;
    expect([texts.get('schema.cedarschema'), texts.get('entities/a.json')]).toEqual(['entity A;', '[]']);
    const folder = folderOf({});
    writeFileSync(join(folder, 'ledger.yaml'), Buffer.from('\ufeffa: 1', 'utf16le'));
    expect(() => readBundleFiles(folder)).toThrow('ledger.yaml: the text is UTF-16');
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
