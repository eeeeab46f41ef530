import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { SCHEMA_FILE } from '../bundle/contents.js';
import { InitError } from './errors.js';

/** Folders of packs: in the package, or in a clone. A drafted bundle starts from a pack. */
const PACKS = ['../../packs/', '../../../../examples/packs/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** The packs that are a bundle as they stand. */
export const WHOLE_PACKS = ['coding-agent', 'postgres-reader'] as const;

/** The packs: with rules over what the prompt asked for, and without. */
type Pack = 'guarded-agent' | 'guarded-client';

/** The broad permit of a pack; the recorded calls replace it. */
const BROAD = /@id\("guard-work"\)[\s\S]*?;\n\n/;

const ACCESS_FILE = 'access.yaml';

/** The type of the accumulators in a schema. */
const LEDGER = /^type Ledger = .*;$/m;

/** Returns the files of a drafted bundle with the policies and accumulators of a pack. */
export function withPack(
  drafted: ReadonlyMap<string, string>,
  pack: Pack,
  isRecorded: boolean,
): ReadonlyMap<string, string> {
  const files = new Map([...drafted, ...packFiles(pack, isRecorded)]);
  const [ledger] = LEDGER.exec(readFileSync(join(folderOf(pack), SCHEMA_FILE), 'utf8')) ?? [];
  const schema = drafted.get(SCHEMA_FILE);
  if (ledger !== undefined && schema !== undefined)
    files.set(
      SCHEMA_FILE,
      schema.replace(LEDGER, () => ledger),
    );
  return files;
}

function folderOf(pack: Pack | (typeof WHOLE_PACKS)[number]): string {
  const folder = PACKS.map((root) => join(root, pack)).find((path) => existsSync(path));
  if (folder === undefined) throw new InitError(`the pack ${pack} is not there`, 'install writ again');
  return folder;
}

/** Returns all files of a pack that is a bundle, by path. */
export function wholePack(pack: (typeof WHOLE_PACKS)[number]): ReadonlyMap<string, string> {
  const folder = folderOf(pack);
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = paths.filter((path) => statSync(join(folder, path)).isFile());
  return new Map(files.map((path) => [path.replaceAll('\\', '/'), readFileSync(join(folder, path), 'utf8')]));
}

/**
 * Returns the policies and accumulators of a pack, by path; its schema and tools are for its tests only.
 *
 * @param isRecorded whether recorded calls say what is permitted: then without the broad permit
 */
function packFiles(pack: Pack, isRecorded: boolean): [path: string, text: string][] {
  const folder = folderOf(pack);
  const paths = readdirSync(join(folder, 'policies')).map((file) => `policies/${file}`);
  const read = (path: string): [string, string] => [path, readFileSync(join(folder, path), 'utf8')];
  const policies = paths.map(read);
  const narrowed = policies.map(([path, text]): [string, string] => [path, withoutBroad(text) ?? text]);
  if (isRecorded && narrowed.every(([, text], i) => text === policies[i]?.[1]))
    throw new InitError(`the pack ${pack} has another permit than is known here`, 'install writ again');
  return ['ledger.yaml', ACCESS_FILE].map(read).concat(isRecorded ? narrowed : policies);
}

/**
 * Returns a bundle that asks the person of a stopped call to confirm exactly this call, where nobody else answers for the agent. The
 * person consents once; the agent cannot, nor its caller.
 */
export function askingOriginators(files: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const access = parseDocument(files.get(ACCESS_FILE) ?? '');
  access.commentBefore =
    ' Nobody else answers for these agents: the person that the agent works for is asked to confirm a call that a rule stops.\n' +
    ' For another person: leave out `consent`, and name them as the `owner` of the agent in entities/identities.json.';
  access.setIn(['templates', 'owner', 'consent'], true);
  return new Map([...files, [ACCESS_FILE, access.toString({ lineWidth: 0 })]]);
}

/** Returns policies without the broad permit of a pack; undefined if they do not have it. */
export function withoutBroad(policies: string): string | undefined {
  return BROAD.test(policies) ? policies.replace(BROAD, '') : undefined;
}
