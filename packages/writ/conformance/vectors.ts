import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case } from './case.js';

/** Cases from a folder of vectors: `certification.json`, `extra.json`, `todo-decisions.json`. */

export const VECTOR_SUITES = ['certification', 'extra', 'todo'] as const;
export type VectorSuite = (typeof VECTOR_SUITES)[number];

/** The cases of a suite; undefined when the folder does not have it. */
export function vectors(folder: string, suite: VectorSuite): Case[] | undefined {
  const file = join(folder, suite === 'todo' ? 'todo-decisions.json' : `${suite}.json`);
  if (!existsSync(file)) return undefined;
  const json = JSON.parse(readFileSync(file, 'utf8')) as unknown;
  return suite === 'todo' ? todoCases(json as Todo) : (json as { cases: Case[] }).cases;
}

interface Todo {
  readonly evaluation: readonly { readonly request: unknown; readonly expected: boolean }[];
  readonly evaluations: readonly { readonly request: unknown; readonly expected: readonly { decision: boolean }[] }[];
}

function todoCases({ evaluation, evaluations }: Todo): Case[] {
  return [
    ...evaluation.map(({ request, expected }, i) => ({
      id: `todo-${i + 1}`,
      endpoint: 'evaluation',
      request,
      expect: { status: 200, decision: expected },
    })),
    ...evaluations.map(({ request, expected }, i) => ({
      id: `todo-batch-${i + 1}`,
      endpoint: 'evaluations',
      request,
      expect: { status: 200, evaluations: expected.map(({ decision }) => decision) },
    })),
  ];
}
