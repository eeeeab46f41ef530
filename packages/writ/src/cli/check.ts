import pc from 'picocolors';
import { type Bundle, readBundle } from '../bundle/bundle.js';
import { checkBundle, checkByRules } from '../bundle/check/check.js';
import type { Finding } from '../bundle/check/finding.js';
import type { Rule } from '../bundle/check/rule.js';
import { BundleError } from '../bundle/errors.js';
import { MappingError } from '../enforce/errors.js';
import { mapperOf } from '../enforce/mcp/gateway/mapper-of.js';
import { NOBODY_APPROVES } from './approver-check.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, findingBlock, print, printJson } from './output.js';

/** `writ check`: parses, type-checks and lints a bundle. */
export function check(folder: string, options: { readonly json?: boolean }): ExitCode {
  const { findings, bundle, texts } = findingsOf(folder);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  if (options.json === true) {
    printJson({
      ok: errors === 0,
      errors,
      warnings,
      findings,
      policies: bundle?.sources.length ?? null,
      version: bundle?.version ?? null,
    });
  } else {
    for (const finding of findings) print(`${findingBlock(finding, texts)}\n`);
    const verdict = errors === 0 ? pc.green('ok') : pc.red('not ok');
    const what = bundle === undefined ? '' : `${count(bundle.sources.length, 'policy', 'policies')}, `;
    print(`${verdict}  ${folder}: ${what}${count(errors, 'error')}, ${count(warnings, 'warning')}`);
  }
  return errors === 0 ? EXIT.ok : EXIT.failed;
}

interface Checked {
  readonly findings: readonly Finding[];
  readonly bundle: Bundle | undefined;
  readonly texts: ReadonlyMap<string, string>;
}

/** Returns all findings of a bundle, and the bundle itself if it can be read. */
export function findingsOf(folder: string): Checked {
  try {
    const { bundle, findings, texts } = readBundle(folder);
    if (bundle === undefined) return { bundle, findings, texts };
    return {
      bundle,
      texts,
      findings: [
        ...findings,
        ...(findings.some(({ severity }) => severity === 'error') ? checkBundle(bundle) : checked(bundle)),
      ],
    };
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    return { bundle: undefined, findings: error.findings, texts: new Map() };
  }
}

/** Returns the findings of the rules that need more than the bundle's own room; who approves is asked of a bundle without errors. */
function checked(bundle: Bundle): Finding[] {
  const found = [...checkBundle(bundle), ...checkByRules(bundle, [MAPPING_EXPRESSION])];
  const isWhole = found.every(({ severity }) => severity !== 'error');
  return [...found, ...(isWhole ? checkByRules(bundle, [NOBODY_APPROVES]) : [])];
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
