import pc from 'picocolors';
import { MappingError } from '../enforce/errors.js';
import { WritError } from '../errors.js';
import { AccumulatorError, ToolDescriptionError } from '../ledger/errors.js';
import { Ledger } from '../ledger/ledger.js';
import { Tools } from '../ledger/tool-description.js';
import { mapperOf } from '../plane.js';
import { type Bundle, readBundle } from '../policy/bundle.js';
import { checkBundle } from '../policy/check.js';
import { BundleError } from '../policy/errors.js';
import type { Finding } from '../policy/finding.js';
import { IdentityMappingError } from '../provenance/errors.js';
import { compileIdentity } from '../provenance/identity-claims.js';
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
    const what =
      bundle === undefined ? '' : `${count(bundle.sources.length, 'policy').replace('policys', 'policies')}, `;
    print(`${verdict}  ${folder}: ${what}${count(errors, 'error')}, ${count(warnings, 'warning')}`);
  }
  return errors === 0 ? EXIT.ok : EXIT.notSo;
}

interface Checked {
  readonly findings: readonly Finding[];
  readonly bundle: Bundle | undefined;
  readonly texts: ReadonlyMap<string, string>;
}

function findingsOf(folder: string): Checked {
  try {
    const { bundle, findings, texts } = readBundle(folder);
    if (bundle === undefined) return { bundle, findings, texts };
    return { bundle, texts, findings: [...findings, ...checkBundle(bundle), ...checkExpressions(bundle)] };
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    return { bundle: undefined, findings: error.findings, texts: new Map() };
  }
}

const EXPRESSION_ERRORS = [ToolDescriptionError, AccumulatorError, MappingError, IdentityMappingError];

/** The CEL of accumulators and mappings belongs to rooms that do not know of files. */
function checkExpressions(bundle: Bundle): Finding[] {
  const findings: Finding[] = [];
  const attempt = (file: string, make: () => unknown): void => {
    try {
      make();
    } catch (error) {
      if (!EXPRESSION_ERRORS.some((kind) => error instanceof kind)) throw error;
      if (!(error instanceof WritError)) throw error;
      findings.push({ severity: 'error', file, line: 1, column: 1, message: error.message, help: error.help });
    }
  };
  attempt('ledger.yaml', () => new Ledger(bundle.accumulators));
  attempt('tools.yaml', () => new Tools(bundle.tools, bundle.toolDefaults));
  attempt('mappings', () => mapperOf(bundle, '/data'));
  for (const { identity } of Object.values(bundle.settings.issuers)) {
    if (identity !== undefined) attempt('writ.yaml', () => compileIdentity(identity));
  }
  return findings;
}
