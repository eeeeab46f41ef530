import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { environmentsOf, readBundleFiles } from '../src/bundle/files.js';
import { overlayFile } from '../src/bundle/overlay-name.js';
import { bundleSchemas, SCHEMA_FOLDER, schemaFileOf, withSchemaLines } from '../src/bundle/schemas.js';
import { schemas } from '../src/cli/schemas.js';
import { GOOD, MISTAKES } from './broken-bundles.js';
import { bundleOf, EXAMPLES } from './running.js';

const KEPT = join(import.meta.dirname, '../schemas');
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
const validators = new Map<string, ValidateFunction>();

function validatorOf(path: string): ValidateFunction {
  const file = schemaFileOf(path) ?? '';
  let validator = validators.get(file);
  if (validator === undefined) {
    validator = ajv.compile(JSON.parse(bundleSchemas().get(file) ?? 'null') as object);
    validators.set(file, validator);
  }
  return validator;
}

/** Returns what a schema says of a YAML file of a bundle. */
function problemsOf(path: string, text: string): string[] {
  const validate = validatorOf(path);
  validate(parse(text) ?? {});
  return (validate.errors ?? []).map(({ instancePath, message }) => `${path} ${instancePath} ${message}`);
}

function yamlFilesOf(bundle: string): [path: string, text: string][] {
  const overlays = environmentsOf(bundle).map((name) => overlayFile(name) as string);
  return (
    [...readBundleFiles(bundle).texts.keys(), ...overlays]
      // OpenAPI has a schema of its own, and no document of a service is written by Writ.
      .filter((path) => path.endsWith('.yaml') && !path.startsWith('openapi/'))
      .map((path) => [path, readFileSync(join(bundle, path), 'utf8')])
  );
}

const BUNDLES = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
  .filter((path) => basename(path) === 'writ.yaml' && !path.includes('node_modules'))
  .map((path) => dirname(path));

describe('the JSON Schemas of the files of a bundle', () => {
  it('are kept in the package as the code makes them (npm run bundle-schemas writes them)', () => {
    const kept = readdirSync(KEPT).map((file) => [file, readFileSync(join(KEPT, file), 'utf8')]);
    expect(Object.fromEntries(kept)).toEqual(Object.fromEntries(bundleSchemas()));
    const { files } = JSON.parse(readFileSync(join(KEPT, '../package.json'), 'utf8')) as { files: string[] };
    expect(files).toContain('schemas');
  });

  it('are for every YAML file, and describe its members', () => {
    const paths = [
      'writ',
      'writ.eu',
      'ledger',
      'tools',
      'tasks',
      'facts',
      'obligations',
      'access',
      'mappings/a',
      'tests/a',
    ];
    const found = paths.map((path) => schemaFileOf(`${path}.yaml`));
    // Catalogues are JSON, which editors map to a schema by its path.
    expect(new Set([...found, 'catalogues.schema.json'])).toEqual(new Set(bundleSchemas().keys()));
    expect(['other.yaml', 'schema.cedarschema', 'policies/a.cedar', 'writ.json'].map(schemaFileOf)).toEqual([
      ...[undefined, undefined, undefined, undefined],
    ]);
    expect(bundleSchemas().get('tools.schema.json')).toContain('The labels of its result');
  });

  it.each(BUNDLES)('accept examples/%s', (bundle) => {
    // The form of an OpenAPI document is not Writ's.
    const files = yamlFilesOf(join(EXAMPLES, bundle)).filter(([path]) => !path.startsWith('openapi/'));
    expect(files.length).toBeGreaterThan(0);
    expect(files.flatMap(([path, text]) => problemsOf(path, text))).toEqual([]);
  });

  it('accept the good bundle of the mistakes', () => {
    const files = Object.entries(GOOD).filter(([path]) => path.endsWith('.yaml'));
    expect(files.flatMap(([path, text]) => problemsOf(path, text))).toEqual([]);
  });

  it.each(MISTAKES.filter(({ shape }) => shape !== undefined).map((mistake) => [mistake.name, mistake] as const))(
    'refuse %s',
    (_name, { files, shape = '' }) => {
      expect(problemsOf(shape, files[shape] ?? '')).not.toEqual([]);
    },
  );
});

/** Returns what a command prints. */
function captured(command: () => unknown): string {
  const said: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  try {
    command();
  } finally {
    write.mockRestore();
  }
  return said.join('');
}

describe('writ bundle schemas', () => {
  it('writes them beside a bundle that does not read them, and names them in its files', () => {
    const bundle = bundleOf({ ...GOOD, 'writ.test.yaml': 'gateway: {}\n' });
    const before = readBundleFiles(bundle);
    const first = captured(() => schemas(bundle, {}));
    expect(first).toContain('11 schemas written');
    expect(first).toContain('tests/all.yaml');
    expect(readBundleFiles(bundle)).toMatchObject({ version: before.version, unread: [] });
    captured(() => schemas(bundle, { nameThem: true }));
    const line = (path: string): string | undefined => readFileSync(join(bundle, path), 'utf8').split('\n')[0];
    expect(line('tools.yaml')).toBe('# yaml-language-server: $schema=.schemas/tools.schema.json');
    expect(line('tests/all.yaml')).toBe('# yaml-language-server: $schema=../.schemas/tests.schema.json');
    expect(line('writ.test.yaml')).toBe('# yaml-language-server: $schema=.schemas/overlay.schema.json');
    for (const [path] of yamlFilesOf(bundle)) {
      const schema = line(path)?.split('=')[1] ?? '';
      expect(existsSync(join(bundle, dirname(path), schema)), path).toBe(true);
    }
    expect(captured(() => schemas(bundle, { nameThem: true }))).not.toContain('named');
  });

  it('writes them elsewhere, and keeps a line that an author wrote', () => {
    const bundle = bundleOf(GOOD);
    const out = `${bundle}-schemas`;
    captured(() => schemas(bundle, { out }));
    expect(readdirSync(out).sort()).toEqual([...bundleSchemas().keys()].sort());
    expect(existsSync(join(bundle, SCHEMA_FOLDER))).toBe(false);
    expect(() => schemas(bundle, { out, nameThem: true })).toThrow('--name-them names the schemas in the bundle');
    for (const line of ['# yaml-language-server: $schema=../mine.json', '# $schema: ../mine.json'])
      expect(withSchemaLines('writ.yaml', `${line}\nname: x\n`)).toBe(`${line}\nname: x\n`);
    expect(withSchemaLines('tests/a.yaml', 'tests: []\n').split('\n').slice(1)).toEqual([
      '# $schema: ../.schemas/tests.schema.json',
      'tests: []',
      '',
    ]);
  });
});
