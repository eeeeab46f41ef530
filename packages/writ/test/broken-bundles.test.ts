import { describe, expect, it } from 'vitest';
import { readBundleFrom } from '../src/bundle/bundle.js';
import { checkBundle } from '../src/bundle/check/check.js';
import { findingText } from '../src/bundle/check/finding.js';
import { GOOD, MISTAKES } from './broken-bundles.js';

function saidOf(files: Readonly<Record<string, string>>): string[] {
  const texts = new Map(Object.entries({ ...GOOD, ...files }).filter(([, text]) => text !== '-'));
  const { bundle, findings } = readBundleFrom({ root: '/', texts, version: 'sha256:0', unread: [] });
  return (bundle === undefined ? findings : checkBundle(bundle)).map(findingText);
}

describe('a mistake in a bundle', () => {
  it('is none in the good bundle', () => {
    expect(saidOf({})).toEqual([]);
  });

  it.each(MISTAKES.map((mistake) => [mistake.name, mistake] as const))('%s', (_name, { files, said }) => {
    expect(saidOf(files)).toEqual(said);
  });
});
