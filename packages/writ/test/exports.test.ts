import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** An exported name that no other file imports is dead, or concerns its own file alone. A test alone is no user. */

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SOURCES = ['packages/writ/src', 'packages/enforce/src', 'packages/sdk/src', 'packages/cedar/src'];
const USERS = [
  ...SOURCES,
  'packages/writ/conformance',
  'packages/writ/oracle-shell',
  'packages/writ/soak',
  'packages/writ/oracle-sql',
  'packages/cedar/conformance',
  'packages/cedar/fuzz',
  'bench',
  'examples',
  'scripts',
];
/** The interfaces of the packages: what their `exports` name. */
const PUBLIC = [
  ...[
    'writ/src/index.ts',
    'writ/src/serve/test-kit/index.ts',
    'sdk/src/index.ts',
    'cedar/src/index.ts',
    'cedar/src/json.ts',
  ],
  ...['ai', 'claude', 'express', 'fastify', 'fetch', 'hono', 'koa', 'langchain', 'nest', 'openai-agents'].map(
    (face) => `sdk/src/${face}/index.ts`,
  ),
  'enforce/src/http/index.ts',
  'enforce/src/http/proxy/index.ts',
].map((file) => join(ROOT, 'packages', file));
const IDENTIFIER = /[\w$]+/g;

/** The imports of one statement. `names` is undefined if it imports all: then every word of the file counts as used. */
interface Use {
  readonly spec: string;
  readonly names: readonly string[] | undefined;
}

/** Returns `a` and `b` of `a, type b as c`. */
function originalNames(list: string): string[] {
  return list
    .split(',')
    .map(
      (item) =>
        item
          .trim()
          .replace(/^type /, '')
          .split(' as ')[0] as string,
    )
    .filter((name) => name !== '');
}

function exportedNames(text: string): string[] {
  const declared = text.matchAll(
    /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|const|let|enum|interface|type|namespace) ([\w$]+)/gm,
  );
  const listed = text.matchAll(/^export (?:type )?\{([^}]*)\}/gm);
  return [
    ...[...declared].map((match) => match[1] as string),
    ...[...listed].flatMap((match) =>
      (match[1] as string)
        .split(',')
        .map(
          (item) =>
            item
              .trim()
              .split(/ as | /)
              .at(-1) as string,
        )
        .filter((name) => name !== ''),
    ),
  ];
}

function usesIn(text: string): Use[] {
  return [
    ...[...text.matchAll(/^(?:import|export) (?:type )?(?:[\w$]+, )?\{([^}]*)\} from '([^']+)'/gm)].map((match) => ({
      spec: match[2] as string,
      names: originalNames(match[1] as string),
    })),
    ...[...text.matchAll(/^import (?:type )?\* as [\w$]+ from '([^']+)'|^export \*.* from '([^']+)'/gm)].map(
      (match) => ({ spec: (match[1] ?? match[2]) as string, names: undefined }),
    ),
    ...[...text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)].map((match) => ({
      spec: match[1] as string,
      names: undefined,
    })),
  ];
}

/** Returns the file of `@writ/NAME/PATH`: a file of `lib`, or the `index.ts` of a folder. */
function fileOfPackage(name: string, path: string | undefined): string {
  const source = join(ROOT, 'packages', name, 'src');
  if (path === undefined) return join(source, 'index.ts');
  return path.startsWith('lib/') ? join(source, `${path}.ts`) : join(source, path, 'index.ts');
}

/** Returns the source file that a module specifier names; undefined if it is of another package. */
function fileOf(spec: string, from: string): string | undefined {
  const ofPackage = /^@writ\/(sdk|enforce)(?:\/(.*))?$/.exec(spec);
  if (ofPackage !== null) return fileOfPackage(ofPackage[1] as string, ofPackage[2]);
  const own = /^#writ\/(.*)$/.exec(spec);
  const built = own ? join(ROOT, 'packages/writ/dist', own[1] as string) : resolve(dirname(from), spec);
  if (!own && !spec.startsWith('.')) return undefined;
  return built.replace('/packages/writ/dist/', '/packages/writ/src/').replace(/\.js$/, '.ts');
}

/** Returns the text without comments, in which an example may import. */
const withoutComments = (text: string): string => text.replace(/^\s*(?:\/\/.*|\/?\*.*)$/gm, '');

const filesOf = (folders: readonly string[]): string[] =>
  folders
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
    )
    .filter((file) => /\.m?[jt]s$/.test(file))
    .filter((file) => !/\.test\.ts$|\.d\.ts$|(^|\/)(node_modules|dist|test)\//.test(file))
    .map((file) => join(ROOT, file));

describe('every exported name is used by another file', () => {
  const texts = new Map(filesOf(USERS).map((file) => [file, withoutComments(readFileSync(file, 'utf8'))]));
  const used = new Map<string, Set<string>>();
  let uses = 0;
  for (const [file, text] of texts) {
    for (const { spec, names } of usesIn(text)) {
      const target = fileOf(spec, file);
      if (target === undefined || !texts.has(target)) continue;
      const known = used.get(target) ?? new Set();
      for (const name of names ?? text.match(IDENTIFIER) ?? []) known.add(name);
      used.set(target, known);
      uses += 1;
    }
  }

  it('reads every export, and enough files and imports', () => {
    const unread = filesOf(SOURCES).flatMap((file) =>
      [...(texts.get(file) as string).matchAll(/^export (?!\*).*$/gm)]
        .map(([line]) => line)
        .filter((line) => !line.startsWith('export {') && !line.startsWith('export type {'))
        // A verb of the command is found by the name of its file.
        .filter((line) => !line.startsWith('export default ') || !file.includes('/src/cli/verbs/'))
        .filter((line) => exportedNames(line).length !== 1),
    );
    expect(unread).toEqual([]);
    expect([texts.size > 500, uses > 1_500]).toEqual([true, true]);
  });

  it('and none is left over', () => {
    const dead = filesOf(SOURCES)
      .filter((file) => !PUBLIC.includes(file))
      .flatMap((file) =>
        exportedNames(texts.get(file) as string)
          .filter((name) => !used.get(file)?.has(name))
          .map((name) => `${file.slice(ROOT.length)}: ${name}`),
      );
    expect(dead).toEqual([]);
  });
});
