import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { pathsIn } from '../../bundle/folder.js';
import { overlayFile } from '../../bundle/overlay-name.js';
import { UsageError } from '../errors.js';
import { wrapped } from '../fit.js';
import { printData, printJson, printNote } from '../output.js';
import { coverageLines } from './coverage-text.js';
import type { TestWish } from './flags.js';
import { junitOf } from './junit.js';
import { lcovOf } from './lcov.js';
import type { TestReport } from './report.js';
import { tapOf } from './tap.js';
import { printReport } from './text.js';

/**
 * Removes the reports of an earlier run: a run that does not end leaves none that looks like its own.
 *
 * @throws {UsageError} if one of them would replace a file of the bundle
 */
export function removeReports({ out, lcov }: TestWish, folder: string): void {
  const root = resolve(folder);
  const { read, environments } = pathsIn(root, undefined);
  const own = [...read, ...environments.map((name) => overlayFile(name) as string)].map((path) => resolve(root, path));
  for (const file of [out, lcov]) {
    if (file === undefined) continue;
    if (own.includes(resolve(file)))
      throw new UsageError(`${file} is a file of the bundle`, 'write the report to another');
    rmSync(file, { force: true });
  }
}

/** Writes a report to where the flags ask for it. @param root the folder of the bundle */
export function writeReport(report: TestReport, { format, out, lcov }: TestWish, root: string): void {
  const pathOf = (file: string): string => pathFromHere(resolve(root, file));
  if (lcov !== undefined && report.coverage !== undefined) writeTo(lcov, lcovOf(report.coverage, pathOf));
  if (format === 'text' || out !== undefined) printReport(report);
  if (format === 'text') return;
  if (out === undefined && format === 'json') {
    printJson(report);
    return;
  }
  const text =
    format === 'json' ? `${JSON.stringify(report, null, 2)}\n` : (format === 'junit' ? junitOf : tapOf)(report, pathOf);
  if (out !== undefined) {
    writeTo(out, text);
    return;
  }
  printData(text.trimEnd());
  if (report.coverage !== undefined) printNote(wrapped(coverageLines(report.coverage).join('\n')));
}

function writeTo(file: string, text: string): void {
  mkdirSync(dirname(resolve(file)), { recursive: true });
  writeFileSync(file, text);
}

/** Returns a path from the current folder, as the readers of reports resolve it; whole if it is elsewhere. */
function pathFromHere(path: string): string {
  const here = relative(process.cwd(), path);
  return here.startsWith('..') || isAbsolute(here) ? path : here.split(sep).join('/');
}
