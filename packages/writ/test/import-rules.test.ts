import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Who may import whom (ARCHITECTURE.md, "Imports"). Files that stand directly under src/ put everything together. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  store: [],
  provenance: ['store'],
  registry: ['store'],
  ledger: ['store'],
  bundle: ['store'],
  signals: ['store', 'provenance', 'registry'],
  decide: ['provenance', 'registry', 'ledger', 'bundle'],
  audit: ['store', 'decide'],
  access: ['store', 'decide'],
  enforce: ['decide', 'ledger'],
  api: ['access', 'audit', 'decide', 'ledger', 'bundle', 'provenance', 'registry', 'signals'],
  cli: ['access', 'api', 'audit', 'decide', 'enforce', 'ledger', 'bundle', 'provenance', 'registry', 'store', '.'],
};

const SRC = fileURLToPath(new URL('../src', import.meta.url));
const CEDAR = fileURLToPath(new URL('../../cedar/src', import.meta.url));

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

function importsBelow(root: string): Import[] {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return [
      ...text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from '([^']+)'|^import '([^']+)'|import\('([^']+)'\)/gm),
    ].map((match) => ({
      file,
      target: match[2] ?? match[3] ?? match[4] ?? '',
      typeOnly: match[1] !== undefined,
    }));
  });
}

const roomOf = (path: string): string => (path.includes(sep) ? (path.split(sep)[0] as string) : '.');

describe('import rules', () => {
  const imports = importsBelow(SRC).filter(({ target }) => target.startsWith('.'));

  it('sees the imports', () => {
    expect(imports.length).toBeGreaterThan(80);
  });

  it('every room is known', () => {
    const rooms = new Set(importsBelow(SRC).map(({ file }) => roomOf(file)));
    expect([...rooms].filter((room) => room !== '.' && MAY_IMPORT[room] === undefined)).toEqual([]);
  });

  it('no room imports what it may not', () => {
    const wrong = imports.filter(({ file, target }) => {
      const [from, path] = [roomOf(file), relative(SRC, resolve(SRC, dirname(file), target)).replace(/\.js$/, '.ts')];
      const to = roomOf(path);
      return from !== '.' && to !== from && to !== 'lib' && !MAY_IMPORT[from]?.includes(to);
    });
    expect(wrong).toEqual([]);
  });

  it.each(['audit', 'access'])('%s takes only types from decide', (room) => {
    const values = imports.filter(
      ({ file, target, typeOnly }) => roomOf(file) === room && target.includes('/decide/') && !typeOnly,
    );
    expect(values).toEqual([]);
  });

  it('nothing opens SQLite but store/sqlite.ts, which takes the binary for this Node', () => {
    const values = importsBelow(SRC).filter(({ target, typeOnly }) => target.startsWith('better-sqlite3') && !typeOnly);
    expect(values).toEqual([]);
  });

  it('@writ/cedar imports nothing but itself and the official engine, and nothing of Node', () => {
    const foreign = importsBelow(CEDAR).filter(
      ({ target }) => !target.startsWith('./') && !target.startsWith('../') && target !== '#official',
    );
    expect(foreign).toEqual([]);
  });
});
