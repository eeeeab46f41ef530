import { CedarError, compile, type EntityJson, type PolicySet, readPolicyText, Schema } from '@writ/cedar';
import { parseJson } from '@writ/cedar/json';
import type { Service } from '@writ/enforce/http';
import type { z } from 'zod';
import { type BundleCatalogue, cataloguesOf } from './catalogues.js';
import { unknownFile } from './check/bundle/unknown-file.js';
import type { Finding } from './check/finding.js';
import { type At, Findings } from './check/findings.js';
import { policyTypes } from './check/policies/types.js';
import { FOLDERS, NAMED_FILES, SCHEMA_FILE, type YamlContents } from './contents.js';
import { BundleError } from './errors.js';
import { type BundleFiles, readBundleFiles } from './files.js';
import { checkHosts, checkIdentityHeaders, httpServices } from './http-services.js';
import { checkPolicySizes } from './limits.js';
import { changesIn } from './overlay.js';
import { hasId, type PolicySource } from './policy-source.js';
import { completedSchema } from './provided/completed-schema.js';
import { type Change, readYaml } from './read-yaml.js';
import { ServicePolicy } from './service-policy.js';

/** A bundle as it is served, without the texts that it was read from. */
export interface ServedBundle extends YamlContents, Pick<BundleFiles, 'root' | 'version'> {
  readonly schema: Schema;
  readonly policies: PolicySet;
  readonly sources: readonly Pick<PolicySource, 'id' | 'file'>[];
  /** Decides who may use the service. */
  readonly servicePolicy: ServicePolicy;
  readonly entities: readonly EntityJson[];
  /** The services behind the enforcement points for HTTP. */
  readonly services: readonly Service[];
  /** The catalogues of the databases that arguments in SQL are for. */
  readonly catalogues: readonly BundleCatalogue[];
}

/** A bundle, read and compiled. */
export interface Bundle extends ServedBundle, BundleFiles {
  readonly sources: readonly PolicySource[];
}

export interface ReadBundle {
  /** Undefined if a finding is an error. */
  readonly bundle: Bundle | undefined;
  readonly findings: readonly Finding[];
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Loads a bundle to serve it.
 *
 * @param environment the one whose `writ.NAME.yaml` changes it; undefined for the bundle without changes
 * @throws {BundleError} with every error that was found; a bundle without a policy is one
 */
export function loadBundle(folder: string, environment?: string): Bundle {
  const { bundle, findings } = readBundle(folder, environment);
  if (bundle === undefined) throw new BundleError(findings);
  return bundle;
}

/**
 * Loads the settings alone, of a bundle whose other parts may not fit together yet.
 *
 * @throws {BundleError} with every error of `writ.yaml`
 */
export function loadSettings(folder: string, environment?: string): Pick<Bundle, 'root' | 'settings'> {
  const files = readBundleFiles(folder, environment);
  const { file, shape } = NAMED_FILES.settings;
  const found = new Findings(files.texts);
  const changes = changesIn(files.texts, found);
  const { value, findings } = readYaml(file, files.texts, shape, {}, changes?.settings);
  if (value === undefined || found.hasErrors) throw new BundleError([...found.all, ...findings]);
  return { root: files.root, settings: value };
}

/** Reads a bundle, and finds every error of its files. The rules of {@link checkBundle} come after. */
export function readBundle(folder: string, environment?: string): ReadBundle {
  return readBundleFrom(readBundleFiles(folder, environment));
}

/** Reads a bundle from files that were read before. */
export function readBundleFrom(files: BundleFiles): ReadBundle {
  const reader = new BundleReader(files);
  const bundle = reader.read();
  return { bundle, findings: reader.findings.all, texts: files.texts };
}

class BundleReader {
  readonly findings: Findings;

  constructor(private readonly files: BundleFiles) {
    this.findings = new Findings(files.texts);
  }

