import { existsSync } from 'node:fs';

/** The names that verbs had before they were put below nouns. They work for one release; then this file goes. */
const NEW_NAMES: Readonly<Record<string, string>> = {
  'approve-tool': 'tool approve',
  approval: 'request approval',
  approvals: 'request approval list',
  approve: 'request approve',
  backup: 'data backup',
  connect: 'up connect',
  decide: 'bundle decide',
  decisions: 'decision list',
  deny: 'request deny',
  'end-approval': 'request approval end',
  'end-grant': 'identity grant end',
  endorse: 'decision endorse',
  enforce: 'up enforce',
  erase: 'log erase',
  grants: 'identity grant list',
  identities: 'identity list',
  incident: 'log incident',
  key: 'identity key',
  label: 'bundle label',
  labels: 'ledger labels',
  receipt: 'log receipt',
  reinstate: 'revoke undo',
  replay: 'decision replay',
  'replay-trace': 'bundle replay',
  restore: 'data restore',
  revocations: 'revoke list',
  'schema from-mcp': 'bundle schema',
  'token inspect': 'task token',
  upgrade: 'data upgrade',
  witness: 'log witness',
};

const OPTIONS_WITH_VALUE = ['--service', '--key-file'];
const CHANGES = ['kind', 'owner', 'team', 'purpose', 'parent', 'agent-version', 'manifest', 'state'];

/** Old names whose new name depends on what follows; undefined if that is how a noun is called. */
const BY_ARGUMENTS: Readonly<Record<string, (rest: readonly string[]) => string | undefined>> = {
  requests: (rest) => (hasOperand(rest) ? 'request show' : 'request list'),
  tools: (rest) => (hasOperand(rest) ? 'tool show' : 'tool list'),
  grant: (rest) => (namesEntity(rest) ? 'identity grant add' : 'identity grant'),
  import: (rest) =>
    rest.some((word) => word === '--postgres-catalog' || isHelp(word)) ? undefined : 'identity import',
  identity: (rest) => (namesEntity(rest) ? (rest.some(isChange) ? 'identity set' : 'identity show') : undefined),
  request: ([first = '--help', ...rest]) =>
    isFile(first) || (first.startsWith('-') && ![first, ...rest].some(isHelp)) ? 'request add' : undefined,
};

/** A command line in its current form. */
interface CurrentForm {
  readonly args: readonly string[];
  /** The old name and the new one, if the old was used. */
  readonly renamed?: { readonly from: string; readonly to: string };
}

/** Returns a command line with the current name of its verb. `subverbs` are those below its first word. */
export function currentForm(args: readonly string[], subverbs: readonly string[]): CurrentForm {
  const [first = '', second = ''] = args;
  if (subverbs.includes(second)) return { args };
  for (const words of [2, 1]) {
    const from = args.slice(0, words).join(' ');
    const rest = args.slice(words);
    const to = own(NEW_NAMES, from) ?? (words === 1 ? own(BY_ARGUMENTS, first)?.(rest) : undefined);
    if (to !== undefined) return { args: [...to.split(' '), ...rest], renamed: { from, to } };
  }
  return { args };
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function hasOperand(rest: readonly string[]): boolean {
  return rest.some((word, at) => !word.startsWith('-') && !OPTIONS_WITH_VALUE.includes(rest[at - 1] ?? ''));
}

/** A word before the entity that is neither an option nor an entity is a mistyped subverb. */
function namesEntity(rest: readonly string[]): boolean {
  const [first = ''] = rest;
  return (first.startsWith('-') || first.includes('::')) && rest.some((word) => word.includes('::'));
}

function isChange(word: string): boolean {
  return CHANGES.some((name) => word === `--${name}` || word.startsWith(`--${name}=`));
}

function isFile(word: string): boolean {
  return word === '-' || /[./]/.test(word) || existsSync(word);
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}
