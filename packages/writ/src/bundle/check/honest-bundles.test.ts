import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { readPolicyText } from '@writ/cedar';
import { parseJson } from '@writ/cedar/json';
import { describe, expect, it } from 'vitest';
import { readBundle, readBundleFrom } from '../bundle.js';
import { withoutAllowed } from './allowed.js';
import { checkBundle } from './check.js';
import { findingText } from './finding.js';

/** No false alarm: bundles that people wrote with care. */

const EXAMPLES = fileURLToPath(new URL('../../../../../examples', import.meta.url));
const bundles = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
  .filter((path) => /^(?:packs\/)?[^/]+\/writ\.yaml$/.test(path))
  .map((path) => path.slice(0, -'/writ.yaml'.length));

describe('nothing is found in the example', () => {
  it.each(bundles)('%s', (folder) => {
    const { bundle, findings, texts } = readBundle(join(EXAMPLES, folder));
    const all = [...findings, ...(bundle === undefined ? [] : checkBundle(bundle))];
    // An example allows what it passes without a decision, with the reason.
    expect(withoutAllowed(all, texts).findings.map(findingText)).toEqual([]);
    expect(bundle).toBeDefined();
  });

  it('and there are ten of them or more', () => expect(bundles.length).toBeGreaterThanOrEqual(10));
});

const SHARED = '/work/shared/analysis';

interface Case {
  readonly family: string;
  readonly schema: string;
  readonly note: string;
  readonly a: string;
}

/** The policy sets of Cedar's own examples and papers, as they are published. */
describe.skipIf(!existsSync(SHARED))('in the published policy sets of others', () => {
  it('only what is there is found: two policies of document_cloud are the same', () => {
    const cases = parseJson(
      gunzipSync(readFileSync(join(SHARED, 'cases.json.gz'))).toString('utf8'),
    ) as unknown as readonly Case[];
    const schemas = JSON.parse(readFileSync(join(SHARED, 'schemas.json'), 'utf8')) as Record<string, { text: string }>;
    const seen = new Set<string>();
    const found = cases.flatMap(({ family, schema, note, a }) => {
      // Our own are whole bundles, of which a schema and policies are a part.
      if (family !== 'whole-set' || note.startsWith('writ/') || seen.has(a)) return [];
      seen.add(a);
      const policies = readPolicyText(a).map(({ source }, index) =>
        source.includes('@id(') ? source : `@id("p${index}") ${source}`,
      );
      const texts = new Map([
        ['writ.yaml', 'name: shared\n'],
        ['schema.cedarschema', schemas[schema]?.text ?? ''],
        ['policies/a.cedar', policies.join('\n')],
      ]);
      const { bundle, findings } = readBundleFrom({ root: '/', texts, version: 'sha256:0', unread: [] });
      return [...findings, ...(bundle === undefined ? [] : checkBundle(bundle))].map(({ code }) => `${note} ${code}`);
    });
    expect(seen.size).toBeGreaterThan(5);
    expect(found).toEqual(['document_cloud policies/duplicate']);
  });
});
