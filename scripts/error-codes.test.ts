import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { denialCodes, errorClasses, errorsPage, ROOTS } from './error-codes.mjs';

const SOURCES = new URL('../packages/writ/src/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, SOURCES), 'utf8');
const classes = errorClasses();
/** The text of every source of a package that raises errors. */
const sources = ROOTS.flatMap((root) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(new URL(file, root), 'utf8')),
);

describe('the codes of errors', () => {
  test('docs/errors.md is up to date: run npm run error-codes', () => {
    expect(readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')).toBe(errorsPage());
  });

  test('each code is of one class', () => {
    const codes = classes.flatMap((one) => one.codes.map(({ code }) => code));
    expect(codes.length).toBeGreaterThan(50);
    expect([...new Set(codes)]).toEqual(codes);
    const denials = denialCodes().map(({ code }) => code);
    expect([...new Set(denials)]).toEqual(denials);
  });

  test('every subclass of WritError is in an errors.ts, and in the union', () => {
    const found = sources.flatMap((text) =>
      [...text.matchAll(/class (\w+) extends WritError\b/g)].map((one) => one[1]),
    );
    const names = classes.map(({ name }) => name).sort();
    expect(found.sort()).toEqual(names);
    const union = read('cli/any-error.ts').split('export type AnyWritError')[1] ?? '';
    expect([...union.matchAll(/\| (\w+)/g)].map((one) => one[1]).sort()).toEqual(names);
  });

  test('no class extends Error past WritError, but for control flow', () => {
    const found = sources.flatMap((text) => [...text.matchAll(/class (\w+) extends Error\b/g)].map((one) => one[1]));
    expect(found.sort()).toEqual([
      'NotRecorded',
      'NotUnderstood',
      'Problem',
      'Refused',
      'TokenRefusedError',
      'WritError',
    ]);
  });

  test('the statuses of problems are those that the service answers with', () => {
    const answered = [...read('api/access/problems.ts').matchAll(/^ {2}(\w+): \[(\d+), /gm)].map(([, code, status]) => [
      code,
      status,
    ]);
    const problems = classes.find(({ name }) => name === 'AccessRequestError')?.problems ?? [];
    expect(answered.length).toBe(7);
    expect(Object.fromEntries(problems.map(({ code, status }) => [code, status]))).toEqual(
      Object.fromEntries(answered),
    );
    const facts = /\{ entity_is_code: (\d+), entity_changed: (\d+), entity_invalid: (\d+) \}/.exec(
      read('api/admin/entities.ts'),
    );
    const entity = classes.find(({ name }) => name === 'EntityError')?.codes ?? [];
    const statusOf = (code: string) => entity.find((one) => one.code === code)?.status;
    expect(facts?.slice(1)).toEqual(['entity_is_code', 'entity_changed', 'entity_invalid'].map(statusOf));
  });
});
