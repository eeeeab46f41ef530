import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  CONFIDENTIALITY,
  confidentialityLevel,
  INTEGRITY,
  integrityLevel,
  join,
  type Labels,
  withIntegrity,
} from './labels.js';

const labels: fc.Arbitrary<Labels> = fc.record({
  integrity: fc.constantFrom(...INTEGRITY),
  confidentiality: fc.constantFrom(...CONFIDENTIALITY),
  names: fc.subarray(['a', 'b', 'c', 'd']),
});

it('joins to the lower integrity, the higher confidentiality and all names in order', () => {
  fc.assert(
    fc.property(labels, labels, (a, b) => {
      const levels = [integrityLevel(a.integrity), integrityLevel(b.integrity)];
      const closeness = [confidentialityLevel(a.confidentiality), confidentialityLevel(b.confidentiality)];
      expect(join(a, b)).toEqual({
        integrity: INTEGRITY[Math.min(...levels)],
        confidentiality: CONFIDENTIALITY[Math.max(...closeness)],
        names: [...new Set([...a.names, ...b.names])].sort(),
      });
    }),
  );
});

it('gives labels with another integrity, each time the same object', () => {
  fc.assert(
    fc.property(labels, fc.constantFrom(...INTEGRITY), (one, integrity) => {
      const other = withIntegrity(one, integrity);
      expect(other).toEqual({ ...one, integrity });
      expect(withIntegrity(one, integrity)).toBe(other);
    }),
  );
});
