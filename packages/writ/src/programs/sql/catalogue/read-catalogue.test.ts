import { beforeAll, describe, expect, it, test } from 'vitest';
import { loadSqlParser } from '../parser.js';
import { readSql } from '../read-sql.js';
import { Catalogue } from './catalogue.js';
import { readCatalogueFile } from './read-catalogue.js';

const catalogueOf = (text: string) => new Catalogue(readCatalogueFile(text));

beforeAll(() => void loadSqlParser());

const LISTS = [
  'columns',
  'views',
  'inherits',
  'foreignKeys',
  'expressions',
  'triggers',
  'rules',
  'policies',
  'functions',
];
const EMPTY = Object.fromEntries([...LISTS, 'types', 'operators', 'casts'].map((name) => [name, []]));
const RELATION = { oid: 10, relname: 't', relnamespace: 1, relkind: 'r', relrowsecurity: false };
const COLUMN = { attrelid: 10, attnum: 1, attname: 'a', atttypid: 23, attgenerated: '', sequences: [] };

function fileOf(catalog: object = {}, server: object = {}): string {
  return JSON.stringify({
    ...{ format: 'writ/postgres-catalogue', version: 1 },
    server: { version: 180_000, database: 'shop', searchPath: ['shop'], ...server },
    catalog: { schemas: [{ oid: 1, nspname: 'shop' }], relations: [RELATION], ...EMPTY, columns: [COLUMN], ...catalog },
  });
}

describe('a catalogue snapshot', () => {
  it('is read, and keeps members that it does not need', () => {
    const catalogue = catalogueOf(fileOf({ relations: [{ ...RELATION, oid: '10', relacl: ['a=r/b'] }] }));
    expect(catalogue.relation({ schema: 'shop', name: 't' })).toMatchObject({ kind: 'r', columns: [{ attname: 'a' }] });
    expect(catalogue.file.catalog.relations[0]).toMatchObject({ oid: 10, relacl: ['a=r/b'] });
  });

  test.each<[string, string]>([
    ['not JSON', '{'],
    ['a name twice', '{"format": "a", "format": "b"}'],
    ['something else', '[]'],
    ['another format', fileOf().replace('writ/', 'other/')],
    ['another version', fileOf().replace('"version":1', '"version":2')],
    ['an unknown member', fileOf().replace('{"format"', '{"more":1,"format"')],
    ['a list that is missing', fileOf().replace('"views":[],', '')],
    ['an unknown kind of relation', fileOf({ relations: [{ ...RELATION, relkind: 'z' }] })],
    ['a number that is none', fileOf({ relations: [{ ...RELATION, oid: -1 }] })],
    ['a name that is too long', fileOf({ relations: [{ ...RELATION, relname: 'x'.repeat(64) }] })],
  ])('is refused: %s', (_name, text) => {
    expect(() => catalogueOf(text)).toThrow(expect.objectContaining({ code: 'catalogue_invalid' }));
  });

  it('may contradict itself: what is behind it is not understood, or ends', () => {
    const loop = { inherits: [{ inhrelid: 10, inhparent: 10 }], views: [{ oid: 10, def: 'select * from shop.t' }] };
    expect(readSql('select * from t', { searchPath: ['shop'], catalogue: catalogueOf(fileOf(loop)) })).toMatchObject({
      understood: true,
    });
    const hostile = { views: [{ oid: 10, def: 'select 1; drop table t' }] };
    expect(readSql('table t', { searchPath: ['shop'], catalogue: catalogueOf(fileOf(hostile)) })).toMatchObject({
      understood: false,
      reason: 'catalogue',
    });
    const self = {
      oid: 5,
      typname: 'd',
      typnamespace: 1,
      typtype: 'd',
      typbasetype: 5,
      typrelid: 0,
      inner: 5,
      checks: ['true'],
    };
    const types = catalogueOf(fileOf({ types: [self], columns: [{ ...COLUMN, atttypid: 5 }] }));
    expect(readSql('table t', { searchPath: ['shop'], catalogue: types })).toMatchObject({ understood: true });
    expect(readSql("select 'x'::d", { searchPath: ['shop'], catalogue: types })).toMatchObject({ reason: 'type' });
  });

  it('of an earlier server makes syntax that it does not have not understood', () => {
    const read = (version: number) =>
      readSql("select json_value('{}', '$') from t", {
        searchPath: ['shop'],
        catalogue: catalogueOf(fileOf({}, { version })),
      });
    expect(read(170_000)).toMatchObject({ understood: true });
    expect(read(160_004)).toMatchObject({ understood: false, reason: 'node' });
  });
});
