import {
  CedarError,
  compile,
  type EntityJson,
  type PolicySet,
  type PolicyText,
  readPolicyText,
  Schema,
} from '@writ/cedar';
import { parseJson } from '@writ/cedar/json';
import type { z } from 'zod';
import type { Finding } from './check/finding.js';
import { BundleError } from './errors.js';
import { type BundleFiles, readBundleFiles } from './files.js';
import { type AccessYaml, accessYaml } from './format/access.js';
import { type FactsYaml, factsYaml } from './format/facts.js';
import { type LedgerYaml, ledgerYaml } from './format/ledger.js';
import { type MappingYaml, mappingYaml } from './format/mapping.js';
import { type ObligationsYaml, obligationsYaml } from './format/obligations.js';
import { type TasksYaml, tasksYaml } from './format/tasks.js';
import { type TestTask, testsYaml } from './format/tests.js';
import { type ToolsYaml, toolsYaml } from './format/tools.js';
import { type WritYaml, writYaml } from './format/writ.js';
import { readYaml } from './read-yaml.js';
import { ServicePolicy } from './service-policy.js';

/** A policy and the file it stands in. `offset` is where it begins there. */
export interface PolicySource extends PolicyText {
  readonly file: string;
}

/** A bundle, read and compiled. */
export interface Bundle {
  readonly root: string;
  readonly version: string;
  /** The texts that it was read from, by path. */
  readonly texts: ReadonlyMap<string, string>;
  readonly settings: WritYaml;
  readonly schema: Schema;
  readonly policies: PolicySet;
  readonly sources: readonly PolicySource[];
  readonly accumulators: LedgerYaml['accumulators'];
  readonly tools: ToolsYaml['tools'];
  readonly toolDefaults: ToolsYaml['defaults'];
  /** Facts that are true for some time, and who brings them. */
  readonly facts: FactsYaml;
  /** What results are looked through for. */
  readonly detect: ToolsYaml['detect'];
  readonly obligations: ObligationsYaml['obligations'];
  /** The kinds of task; undefined when the bundle has none, and every task may do what its identities may. */
  readonly tasks: TasksYaml | undefined;
  /** Who is asked when a denial can be lifted. */
  readonly access: AccessYaml;
  /** Who may use the service. */
  readonly servicePolicy: ServicePolicy;
  readonly mappings: readonly MappingYaml[];
  readonly entities: readonly EntityJson[];
  readonly tests: readonly { readonly file: string; readonly tasks: readonly TestTask[] }[];
}

export interface ReadBundle {
  /** Absent when a finding is an error. */
  readonly bundle: Bundle | undefined;
  readonly findings: readonly Finding[];
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Loads a bundle to serve it.
 *
 * @throws {BundleError} with every error that was found; a bundle with no policy is one
 */
export function loadBundle(folder: string): Bundle {
  const { bundle, findings } = readBundle(folder);
  if (bundle === undefined) throw new BundleError(findings);
  return bundle;
}

/**
 * The settings alone, of a bundle whose other parts may not fit together yet.
 *
 * @throws {BundleError} with every error of `writ.yaml`
 */
export function loadSettings(folder: string): Pick<Bundle, 'root' | 'settings'> {
  const files = readBundleFiles(folder);
  const reader = new BundleReader(files);
  const settings = reader.settings();
  if (settings === undefined) throw new BundleError(reader.findings);
  return { root: files.root, settings };
}

/** Reads a bundle and says everything that is wrong with its files. Types are checked by {@link checkBundle}. */
export function readBundle(folder: string): ReadBundle {
  return readBundleFrom(readBundleFiles(folder));
}

/** The same, from files that were read before. */
export function readBundleFrom(files: BundleFiles): ReadBundle {
  const reader = new BundleReader(files);
  const bundle = reader.read();
  const failed = reader.findings.some(({ severity }) => severity === 'error');
  return { bundle: failed ? undefined : bundle, findings: reader.findings, texts: files.texts };
}

class BundleReader {
  readonly findings: Finding[] = [];

  constructor(private readonly files: BundleFiles) {}

  settings(): WritYaml | undefined {
    return this.yaml('writ.yaml', writYaml);
  }

