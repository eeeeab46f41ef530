import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readBundleFiles } from '../packages/writ/src/bundle/files.js';
import start from '../packages/writ/src/cli/verbs/start.js';
import { stagesOf } from './dockerfile.mjs';

/** The files of deploy/: their form, and each by its own tool, if that is installed. `npm run try-image` and `npm run try-chart` do the rest. */

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'writ-deploy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function has(command: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`]);
    return true;
  } catch {
    return false;
  }
}

/** Every option of a command line of `writ start` is one that it has, and `--bundle` is among them. */
function expectStart([verb, ...words]: readonly string[]): void {
  expect(verb).toBe('start');
  const known = start.options.map(({ long }) => long);
  const given = words.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0]);
  expect(given.filter((option) => !known.includes(option))).toEqual([]);
  expect(given).toEqual(expect.arrayContaining(['--bundle', '--data']));
}

interface Step {
  readonly verb: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly words: readonly string[];
  readonly text: string;
  readonly command: readonly string[];
}

describe('deploy/Dockerfile', () => {
  const stages = stagesOf(at('deploy/Dockerfile')) as { base: string; name?: string; steps: Step[] }[];
  const steps = (stages.at(-1) as { steps: Step[] }).steps;
  const only = (verb: string): Step => {
    const found = steps.filter((step) => step.verb === verb);
    expect(found).toHaveLength(1);
    return found[0] as Step;
  };

  it('copies what there is, and what is not left out', () => {
    const ignored = readFileSync(at('deploy/Dockerfile.dockerignore'), 'utf8');
    const kept = [...ignored.matchAll(/^!(.+)$/gm)].map(([, path]) => path as string);
    const sources = stages.flatMap((stage) =>
      stage.steps
        .filter(({ verb, flags }) => verb === 'COPY' && flags.from === undefined)
        .flatMap(({ words }) => words.slice(0, -1)),
    );
    expect(sources.filter((source) => !existsSync(at(source)))).toEqual([]);
    expect(sources.filter((source) => !kept.includes(source))).toEqual([]);
    const names = stages.map(({ name }) => name);
    const from = stages.flatMap((stage) => stage.steps.flatMap(({ flags }) => flags.from ?? []));
    expect(from.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('runs no script of a package, and compiles nothing', () => {
    const installs = stages.flatMap((stage) =>
      stage.steps.filter(({ verb, text }) => verb === 'RUN' && /npm (ci|install)/.test(text)),
    );
    expect(installs.length).toBeGreaterThan(0);
    expect(installs.filter(({ text }) => !text.includes('--ignore-scripts'))).toEqual([]);
  });

  it('is small: its last stage is Node alone, and gets what the others made', () => {
    expect(stages.at(-1)?.base).toMatch(/^node:\d+-bookworm-slim$/);
    expect(steps.filter(({ verb }) => verb === 'RUN')).toEqual([]);
  });

  it('runs as a user without rights, with a health check and a volume', () => {
    expect(only('USER').text).toMatch(/^[1-9]\d{3,}:[1-9]\d{3,}$/);
    expect(only('VOLUME').text).toBe('/data');
    const data = steps.find(({ verb, words }) => verb === 'COPY' && words.at(-1) === '/data');
    expect(data?.flags.chown).toBe(only('USER').text);
    expect(only('HEALTHCHECK').command).toEqual(['node', '/writ/health.mjs']);
    expect(only('ENTRYPOINT').command).toEqual(['node', '/writ/packages/writ/bin/writ.js']);
    expectStart(only('CMD').command);
  });
});

describe('deploy/compose.yaml', () => {
  const { services } = parse(readFileSync(at('deploy/compose.yaml'), 'utf8'));

  it('publishes the proxy alone, and hardens the service', () => {
    expectStart(services.writ.command.map((word: string) => word.replaceAll(/\$\{.*\}/g, 'x')));
    expect(services.writ).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(services.writ).not.toHaveProperty('ports');
    expect(services.proxy.ports).toEqual(['80:80', '443:443']);
    expect(existsSync(at(`deploy/${services.writ.build.context}/${services.writ.build.dockerfile}`))).toBe(true);
  });

  it.skipIf(!has('caddy'))('its Caddyfile is one', () => {
    const env = { ...process.env, WRIT_NAME: 'writ.example', HOME: folder };
    const adapted = execFileSync('caddy', ['adapt', '--adapter', 'caddyfile', '--config', at('deploy/Caddyfile')], {
      env,
    });
    expect(String(adapted)).toContain('"dial":"writ:7466"');
  });
});

describe('deploy/writ.service', () => {
  const unit = readFileSync(at('deploy/writ.service'), 'utf8');

  it('starts the service as a user of its own', () => {
    const [, words] = /^ExecStart=\/usr\/bin\/env node \S+\/writ\.js (.*)$/m.exec(unit) ?? [];
    expectStart((words ?? '').split(' '));
    expect(unit).toMatch(/^User=writ$/m);
    expect(unit).toMatch(/^UMask=0077$/m);
  });

  it.skipIf(!has('systemd-analyze'))('is one for systemd, and exposes little', () => {
    expect(String(execFileSync('systemd-analyze', ['verify', at('deploy/writ.service')], { stdio: 'pipe' }))).toBe('');
    // Exit code 1 above the threshold: 20 stands for 2.0 of 10.
    execFileSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', at('deploy/writ.service')], {
      stdio: 'pipe',
      env: { ...process.env, SYSTEMD_PAGER: '' },
    });
  });
});

// biome-ignore lint/suspicious/noExplicitAny: objects of Kubernetes
type Rendered = any;

describe.skipIf(!has('helm'))('deploy/helm/writ', () => {
  const CHART = at('deploy/helm/writ');
  const BUNDLE = at('examples/support-desk');
  const bundle = { files: Object.fromEntries(readBundleFiles(BUNDLE).texts) };
  const HTTPS = { bundle, publicUrl: 'https://writ.example' };

  function rendered(values: object): Rendered[] {
    const file = join(folder, 'values.yaml');
    writeFileSync(file, JSON.stringify(values));
    const args = ['template', 'demo', CHART, '--kube-version', '1.31.0', '--values', file];
    const text = execFileSync('helm', args, { stdio: 'pipe', encoding: 'utf8' });
    return parseAllDocuments(text, { uniqueKeys: true }).map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS();
    });
  }
  const ofKind = (objects: Rendered[], kind: string): Rendered => objects.find((one) => one.kind === kind);

  it('passes its lint', () => {
    const file = join(folder, 'values.yaml');
    writeFileSync(file, JSON.stringify(HTTPS));
    execFileSync('helm', ['lint', '--strict', CHART, '--values', file], { stdio: 'pipe' });
  });

  it('runs one service, without rights, on a root that it cannot write to', () => {
    const objects = rendered({ ...HTTPS, hosts: ['mcp.example'], args: ['--log-level=warn'] });
    const { spec } = ofKind(objects, 'StatefulSet');
    const pod = spec.template.spec;
    const [container] = pod.containers;
    expect(spec.replicas).toBe(1);
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expectStart(container.args);
    expect(container.args).toEqual(
      expect.arrayContaining(['--gateway-host=0.0.0.0', '--public-url=https://writ.example']),
    );
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      expect(container[probe].httpGet).toMatchObject({ port: 'service', scheme: 'HTTP' });
    expect(ofKind(objects, 'NetworkPolicy').spec).toMatchObject({
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 'service' }, { port: 'gateway' }] }],
    });
    expect(ofKind(objects, 'Ingress')).toBeUndefined();
  });

  it('mounts the bundle as it is', () => {
    const objects = rendered(HTTPS);
    const { data } = ofKind(objects, 'ConfigMap');
    const volumes = ofKind(objects, 'StatefulSet').spec.template.spec.volumes;
    const { items } = volumes.find(({ name }: { name: string }) => name === 'bundle').configMap;
    // As Kubernetes mounts one: the files in a folder of their own, and a link at the top for each first part of a path.
    const [mount, version] = [join(folder, 'bundle'), '..2026_12_01'];
    for (const { key, path } of items) {
      mkdirSync(dirname(join(mount, version, path)), { recursive: true });
      writeFileSync(join(mount, version, path), data[key]);
    }
    symlinkSync(version, join(mount, '..data'));
    for (const top of new Set(items.map(({ path }: { path: string }) => path.split('/')[0])))
      symlinkSync(`..data/${top}`, join(mount, top as string));
    expect(readBundleFiles(mount).version).toBe(readBundleFiles(BUNDLE).version);
  });

  it('takes keys, certificates and the database from secrets', () => {
    const objects = rendered({
      bundle: { existingClaim: 'rules' },
      tls: { existingSecret: 'cert', clientCaSecret: 'clients' },
      storeKey: { existingSecret: 'writ-keys' },
      postgres: { existingSecret: 'db' },
      ingress: { enabled: true, host: 'writ.example', tlsSecret: 'edge' },
    });
    const pod = ofKind(objects, 'StatefulSet').spec.template.spec;
    const [container] = pod.containers;
    expectStart(container.args);
    expect(container.args).toEqual(
      expect.arrayContaining([
        ...['--tls-cert=/tls/tls.crt', '--tls-key=/tls/tls.key', '--tls-client-ca=/client-ca/ca.crt'],
        '--store-key=file:/store-key/store.key',
      ]),
    );
    expect(container.env).toEqual([{ name: 'WRIT_STORE', valueFrom: { secretKeyRef: { name: 'db', key: 'url' } } }]);
    expect(container.readinessProbe.httpGet.scheme).toBe('HTTPS');
    const mounted = container.volumeMounts.map(({ name }: { name: string }) => name).sort();
    expect(mounted).toEqual([...pod.volumes.map(({ name }: { name: string }) => name), 'data'].sort());
    const paths = ofKind(objects, 'Ingress').spec.rules[0].http.paths as { path: string; pathType: string }[];
    const [, matched] = /@gateway path (.*)/.exec(readFileSync(at('deploy/Caddyfile'), 'utf8')) ?? [];
    expect(paths.filter(({ pathType }) => pathType === 'Exact').map(({ path }) => path)).toEqual(matched?.split(' '));
  });

  it.each([
    ['without a bundle', { publicUrl: 'https://writ.example' }, 'there is no bundle'],
    ['with two bundles', { ...HTTPS, bundle: { ...bundle, existingClaim: 'x' } }, 'give one of the two'],
    ['without TLS', { bundle }, 'keys would travel in the clear'],
    ['with http', { bundle, publicUrl: 'http://writ.example' }, 'keys would travel in the clear'],
    [
      'with an ingress in the clear',
      { ...HTTPS, ingress: { enabled: true, host: 'writ.example' } },
      'ingress.tlsSecret',
    ],
    ['with a value that it does not have', { ...HTTPS, replicas: 2 }, 'replicas'],
    [
      'with a path out of the bundle',
      { ...HTTPS, bundle: { files: { 'writ.yaml': 'name: x', '../x': '' } } },
      'bundle',
    ],
  ])('is refused %s', (_what, values, why) => {
    expect(() => rendered(values)).toThrow(why);
  });
});
