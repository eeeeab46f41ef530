import type { Arg } from '../syntax/arg.js';
import { literal } from '../syntax/arg.js';
import { type Call, KNOWN, type ProgramReader } from './call.js';
import { grammar, readOptions } from './options.js';

const SHELL = grammar(
  'c e E u x v f b h m n p r s l t C B P T a i D k O= o= login norc noprofile posix restricted verbose rcfile= init-file=',
);

/** Reads `sh -c 'text'`: the text is a script of the same kind. */
function shell(isPosix: boolean): ProgramReader {
  return (call) => {
    const { args } = call;
    const known = SHELL;
    const { options, operands, strange, loose, has } = readOptions(args, known, true);
    if (args.length === 1 && args[0]?.value === '--version') return KNOWN;
    if (loose !== undefined) call.refuse('this can be an option that runs text, or a script', loose);
    if (strange !== undefined || has('i', 'k', 'O', 'rcfile', 'init-file', 't', 'D', 'B', 'P', 'T', 'p', 'r'))
      call.refuse(`this option of ${call.name} is not understood`, strange);
    for (const { name, value } of options)
      if (name === 'o' && !/^(?:pipefail|errexit|nounset|xtrace|noglob)$/.test(value?.value ?? ''))
        call.refuse(`this option of ${call.name} is not understood`, value);
    const [script] = operands;
    if (script !== undefined && /^[-+]/.test(script.lead))
      call.refuse(`this option of ${call.name} is not understood`, script);
    if (has('c')) {
      if (script === undefined || script.many) return call.refuse('the text does not say what this shell runs', script);
      call.script(script, isPosix);
    } else if (script !== undefined && !has('s')) file(call, script);
    else fed(call, isPosix);
    return KNOWN;
  };
}

function file(call: Call, script: Arg): void {
  const isStream = /(?:^|\/)(?:dev|proc)\//.test(script.value ?? script.lead);
  if (script.many || script.pipe === true || isStream) call.refuse('the text does not say what this runs', script);
  call.reads(script);
  call.interpreter({ from: 'file', ...(script.value !== undefined && { code: script.value }) });
}

/** Reads a shell without a script: it runs its input. */
function fed(call: Call, isPosix: boolean): void {
  const { input, pos } = call;
  if (input.from === 'unknown') call.refuse('a shell runs an input that the text does not say');
  if (input.from === 'text') call.script(literal(input.text, pos), isPosix);
  else call.interactive();
}

interface Language {
  /** Options with code as their value. */
  readonly code: string;
  /** Options with a module to run. */
  readonly module?: string;
  readonly values?: string;
  readonly flags?: string;
}

const PYTHON: Language = {
  code: 'c',
  module: 'm',
  values: 'W X',
  flags: 'b B d E i I O q s S u v x P h V version help',
};
const LANGUAGES: Readonly<Record<string, Language>> = {
  python: PYTHON,
  node: {
    code: 'e p eval print pe',
    values:
      'r C require import conditions env-file loader experimental-loader max-old-space-size input-type test-name-pattern',
    flags: `c i v h check interactive version help test watch inspect no-warnings enable-source-maps experimental-vm-modules
      experimental-strip-types experimental-sea trace-warnings expose-gc test-only`,
  },
  ruby: { code: 'e', values: 'I r C', flags: 'a c l n p s S v w W version' },
  perl: { code: 'e E', values: 'I M m F', flags: 'a c l n p s t T u U v w W 0 version' },
  php: { code: 'r B R E', values: 'd c f z', flags: 'a i m n q s v w l version' },
  lua: { code: 'e', values: 'l', flags: 'i v E' },
  deno: { code: '', flags: '' },
  bun: { code: 'e eval', flags: '' },
  Rscript: { code: 'e', flags: 'version verbose vanilla' },
  tsx: { code: 'e', flags: '' },
};

function language(spec: Language): ProgramReader {
  const known = grammar(
    [
      ...[spec.code, spec.module, spec.values].flatMap((names) =>
        (names ?? '').split(' ').map((name) => name && `${name}=`),
      ),
      spec.flags ?? '',
    ].join(' '),
  );
  const codes = spec.code.split(' ');
  return (call) => {
    const end = call.args.findIndex(({ value, lead }) => ends(value ?? lead, codes, spec.module));
    const own = end === -1 ? call.args : call.args.slice(0, end + 2);
    const { operands, values, has, loose } = readOptions(own, known, true);
    const code = values(...codes);
    const [module] = spec.module === undefined ? [] : values(spec.module);
    const [script] = operands;
    for (const arg of values('r', 'require', 'import', 'env-file')) call.reads(arg);
    if (code.length > 0)
      for (const { value } of code) call.interpreter({ from: 'text', ...(value !== undefined && { code: value }) });
    else if (module !== undefined) runModule(call, module, call.args.slice(call.args.indexOf(module) + 1));
    else if (loose !== undefined) call.interpreter({ from: 'text' });
    else if (script !== undefined && script.value !== '-') {
      call.reads(script);
      call.interpreter({ from: 'file', ...(script.value !== undefined && { code: script.value }) });
    } else if (has('test')) call.interpreter({ from: 'file' });
    else if (!(has('version', 'help', 'V', 'h', 'v') && own.length === 1)) withoutScript(call);
    if (has('i', 'interactive', 'a')) call.interactive();
    return KNOWN;
  };
}

/** Whether the code or the module stands in, or behind, this option. */
const ends = (text: string, codes: readonly string[], module: string | undefined): boolean =>
  codes.some((name) => name.length === 1 && text === `-${name}`) || (module !== undefined && text === `-${module}`);

function runModule(call: Call, module: Arg, args: readonly Arg[]): void {
  if (module.value === 'pip') call.run([module, ...args]);
  else call.interpreter({ from: 'module', ...(module.value !== undefined && { code: module.value }) });
}

function withoutScript(call: Call): void {
  const { input } = call;
  if (input.from === 'text') call.interpreter({ from: 'text', code: input.text });
  else {
    call.interpreter({ from: 'input' });
    if (input.from === 'tool') call.interactive();
  }
}

const VERSIONS =
  'python python2 python3 python3.8 python3.9 python3.10 python3.11 python3.12 python3.13 python3.14 pypy pypy3';

export const INTERPRETERS: readonly (readonly [string, ProgramReader])[] = [
  ['bash', shell(false)],
  ['sh', shell(true)],
  ['dash', shell(true)],
  ...VERSIONS.split(' ').map((name) => [name, language(PYTHON)] as const),
  ...Object.entries(LANGUAGES).map(([name, spec]) => [name, language(spec)] as const),
];
