import { describe, expect, it } from 'vitest';
import { Findings } from './findings.js';
import { valueAt } from './yaml-places.js';

const TEXTS = new Map([
  ['writ.yaml', 'name: shop\ngateway:\n  servers:\n    desk: { url: https://a.example, timeout: 5s }\n'],
  ['facts.yaml', 'fetchers:\n  crm: { timeout: 1s, every: 10m }\n'],
  [
    'writ.test.yaml',
    'facts: { fetchers: { crm: { timeout: 9s } } }\ngateway: { servers: { desk: { timeout: 1s } } }\n',
  ],
]);

function placeOf(file: string, path: readonly string[], texts: ReadonlyMap<string, string> = TEXTS): string {
  const findings = new Findings(texts);
  findings.of('a/b').in(file).error('wrong', undefined, valueAt(path));
  const [{ file: named, line, column } = { file: '', line: 0, column: 0 }] = findings.all;
  return `${named}:${line}:${column}`;
}

describe('the place of a finding', () => {
  it('is in the overlay, if that changes the value', () => {
    expect(placeOf('facts.yaml', ['fetchers', 'crm', 'timeout'])).toBe('writ.test.yaml:1:38');
    expect(placeOf('writ.yaml', ['gateway', 'servers', 'desk', 'timeout'])).toBe('writ.test.yaml:2:40');
  });

  it('is in the file itself, if the overlay changes another value, or is not of this bundle', () => {
    expect(placeOf('facts.yaml', ['fetchers', 'crm', 'every'])).toBe('facts.yaml:2:30');
    expect(placeOf('facts.yaml', ['fetchers', 'crm'])).toBe('facts.yaml:2:8');
    expect(placeOf('writ.yaml', ['gateway', 'servers', 'desk', 'url'])).toBe('writ.yaml:4:18');
    const without = new Map([...TEXTS].filter(([file]) => file !== 'writ.test.yaml'));
    expect(placeOf('facts.yaml', ['fetchers', 'crm', 'timeout'], without)).toBe('facts.yaml:2:19');
  });
});
