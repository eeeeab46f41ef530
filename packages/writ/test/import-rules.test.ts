import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { circlesIn, importsBelow, loadedWith } from './imports.js';

/** The rooms that each room may import (ARCHITECTURE.md, "Imports"). */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  programs: [],
  store: [],
  provenance: ['store'],
  registry: ['store'],
  ledger: ['store', 'programs'],
  bundle: ['store', 'ledger', 'programs', 'provenance'],
  signals: ['store', 'provenance', 'registry'],
  record: ['decide', 'ledger'],
  decide: ['provenance', 'programs', 'registry', 'ledger', 'bundle', 'record'],
  audit: ['store', 'decide', 'record'],
  access: ['store', 'decide'],
  enforce: [],
  api: ['access', 'audit', 'decide', 'ledger', 'bundle', 'provenance', 'record', 'registry', 'signals'],
  serve: [
    'access',
    'api',
    'audit',
    'bundle',
    'decide',
    'enforce',
    'ledger',
    'provenance',
    'registry',
    'signals',
    'store',
  ],
  cli: [
    ...[
      'access',
      'api',
      'audit',
      'decide',
      'enforce',
      'ledger',
      'bundle',
      'provenance',
      'programs',
      'registry',
      'signals',
      'store',
    ],
    'serve',
  ],
};

const sourcesOf = (name: string): string => fileURLToPath(new URL(`../../${name}/src`, import.meta.url));
const [SRC, CEDAR, SDK, ENFORCE] = ['writ', 'cedar', 'sdk', 'enforce'].map(sourcesOf) as [
  string,
  string,
  string,
  string,
];

/** The rooms of @writ/enforce that are of no protocol, with those that each may import. Every other folder is a face. */
const OF_ENFORCE: Readonly<Record<string, readonly string[]>> = {
  detect: [],
  obligations: ['detect'],
  attempts: [],
  enforcer: ['attempts', 'obligations'],
  cel: [],
  coaz: ['cel', 'enforcer'],
  // The protocol, which the faces of HTTP and of Envoy share. The faces in its folder are not of it.
  http: ['attempts', 'cel', 'coaz', 'enforcer', 'obligations'],
};

/** The rooms of writ that import @writ/enforce, with the parts that each may; `all` composes, and takes faces too. */
const OF_PACKAGE: Readonly<Record<string, readonly string[] | 'all'>> = {
  ledger: ['detect'],
  api: ['attempts'],
  enforce: ['.', 'attempts', 'cel', 'coaz', 'detect'],
  'enforce/http': ['.', 'attempts', 'coaz', 'http'],
  // The definitions of the services behind a face are files of a bundle.
  bundle: ['cel', 'coaz', 'http'],
  serve: 'all',
  cli: 'all',
};

const roomOf = (path: string): string => (path.includes('/') ? (path.split('/')[0] as string) : '.');

