import { existsSync } from 'node:fs';
import pc from 'picocolors';
import { type Bundle, readBundle } from '../bundle/bundle.js';
import { checkBundle, checkByRules } from '../bundle/check/check.js';
import type { Finding } from '../bundle/check/finding.js';
import type { Rule } from '../bundle/check/rule.js';
import { BundleError } from '../bundle/errors.js';
import { environmentsOf } from '../bundle/files.js';
import { MappingError } from '../enforce/errors.js';
import { mapperOf } from '../enforce/mcp/gateway/mapper-of.js';
import { NOBODY_APPROVES } from './approver-check.js';
import { environmentFrom } from './environment-of.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, findingBlock, print, printJson } from './output.js';
import { whileWatched } from './watch-folder.js';

export interface CheckFlags {
  /** The environment to check; by default the bundle without changes, and each of its environments. */
  readonly env?: string;
  readonly json?: boolean;
  /** Whether the bundle is checked again after each change. */
  readonly watch?: boolean;
}

/** `writ check`: parses, type-checks and lints a bundle, also with the changes of each of its environments. */
export function check(folder: string, flags: CheckFlags): ExitCode | Promise<ExitCode> {
  return flags.watch === true ? whileWatched(folder, () => checkOnce(folder, flags)) : checkOnce(folder, flags);
}

function checkOnce(folder: string, flags: CheckFlags): ExitCode {
  const chosen = environmentFrom(flags.env);
  const first = findingsOf(folder, chosen);
  const others = chosen === undefined ? overlaid(folder, first) : [];
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
    print(`${verdict}  ${folder}${where}: ${what}${count(errors, 'error')}, ${count(warnings, 'warning')}`);
  }
  return errors === 0 ? EXIT.ok : EXIT.failed;
}

/** Returns for each environment of a bundle the findings that the bundle without changes does not have. */
function overlaid(folder: string, base: Checked): (Checked & { readonly environment: string })[] {
  const known = new Set(base.findings.map((finding) => JSON.stringify(finding)));
  return (existsSync(folder) ? environmentsOf(folder) : []).map((environment) => {
    const found = findingsOf(folder, environment);
    return { ...found, environment, findings: found.findings.filter((one) => !known.has(JSON.stringify(one))) };
  });
}

function errorsIn(findings: readonly Finding[]): number {
  return findings.filter(({ severity }) => severity === 'error').length;
}

interface Checked {
  readonly findings: readonly Finding[];
  readonly bundle: Bundle | undefined;
  readonly texts: ReadonlyMap<string, string>;
}

/** Returns all findings of a bundle, and the bundle itself if it can be read. */
export function findingsOf(folder: string, environment?: string): Checked {
  try {
    const { bundle, findings, texts } = readBundle(folder, environment);
    if (bundle === undefined) return { bundle, findings, texts };
    return {
      bundle,
      texts,
      findings: withApprovers(bundle, [
        ...findings,
        ...checkBundle(bundle),
        ...checkByRules(bundle, [MAPPING_EXPRESSION]),
      ]),
    };
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    return { bundle: undefined, findings: error.findings, texts: new Map() };
  }
}

/** Adds whether somebody can approve, which is asked only of a bundle without errors. */
function withApprovers(bundle: Bundle, findings: readonly Finding[]): readonly Finding[] {
  return errorsIn(findings) > 0 ? findings : [...findings, ...checkByRules(bundle, [NOBODY_APPROVES])];
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
