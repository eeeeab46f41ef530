/** Commands of documents that the tests beside this file do not run. They are parsed by `parse.test.ts`, as far as they are Writ's. */
interface NotRun {
  readonly file: string;
  /** The beginnings of the commands. */
  readonly commands: readonly string[];
  readonly because: string;
  /** The test, or the script, that runs the same. */
  readonly shownBy: string;
}

const NEEDS_CONTAINERS = 'it needs a container engine, which tests do not have';

export const NOT_RUN: readonly NotRun[] = [
  {
    file: 'README.md',
    commands: ['git clone', 'npm', 'npx writ', 'curl'],
    because: 'a test of its own follows the page, on a copy of the checkout',
    shownBy: 'packages/writ/test/readme.test.ts',
  },
  {
    file: 'CONTRIBUTING.md',
    commands: ['npm', 'node', 'WRIT_TEST_POSTGRES'],
    because: 'the tests, benchmarks and searches themselves, which take minutes to hours',
    shownBy: 'scripts/test.mjs',
  },
  {
    file: 'docs/agents.md',
    commands: ['writ init my-rules --pack coding-agent', 'writ start --bundle my-rules', 'writ guard install --hooks'],
    because: 'it changes the clients of the machine',
    shownBy: 'packages/writ/test/guard-hooks.test.ts',
  },
  {
    file: 'docs/http.md',
    commands: ['writ init rules', 'writ check rules && writ test rules'],
    because: 'it needs the document of the reader',
    shownBy: 'packages/writ/test/init-openapi.test.ts',
  },
  {
    file: 'docs/http.md',
    commands: ['writ start --bundle rules', 'writ enforce http', 'curl'],
    because: 'it needs the document and the service of the reader',
    shownBy: 'packages/writ/test/http-proxy.test.ts',
  },
  {
    file: 'docs/envoy.md',
    commands: ['writ start --bundle rules', 'writ doctor --envoy envoy.yaml', 'curl'],
    because: 'it needs the service and the Envoy of the reader',
    shownBy: 'packages/writ/test/envoy.test.ts',
  },
  {
    file: 'docs/http-fronts.md',
    commands: ['writ start --bundle rules'],
    because: 'it needs the bundle and the front of the reader',
    shownBy: 'packages/writ/test/http-check.test.ts',
  },
  {
    file: 'docs/programs-sql.md',
    commands: ['writ import'],
    because: 'it needs the database of the reader',
    shownBy: 'packages/writ/test/oracle-sql.test.ts',
  },
  {
    file: 'packages/cedar/README.md',
    commands: ['npm'],
    because: 'the tests and searches of the package, which take minutes to hours',
    shownBy: 'packages/cedar/test/conformance.test.ts',
  },
  {
    file: 'packages/writ/README.md',
    commands: ['npx writ start'],
    because: 'the first command of docs/gateway.md is the same, and a start takes a second of a processor',
    shownBy: 'packages/writ/test/docs/run-operation.test.ts',
  },
  {
    file: 'docs/start.md',
    commands: ['writ up --connect', 'writ decision list', 'writ init my-servers --recorded 1h', 'writ up enforce'],
    because: 'a test of its own runs these four, in front of three servers from npm',
    shownBy: 'packages/writ/test/up.test.ts',
  },
  {
    file: 'docs/rules.md',
    commands: ['cp -r', 'npx writ'],
    because: 'a test of its own follows the page as the author of a policy',
    shownBy: 'packages/writ/test/docs/write-rules.test.ts',
  },
  {
    file: 'docs/deploy.md',
    commands: ['docker'],
    because: NEEDS_CONTAINERS,
    shownBy: 'scripts/try-image.mjs',
  },
  {
    file: 'docs/deploy.md',
    commands: ['kubectl', 'helm'],
    because: 'it needs a cluster; the chart is rendered by a script',
    shownBy: 'scripts/try-chart.mjs',
  },
  {
    file: 'docs/deploy.md',
    commands: ['npm pack', 'npm install', '/opt/writ/'],
    because: 'it packs and installs the packages, which takes a minute',
    shownBy: 'scripts/pack.test.ts',
  },
  {
    file: 'docs/deploy.md',
    commands: ['useradd', 'install -d', 'cp deploy/writ.service', 'journalctl'],
    because: 'it changes the system that it runs on, as root',
    shownBy: 'scripts/deploy.test.ts',
  },
  {
    file: 'docs/operate.md',
    commands: ['WRIT_STORE=', 'pg_dump', 'createdb', 'writ log verify --store'],
    because: 'it needs a PostgreSQL server with its tools; tests have the server alone',
    shownBy: 'packages/writ/test/postgres-store.test.ts',
  },
  {
    file: 'docs/operate.md',
    commands: ['npm run'],
    because: 'a load test or a benchmark of minutes',
    shownBy: 'packages/writ/test/soak.test.ts',
  },
  {
    file: 'docs/record.md',
    commands: ['writ log witness'],
    because: 'a witness runs beside a service for long; tests of its own start both',
    shownBy: 'packages/writ/test/witness.test.ts',
  },
  {
    file: 'docs/service.md',
    commands: ['npm run conformance'],
    because: 'the cases of AuthZEN against a server of the reader',
    shownBy: 'packages/writ/test/conformance.test.ts',
  },
  {
    file: 'docs/tools.md',
    commands: ['writ bundle replay --bundle my-bundle --trace bills.jsonl', 'writ bundle label'],
    because: 'a test of its own compares the whole output with the page',
    shownBy: 'scripts/doc-examples.test.ts',
  },
];

/** Returns true if a command of a document is one of these. */
export const isListed = (file: string, text: string): boolean =>
  NOT_RUN.some((one) => one.file === file && one.commands.some((begins) => text.startsWith(begins)));
