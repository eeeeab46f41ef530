import type { Findings } from './check/findings.js';
import { SCHEMA_FILE } from './contents.js';
import type { PolicySource } from './policy-source.js';

/** How large a bundle can be. A part that cannot be divided is read in one piece by the deciding thread, so it has a limit of its own. */

const MIB = 2 ** 20;
const MAX_BUNDLE_BYTES = 64 * MIB;
/** Of the schema, and of each YAML file. */
const MAX_FILE_BYTES = MIB;
/** Read in a process of its own, and handed over in parts. */
const MAX_DOCUMENT_BYTES = 4 * MIB;
const MAX_POLICIES = 50_000;
/** In UTF-16 units. Its conditions are compiled in one step. */
const MAX_POLICY_LENGTH = 32_768;

/** Finds files that are too large, before they are read. @param files the sizes in bytes, by path */
export function checkSizes(files: ReadonlyMap<string, number>, findings: Findings): void {
  const tooLarge = findings.of('bundle/too-large');
  let all = 0;
  for (const [path, size] of files) {
    all += size;
    const isDocument = path.startsWith('openapi/') || path.startsWith('catalogues/');
    const isWhole = isDocument || path === SCHEMA_FILE || path.endsWith('.yaml');
    const limit = isDocument ? MAX_DOCUMENT_BYTES : MAX_FILE_BYTES;
    if (isWhole && size > limit)
      tooLarge.in(path).error(`the file has ${mibOf(size)} MiB; the limit is ${mibOf(limit)}`, 'divide it', 0);
  }
  if (all > MAX_BUNDLE_BYTES)
    tooLarge
      .in('writ.yaml')
      .error(
        `the files of the bundle have ${mibOf(all)} MiB; the limit is ${mibOf(MAX_BUNDLE_BYTES)}`,
        'put facts into the entity store, not into entities/',
        0,
      );
}

/** Finds policies that are too large, and too many. */
export function checkPolicySizes(sources: readonly PolicySource[], findings: Findings): void {
  const tooLarge = findings.of('policies/too-large');
  for (const { file, offset, source } of sources)
    if (source.length > MAX_POLICY_LENGTH)
      tooLarge
        .in(file)
        .error(
          `this policy has ${source.length} characters; the limit is ${MAX_POLICY_LENGTH}`,
          'put the values into an attribute or a group, or divide the policy',
          offset,
        );
  const [last] = sources.slice(MAX_POLICIES);
  if (last !== undefined)
    tooLarge
      .in(last.file)
      .error(
        `the bundle has ${sources.length} policies; the limit is ${MAX_POLICIES}`,
        'write one policy for many: with groups, attributes and tags',
        last.offset,
      );
}

function mibOf(bytes: number): string {
  return String(Math.ceil((bytes / MIB) * 10) / 10);
}
