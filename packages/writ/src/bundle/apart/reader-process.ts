import { serveTasks } from '../../lib/child-tasks.js';
import { piecesOf } from '../../lib/pieces.js';
import { readBundle, readBundleFrom } from '../bundle.js';
import { verifiedBundle } from '../check/check.js';
import { BundleError } from '../errors.js';
import { type Answer, handedBundle } from './handed-bundle.js';
import type { ReadingTask } from './reader.js';

/** A process that reads, checks and compiles bundles for a service. It keeps the pieces of one answer, and gives them one by one. */

let pieces: (Uint8Array | undefined)[] = [];

serveTasks((task: ReadingTask): number | Uint8Array | undefined => {
  if ('piece' in task) {
    const piece = pieces[task.piece];
    pieces[task.piece] = undefined;
    return piece;
  }
  pieces = [...piecesOf(answerTo(task))];
  return pieces.length;
});

function answerTo(task: Exclude<ReadingTask, { readonly piece: number }>): Answer {
  try {
    const read =
      'folder' in task ? readBundle(task.folder, task.environment) : readBundleFrom({ ...task.kept, unread: [] });
    return { bundle: handedBundle(verifiedBundle(read)), findings: [] };
  } catch (error) {
    if (error instanceof BundleError) return { bundle: undefined, findings: firstOf(error.findings) };
    const { code, path } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw error;
    const message = 'there is no such file or folder';
    const finding = {
      severity: 'error',
      code: 'bundle/unusable',
      file: path ?? '',
      line: 1,
      column: 1,
      message,
    } as const;
    return { bundle: undefined, findings: [finding] };
  }
}

/** How many findings are handed over. */
const MAX_FINDINGS = 1_000;

function firstOf(findings: BundleError['findings']): BundleError['findings'] {
  const [next, ...more] = findings.slice(MAX_FINDINGS);
  if (next === undefined) return findings;
  const message = `${more.length + 1} more findings; \`writ check\` lists them all`;
  return [...findings.slice(0, MAX_FINDINGS), { ...next, code: 'bundle/more-findings', message, help: undefined }];
}
