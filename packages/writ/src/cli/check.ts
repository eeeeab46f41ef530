import { existsSync } from 'node:fs';
import { MappingError } from '@writ/enforce/coaz';
import pc from 'picocolors';
import { type Bundle, readBundle } from '../bundle/bundle.js';
import { withoutAllowed } from '../bundle/check/allowed.js';
import { annotated } from '../bundle/check/annotated.js';
import { checkBundle, checkByRules } from '../bundle/check/check.js';
import type { Finding } from '../bundle/check/finding.js';
import type { Rule } from '../bundle/check/rule.js';
import { BundleError } from '../bundle/errors.js';
import { environmentsOf } from '../bundle/files.js';
import { mapperOf } from '../enforce/mcp/gateway/mapper-of.js';
import { environmentFrom } from './environment-of.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, findingBlock, print, printJson } from './output.js';
import { watchBundle } from './watch.js';

interface CheckFlags {
  /** The environment to check; by default the bundle without changes, and each of its environments. */
  readonly env?: string;
  readonly json?: boolean;
  /** Whether to check again after each change of a file of the bundle. */
  readonly watch?: boolean;
}

/** `writ check`: checks a bundle, once or after each change. */
export async function check(folder: string, flags: CheckFlags): Promise<ExitCode> {
  if (flags.watch !== true) return checkOnce(folder, flags);
  if (flags.json === true)
    throw new UsageError('--watch prints one report after the other, which is no JSON', 'leave --json out');
  return watchBundle(folder, () => checkOnce(folder, flags));
}

/** Parses, type-checks and lints a bundle, also with the changes of each of its environments. */
async function checkOnce(folder: string, flags: CheckFlags): Promise<ExitCode> {
  const chosen = environmentFrom(flags.env);
  const first = await findingsOf(folder, chosen);
  const others = chosen === undefined ? await overlaid(folder, first) : [];
  const findings = [first, ...others].flatMap((one) => one.findings);
  const errors = errorsIn(findings);
  const warnings = findings.length - errors;
  const { bundle } = first;
  if (flags.json === true) {
    const environments = others.map(({ environment, ...one }) => ({
      environment,
      ok: errorsIn(one.findings) === 0,
      version: one.bundle?.version ?? null,
    }));
    printJson({
      ok: errors === 0,
      errors,
      warnings,
      findings,
      allowed: first.allowed,
      policies: bundle?.sources.length ?? null,
      version: bundle?.version ?? null,
      ...(environments.length === 0 ? {} : { environments }),
    });
  } else {
    for (const one of [first, ...others])
      for (const finding of one.findings) print(`${findingBlock(finding, one.texts)}\n`);
    const verdict = errors === 0 ? pc.green('ok') : pc.red('not ok');
    const what = bundle === undefined ? '' : `${count(bundle.sources.length, 'policy', 'policies')}, `;
    const where = others.length === 0 ? '' : `, with ${others.map(({ environment }) => environment).join(', ')}`;
    const left = first.allowed === 0 ? '' : `, ${first.allowed} allowed`;
    print(`${verdict}  ${folder}${where}: ${what}${count(errors, 'error')}, ${count(warnings, 'warning')}${left}`);
    print(`${pc.dim('next')}  ${nextStep(folder, errors, warnings, bundle)}`);
  }
  return errors === 0 ? EXIT.ok : EXIT.failed;
}

/** Returns what to do after a check. */
function nextStep(folder: string, errors: number, warnings: number, bundle: Bundle | undefined): string {
  if (errors > 0) return 'mend the errors: a service does not take this bundle, and keeps the one that it serves';
  const test = (bundle?.tests ?? []).length > 0 ? `writ test ${folder}` : 'write tests (docs/bundles.md#tests)';
  return warnings === 0 ? test : `look at the warnings (docs/lints.md), then ${test}`;
}

/** Returns for each environment of a bundle the findings that the bundle without changes does not have. */
async function overlaid(folder: string, base: Checked): Promise<(Checked & { readonly environment: string })[]> {
  const known = new Set(base.findings.map((finding) => JSON.stringify(finding)));
  const checked: (Checked & { readonly environment: string })[] = [];
  for (const environment of existsSync(folder) ? environmentsOf(folder) : []) {
    const found = await findingsOf(folder, environment);
    checked.push({ ...found, environment, findings: found.findings.filter((one) => !known.has(JSON.stringify(one))) });
  }
  return checked;
}

function errorsIn(findings: readonly Finding[]): number {
  return findings.filter(({ severity }) => severity === 'error').length;
}

interface Checked {
  /** In the order of files, lines and columns. */
  readonly findings: readonly Finding[];
  /** How many warnings comments allow. */
  readonly allowed: number;
  readonly bundle: Bundle | undefined;
  readonly texts: ReadonlyMap<string, string>;
}

/** Returns all findings of a bundle, and the bundle itself if it can be read. */
export async function findingsOf(folder: string, environment?: string): Promise<Checked> {
  try {
    const { bundle, findings, texts } = readBundle(folder, environment);
    if (bundle === undefined) return { bundle, texts, findings: inOrder(findings), allowed: 0 };
    const all = [...findings, ...checkBundle(bundle), ...checkByRules(bundle, [MAPPING_EXPRESSION])];
    const left = withoutAllowed(await withApprovers(bundle, all), texts);
    return { bundle, texts, findings: inOrder(left.findings), allowed: left.allowed };
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    return { bundle: undefined, findings: inOrder(error.findings), texts: new Map(), allowed: 0 };
  }
}

function inOrder(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  );
}

/** Adds whether somebody can approve. A bundle with errors is not asked, nor one in which nothing can be approved: it loads the decider. */
async function withApprovers(bundle: Bundle, findings: readonly Finding[]): Promise<readonly Finding[]> {
  const isAsked = [...annotated(bundle)].some(({ annotations }) => annotations.requestable !== undefined);
  if (errorsIn(findings) > 0 || !isAsked) return findings;
  const { NOBODY_APPROVES } = await import('./approver-check.js');
  return [...findings, ...checkByRules(bundle, [NOBODY_APPROVES])];
}

/** A mapping whose CEL does not parse: the enforcement point compiles it. */
const MAPPING_EXPRESSION: Rule = {
  code: 'mappings/expression',
  check({ mappings, settings, schema, root }, find) {
    for (const mapping of mappings) {
      try {
        mapperOf({ mappings: [mapping], settings, schema, root }, '/data');
      } catch (error) {
        if (!(error instanceof MappingError)) throw error;
        find.in(mapping.file).error(error.message, error.help, ['tools']);
      }
    }
  },
};