  read(): Bundle | undefined {
    const settings = this.settings();
    const ledger = this.yaml('ledger.yaml', ledgerYaml);
    const tools = this.yaml('tools.yaml', toolsYaml);
    const facts = this.yaml('facts.yaml', factsYaml);
    const obligations = this.yaml('obligations.yaml', obligationsYaml);
    const access = this.yaml('access.yaml', accessYaml);
    const hasTasks = this.files.texts.has('tasks.yaml');
    const tasks = hasTasks ? this.yaml('tasks.yaml', tasksYaml) : undefined;
    const mappings = this.each('mappings/', (file) => this.yaml(file, mappingYaml));
    const tests = this.each('tests/', (file) => {
      const read = this.yaml(file, testsYaml);
      return read && { file, tasks: read.tests };
    });
    const entities = this.each('entities/', (file) => this.entities(file)).flat();
    const schema = this.schema();
    const sources = this.each('policies/', (file) => this.policySources(file)).flat();
    if (sources.length === 0) {
      this.error(
        'policies',
        'the bundle has no policy',
        'nothing would ever be permitted; put a .cedar file into policies/',
      );
    }
    const policies = this.compile(sources, schema);
    const servicePolicy = schema && this.servicePolicy(schema);
    if (!settings || !ledger || !tools || !facts || !obligations || !access || !schema || !policies || !servicePolicy)
      return undefined;
    if (hasTasks && tasks === undefined) return undefined;
    return {
      root: this.files.root,
      version: this.files.version,
      texts: this.files.texts,
      settings,
      schema,
      policies,
      sources,
      accumulators: ledger.accumulators,
      tools: tools.tools,
      toolDefaults: tools.defaults,
      detect: tools.detect,
      facts,
      obligations: obligations.obligations,
      tasks,
      access,
      servicePolicy,
      mappings,
      entities,
      tests,
    };
  }

  private error(file: string, message: string, help?: string, at = { line: 1, column: 1 }): undefined {
    this.findings.push({ severity: 'error', file, line: at.line, column: at.column, message, help });
    return undefined;
  }

  private each<T>(folder: string, read: (file: string) => T | undefined): T[] {
    const out: T[] = [];
    for (const file of this.files.texts.keys()) {
      const value = file.startsWith(folder) ? read(file) : undefined;
      if (value !== undefined) out.push(value);
    }
    return out;
  }

  private text(file: string): string {
    return this.files.texts.get(file) ?? '';
  }

  private yaml<T extends z.ZodType>(file: string, shape: T): z.output<T> | undefined {
    const { value, findings } = readYaml(file, this.text(file), shape);
    this.findings.push(...findings);
    return value;
  }

  private cedar<T>(file: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof CedarError)) throw error;
      return this.error(file, error.message, error.help, error.position);
    }
  }

  private entities(file: string): EntityJson[] | undefined {
    const list = this.cedar(file, () => parseJson(this.text(file)));
    if (list === undefined) return undefined;
    return Array.isArray(list)
      ? (list as unknown as EntityJson[])
      : this.error(file, 'the file is not a list of entities');
  }

  private schema(): Schema | undefined {
    const file = 'schema.cedarschema';
    if (!this.files.texts.has(file)) {
      return this.error(
        file,
        'the bundle has no schema',
        'without one an unknown action could not be told from a known one',
      );
    }
    return this.cedar(file, () => Schema.parse(this.text(file)));
  }

  private servicePolicy(schema: Schema): ServicePolicy | undefined {
    const files = [...this.files.texts].filter(([path]) => path.startsWith('service/'));
    const parsed = files.map(([path, text]) => this.cedar(path, () => readPolicyText(text)));
    if (parsed.includes(undefined)) return undefined;
    return this.cedar(
      'service',
      () =>
        new ServicePolicy(
          files.map(([, text]) => text),
          schema,
        ),
    );
  }

  private policySources(file: string): PolicySource[] | undefined {
    const read = this.cedar(file, () => readPolicyText(this.text(file)));
    return read?.map((policy) => ({ ...policy, file }));
  }

  private compile(sources: readonly PolicySource[], schema: Schema | undefined): PolicySet | undefined {
    const byId = new Map<string, PolicySource>();
    for (const source of sources) {
      const at = this.positionOf(source);
      const first = byId.get(source.id);
      if (!hasId(source))
        this.error(source.file, 'every policy has an @id', 'a decision names the policies that made it', at);
      else if (first !== undefined) {
        this.error(
          source.file,
          `the id \`${source.id}\` is already that of a policy in ${first.file}`,
          'give each its own',
          at,
        );
      }
      if (source.isTemplate)
        this.error(source.file, 'templates are not used in bundles yet', 'write the policy out', at);
      byId.set(source.id, source);
    }
    if (schema === undefined || this.findings.some(({ severity }) => severity === 'error')) return undefined;
    const staticPolicies = Object.fromEntries(sources.map(({ id, json }) => [id, json as object]));
    return this.cedar('policies', () => compile({ policies: { staticPolicies }, schema }));
  }

  private positionOf(source: PolicySource): { line: number; column: number } {
    const before = this.text(source.file).slice(0, source.offset).split('\n');
    return { line: before.length, column: (before[before.length - 1]?.length ?? 0) + 1 };
  }
}

function hasId({ json }: PolicySource): boolean {
  return typeof (json as { annotations?: { id?: unknown } }).annotations?.id === 'string';
}