  read(): Bundle | undefined {
    this.checkPolicyFolders();
    const yaml = this.yamlContents();
    const entities = this.each('entities', (file) => this.entities(file)).flat();
    const services = this.services(yaml);
    const catalogues = yaml.tools === undefined ? [] : cataloguesOf(yaml.tools, this.files.texts, this.findings);
    const declared = this.schema();
    const sources = this.each('policies', (file) => this.policySources(file)).flat();
    if (sources.length === 0) this.reportNoPolicy();
    const schema = declared && this.completed(declared, sources, yaml);
    this.checkIds(sources);
    checkPolicySizes(sources, this.findings);
    const servicePolicy = schema && this.servicePolicy(schema);
    const policies = schema && !this.findings.hasErrors ? this.compile(sources, schema) : undefined;
    if (policies !== undefined && servicePolicy !== undefined && schema !== undefined && !this.findings.hasErrors)
      return { ...this.files, ...yaml, schema, policies, sources, servicePolicy, entities, services, catalogues };
    unknownFile.check(this.files, this.findings.of(unknownFile.code));
    // The rules need a bundle; the types of policies do not, and an author who mends one error wants to see the others.
    if (schema !== undefined && sources.length > 0)
      policyTypes.check({ schema, sources }, this.findings.of(policyTypes.code));
    return undefined;
  }

  /** A rule in a file of another name would be passed over, and a forbid that is passed over permits. */
  private checkPolicyFolders(): void {
    for (const { path, isAmongPolicies, meant } of this.files.unread) {
      if (!isAmongPolicies) continue;
      const help = meant === undefined ? 'move it out of the folder' : `did you mean ${meant}?`;
      this.findings.of('policies/no-cedar-file').in(path).error('this is no .cedar file', help, 0);
    }
  }

  /** Complete if there is no finding that is an error. */
  private yamlContents(): YamlContents {
    const contents: Record<string, unknown> = {};
    const changes = changesIn(this.files.texts, this.findings);
    for (const [member, { file, shape, absent }] of Object.entries(NAMED_FILES))
      contents[member] = this.yaml(file, shape, absent, changes?.[member]);
    for (const [folder, { shape }] of Object.entries(FOLDERS)) {
      if (shape === undefined) continue;
      contents[folder] = this.each(folder, (file) => {
        const value = this.yaml(file, shape, {});
        return value && { file, ...value };
      });
    }
    return contents as unknown as YamlContents;
  }

  private services({ settings }: Partial<YamlContents>): readonly Service[] {
    if (settings === undefined) return [];
    const services = httpServices(settings, this.files.texts, this.findings);
    checkHosts(services, this.findings);
    checkIdentityHeaders(services, settings, this.findings);
    return services;
  }

  private yaml<T extends z.ZodType>(
    file: string,
    shape: T,
    absent: object | undefined,
    change?: Change,
  ): z.output<T> | undefined {
    const { value, findings } = readYaml(file, this.files.texts, shape, absent, change);
    this.findings.all.push(...findings);
    return value;
  }

  private each<T>(folder: string, read: (file: string) => T | undefined): T[] {
    const files = [...this.files.texts.keys()].filter((file) => file.startsWith(`${folder}/`));
    return files.map(read).filter((value) => value !== undefined);
  }

  private text(file: string): string {
    return this.files.texts.get(file) ?? '';
  }