/** The part of @writ/enforce that a file is in: a room, or a face, which may be a folder in the room of its protocol. */
const partOf = (path: string): string => (/^http\/(?:check|proxy)\//.exec(path) ?? [roomOf(path)])[0];

/** From the lowest up: a layer imports itself and those before it. */
const MCP_LAYERS = ['protocol', 'client', 'gateway', 'server'];
/** The layer of a file of enforce/mcp. */
function layerOf(path: string): string {
  const [, , layer = '', rest] = path.split('/');
  if (rest === undefined || !MCP_LAYERS.includes(layer)) throw new Error(`${path} is in no layer of its face`);
  return layer;
}

describe('import rules', () => {
  const imports = importsBelow(SRC).filter(({ target }) => target.startsWith('.'));

  it('sees the imports', () => {
    expect(imports.length).toBeGreaterThan(1_500);
  });

  it.each([
    ['writ', SRC],
    ['@writ/cedar', CEDAR],
    ['@writ/sdk', SDK],
    ['@writ/enforce', ENFORCE],
  ])('%s has no import circle, types included', (_name, root) => {
    expect(circlesIn(importsBelow(root))).toEqual([]);
  });

  it('finds a circle where there is one', () => {
    const from = (file: string, path: string) => ({ file, path, target: path, typeOnly: true, dynamic: false });
    const imports = [from('a', 'b'), from('b', 'c'), from('c', 'a'), from('c', 'd'), from('e', 'e')];
    expect(circlesIn(imports)).toEqual([['a', 'b', 'c'], ['e']]);
  });

  it('every room is known', () => {
    const rooms = new Set(importsBelow(SRC).map(({ file }) => roomOf(file)));
    expect([...rooms].filter((room) => room !== '.' && MAY_IMPORT[room] === undefined)).toEqual([]);
  });

  it('no file is directly under src but index.ts', () => {
    const loose = importsBelow(SRC).filter(({ file }) => roomOf(file) === '.' && file !== 'index.ts');
    expect(loose).toEqual([]);
  });

  it('no room imports what it may not', () => {
    const wrong = imports.filter(({ file, path = '' }) => {
      const [from, to] = [roomOf(file), roomOf(path)];
      return from !== '.' && to !== from && to !== 'lib' && !MAY_IMPORT[from]?.includes(to);
    });
    expect(wrong).toEqual([]);
  });

  it('a verb that does not open a whole store does not load the service', () => {
    const opening = ['cli/start.ts', 'cli/upgrade.ts', 'cli/restore.ts'];
    const wrong = imports.filter(
      ({ file, path = '' }) => roomOf(file) === 'cli' && roomOf(path) === 'serve' && !opening.includes(file),
    );
    expect(wrong).toEqual([]);
  });

  it('enforce/mcp goes protocol <- client <- gateway <- server, and what is beside it does not import it', () => {
    const wrong = imports.filter(({ file, path: to = '' }) => {
      if (!file.startsWith('enforce/') || !to.startsWith('enforce/mcp/')) return false;
      if (!file.startsWith('enforce/mcp/')) return true;
      return MCP_LAYERS.indexOf(layerOf(to)) > MCP_LAYERS.indexOf(layerOf(file));
    });
    expect(wrong).toEqual([]);
  });

  it('the neutral rooms of @writ/enforce import as they may, and no face imports another', () => {
    const all = importsBelow(ENFORCE).filter(({ path }) => path !== undefined);
    expect(all.length).toBeGreaterThan(40);
    const wrong = all.filter(({ file, path = '' }) => {
      const [from, to] = [partOf(file), partOf(path)];
      // The errors are of all; the index has nothing of a face, so that it loads none.
      if (to === '.' || from === to) return false;
      return OF_ENFORCE[to] === undefined || OF_ENFORCE[from]?.includes(to) === false;
    });
    expect(wrong).toEqual([]);
  });

  it('a room takes of @writ/enforce only what it may, and the face for MCP no other face', () => {
    const taken = importsBelow(SRC).filter(({ target }) => /^@writ\/enforce(\/|$)/.test(target));
    expect(taken.length).toBeGreaterThan(40);
    const wrong = taken.filter(({ file, target }) => {
      const may = OF_PACKAGE[file.split('/').slice(0, 2).join('/')] ?? OF_PACKAGE[roomOf(file)] ?? [];
      return may !== 'all' && !may.includes(target.split('/')[2] ?? '.');
    });
    expect(wrong).toEqual([]);
  });

  it('the AuthZEN client loads at most 16 files', () => {
    expect(loadedWith('client/remote.ts', importsBelow(SDK)).size).toBeLessThanOrEqual(16);
  });

  it.each(['record', 'audit', 'access'])('%s takes only types from decide', (room) => {
    const values = imports.filter(
      ({ file, target, typeOnly }) => roomOf(file) === room && target.includes('/decide/') && !typeOnly,
    );
    expect(values).toEqual([]);
  });

  it('nothing opens SQLite but store/sqlite.ts, which takes the binary for this Node', () => {
    const values = importsBelow(SRC).filter(({ target, typeOnly }) => target.startsWith('better-sqlite3') && !typeOnly);
    expect(values).toEqual([]);
  });

  it('@writ/enforce imports nothing of writ', () => {
    const foreign = importsBelow(ENFORCE).filter(({ target }) => /^(writ(\/|$)|#writ)/.test(target));
    expect(foreign).toEqual([]);
    expect(importsBelow(ENFORCE).filter(({ path }) => path?.startsWith('..'))).toEqual([]);
  });

  it('@writ/sdk imports nothing of ours; its lib and its contract import nothing but themselves and Node', () => {
    const foreign = importsBelow(SDK).filter(
      ({ file, target, typeOnly }) =>
        /^(@writ\/|writ$|#)/.test(target) ||
        (/^(lib|authzen)\//.test(file) && !typeOnly && !/^(\.|node:)/.test(target)),
    );
    expect(foreign).toEqual([]);
  });

  it('@writ/cedar imports nothing but itself and the official engine, and nothing of Node', () => {
    const foreign = importsBelow(CEDAR).filter(
      ({ target }) => !target.startsWith('./') && !target.startsWith('../') && target !== '#official',
    );
    expect(foreign).toEqual([]);
  });
});
