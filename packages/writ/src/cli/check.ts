import type { CedarType, RecordType, Schema } from '@writ/cedar';
import pc from 'picocolors';
import { type Bundle, readBundle } from '../bundle/bundle.js';
import { checkBundle } from '../bundle/check/check.js';
import type { Finding } from '../bundle/check/finding.js';
import { BundleError } from '../bundle/errors.js';
import { MappingError } from '../enforce/errors.js';
import { mapperOf } from '../enforce/mcp/gateway/mapper-of.js';
import type { CelRecord } from '../ledger/accumulators/expression.js';
import { type CheckedAction, misfitsOf } from '../ledger/accumulators/misfits.js';
import { AccumulatorError, ToolDescriptionError } from '../ledger/errors.js';
import { Tools } from '../ledger/flow/tool-description.js';
import { Ledger } from '../ledger/ledger.js';
import { WritError } from '../lib/errors.js';
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

/** Everything that is to be said of a bundle, and the bundle when nothing of it is an error of reading. */
export function findingsOf(folder: string): Checked {
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
  attempt('ledger.yaml', () => {
    // Of what does not parse, nothing more can be said.
    new Ledger(bundle.accumulators);
    for (const [name, declared] of Object.entries(bundle.accumulators)) {
      for (const { message: misfit } of misfitsOf(name, declared, actionsOf(bundle.schema))) {
        const message = `${name}: ${misfit}`;
        const help = 'such a call is denied; say with `on` which actions it counts';
        findings.push({ severity: 'warning', file: 'ledger.yaml', line: 1, column: 1, message, help });
      }
    }
  });
  attempt('tools.yaml', () => new Tools(bundle.tools, bundle.toolDefaults));
  attempt('mappings', () => mapperOf(bundle, '/data'));
  for (const { identity } of Object.values(bundle.settings.issuers)) {
    if (identity !== undefined) attempt('writ.yaml', () => compileIdentity(identity));
  }
  return findings;
}

/** The actions that a request can name, with the types of their arguments as CEL has them. */
function actionsOf({ actions }: Schema): CheckedAction[] {
  return [...actions].map(({ uid, context }) => {
    const input = context.attributes.get('input');
    if (input?.type.kind !== 'record') return { name: uid.id, input: undefined, optional: [] };
    const attributes = [...input.type.attributes];
    const optional = attributes.filter(([, { required }]) => !required || !input.required).map(([name]) => name);
    return { name: uid.id, input: celRecord(input.type), optional };
  });
}

function celRecord({ attributes }: RecordType): CelRecord {
  return Object.fromEntries([...attributes].map(([name, { type }]) => [name, celTypeOf(type)]));
}

/** A decimal is whatever number came. */
function celTypeOf(type: CedarType): string | CelRecord {
  switch (type.kind) {
    case 'long':
      return 'int';
    case 'string':
    case 'bool':
      return type.kind;
    case 'record':
      return celRecord(type);
    case 'set': {
      const element = celTypeOf(type.element);
      return typeof element === 'string' ? `list<${element}>` : 'list<dyn>';
    }
    default:
      return 'dyn';
  }
}