  /** Runs what reads Cedar's text; undefined, with a finding, if it fails. */
  private cedar<T>(code: string, file: string, read: () => T, at: (error: CedarError) => At = () => 0): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof CedarError)) throw error;
      return this.findings
        .of(code)
        .in(file)
        .error(error.message, error.help, error.position ?? at(error));
    }
  }

  private entities(file: string): EntityJson[] | undefined {
    const list = this.cedar('entities/syntax', file, () => parseJson(this.text(file)));
    if (list === undefined || Array.isArray(list)) return list as unknown as EntityJson[] | undefined;
    return this.findings
      .of('entities/no-list')
      .in(file)
      .error('the file is not a list of entities', 'write them in [ ], as Cedar does', 0);
  }

  private schema(): Schema | undefined {
    if (this.files.texts.has(SCHEMA_FILE))
      return this.cedar('schema/syntax', SCHEMA_FILE, () => Schema.parse(this.text(SCHEMA_FILE)));
    return this.findings
      .of('schema/missing')
      .in(SCHEMA_FILE)
      .error('the bundle has no schema', 'without one an unknown action could not be told from a known one', 0);
  }

  /** Completes the schema with what Writ provides and policies read; not while the files that say what it provides have errors. */
  private completed(schema: Schema, sources: readonly PolicySource[], yaml: Partial<YamlContents>): Schema {
    const { ledger, tools } = yaml;
    const hasTasks = this.files.texts.has(NAMED_FILES.tasks.file);
    if (ledger === undefined || tools === undefined) return schema;
    return completedSchema(schema, sources, { ledger, tools, hasTasks });
  }

  private servicePolicy(schema: Schema): ServicePolicy | undefined {
    const files = [...this.files.texts].filter(([path]) => path.startsWith('service/'));
    const parsed = files.map(([path, text]) => this.cedar('service/syntax', path, () => readPolicyText(text)));
    if (parsed.includes(undefined)) return undefined;
    const texts = files.map(([, text]) => text);
    const last = files.at(-1)?.[0] ?? 'service';
    const fileOf = (id: string | undefined) =>
      files[parsed.findIndex((policies) => policies?.some((policy) => policy.id === id))]?.[0] ?? last;
    try {
      return ServicePolicy.read(texts, schema);
    } catch (error) {
      if (!(error instanceof CedarError)) throw error;
      const file = fileOf(error.policyId);
      const at = Math.max(this.text(file).indexOf(error.policyId ?? ''), 0);
      return this.findings.of('service/invalid').in(file).error(error.message, error.help, at);
    }
  }

  private policySources(file: string): PolicySource[] | undefined {
    const read = this.cedar('policies/syntax', file, () => readPolicyText(this.text(file)));
    return read?.map((policy) => ({ ...policy, file }));
  }

  /** A policy that cannot be read is one that the bundle has. */
  private reportNoPolicy(): void {
    if (this.findings.all.some(({ code }) => code === 'policies/syntax')) return;
    this.findings
      .of('policies/none')
      .in('policies')
      .error('the bundle has no policy', 'nothing would ever be permitted; put a .cedar file into policies/', 0);
  }

  private checkIds(sources: readonly PolicySource[]): void {
    const { findings } = this;
    const byId = new Map<string, PolicySource>();
    for (const source of sources) {
      const { file, id, offset } = source;
      const first = byId.get(id);
      if (!hasId(source))
        findings
          .of('policies/no-id')
          .in(file)
          .error('this policy has no @id', 'give it one: a decision names the policies that made it', offset);
      else if (first !== undefined)
        findings
          .of('policies/same-id')
          .in(file)
          .error(`the id \`${id}\` is already that of a policy in ${first.file}`, 'give each its own', offset);
      if (source.isTemplate)
        findings
          .of('policies/template')
          .in(file)
          .error('templates are not used in bundles yet', 'write the policy out', offset);
      byId.set(id, source);
    }
  }

  private compile(sources: readonly PolicySource[], schema: Schema): PolicySet | undefined {
    const staticPolicies = Object.fromEntries(sources.map(({ id, json }) => [id, json as object]));
    try {
      return compile({ policies: { staticPolicies }, schema });
    } catch (error) {
      if (!(error instanceof CedarError)) throw error;
      const { file = 'policies', offset = 0 } = sources.find(({ id }) => id === error.policyId) ?? sources[0] ?? {};
      return this.findings.of('policies/invalid').in(file).error(error.message, error.help, offset);
    }
  }
}
