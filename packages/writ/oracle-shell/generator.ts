import { Random } from './random.js';

/** The programs of the oracle. They only write their name and arguments. */
export const STUBS = ['pa', 'pb', 'pc', 'pd', 'pe', 'pf'];
const VARIABLES = ['v', 'w', 'n', 'i'];

/** Returns a command of the grammar of bash, the same for the same seed and row. */
export function generated(seed: number, row: number): string {
  return new Generator(new Random(seed, row)).text();
}

type Form = (depth: number) => string;

class Generator {
  private names = 0;

  constructor(private readonly random: Random) {}

  text(): string {
    const count = 1 + this.random.below(3);
    const separator = this.random.pick(['; ', '\n', ' && ', ' || ', '; ']);
    return Array.from({ length: count }, () => this.command(1 + this.random.below(3))).join(separator);
  }

  private command(depth: number): string {
    if (depth <= 0 || this.random.chance(0.25)) return this.simple(depth);
    return this.random.pick(this.random.chance(0.8) ? this.structures : this.evaluations)(depth - 1);
  }

  private readonly structures: readonly Form[] = [
    (d) => `${this.command(d)} | ${this.command(d)}`,
    (d) => `${this.simple(d)} |& ${this.command(d)}`,
    (d) => `(${this.command(d)})`,
    (d) => `{ ${this.command(d)}; }`,
    (d) => `{ ${this.command(d)}; } ${this.redirection()}`,
    (d) => `! ${this.simple(d)}`,
    (d) => `time ${this.simple(d)}`,
    (d) => `if ${this.command(d)}; then ${this.command(d)}; else ${this.command(d)}; fi`,
    (d) => `if ! ${this.simple(d)}; then :; elif ${this.command(d)}; then ${this.command(d)}; fi`,
    (d) => `for v in ${this.word(d)} ${this.word(d)}; do ${this.command(d)}; done`,
    (d) => `for i in 1 2; do ${this.command(d)}; done`,
    (d) => `while ${this.command(d)}; do ${this.command(d)}; break; done`,
    (d) => `until ${this.command(d)}; do ${this.command(d)}; break; done`,
    (d) =>
      `case ${this.word(d)} in ${this.random.pick(['x', 'a*', '"$v"', `$(${this.simple(d)})`])}) ${this.command(d)};; *) ${this.command(d)};; esac`,
    (d) => `case x in x) ${this.command(d)};& y) ${this.command(d)};; esac`,
    (d) => this.functionOf(d),
    (d) => `coproc { ${this.command(d)}; }; wait`,
    (d) => `coproc ${this.simple(d)}; wait`,
    (d) => `${this.simple(d)} & wait`,
    (d) => `{ ${this.simple(d)} <<E\nx $v ${this.substitution(d)}\nE\n}`,
    (d) => `{ ${this.simple(d)} <<'E'\n$(pf) \`pf\`\nE\n}`,
    (d) => `{ ${this.simple(d)} <<-E\n\t$v ${this.substitution(d)}\n\tE\n}`,
    (d) => `${this.simple(d)} <<< ${this.word(d)}`,
    (d) => `${this.simple(d)} < <(${this.command(d)})`,
    (d) => `${this.simple(d)} > >(${this.command(d)})`,
    (d) => `[[ ${this.word(d)} == ${this.word(d)} ]] && ${this.command(d)}`,
    (d) => `[ ${this.quoted(d)} = ${this.quoted(d)} ] || ${this.command(d)}`,
    (d) => `v=${this.word(d)}; ${this.command(d)}`,
    (d) => `v=(${this.word(d)} ${this.word(d)}); ${this.simple(d)} "\${v[@]}"`,
    (d) => `${this.wrapper()} ${this.simple(d)}`,
    (d) => `${this.random.pick(['sh', 'bash'])} -c ${quote(this.command(d))}`,
    (d) => `bash -c ${quote(this.command(d))} x ${this.word(d)}`,
    (d) => `cd ${this.random.pick(['d1', '.', 'd2'])} && ${this.simple(d)} ${this.redirection()}`,
    (d) => `(cd d1; ${this.simple(d)} ${this.redirection()})`,
    (d) => `echo ${this.word(d)} | while read -r w; do ${this.command(d)}; done`,
    () => `echo 1 2 | xargs ${this.name()} ${this.random.pick(['', '-n', 'x'])}`,
    () => `find d1 -name ${this.random.pick(['"*"', 'x'])} -exec ${this.name()} {} ${this.random.pick(['\\;', '+'])}`,
    (d) => `for ((i=0; i<2; i++)); do ${this.command(d)}; done`,
    (d) => `v=x; echo $((1 + 2)) "\${#v}" "\${v%x}" "\${v/x/${this.substitution(d)}}"`,
  ];

  /** Forms in which bash evaluates text again, and names that are no literals. */
  private readonly evaluations: readonly Form[] = [
    (d) => `eval ${quote(this.command(d))}`,
    (d) => `${this.random.pick(['command', 'builtin', 'exec', 'command -p'])} ${this.simple(d)}`,
    (d) => `trap ${quote(this.command(d))} EXIT`,
    (d) => `source <(echo ${quote(this.simple(d))})`,
    (d) => `. /dev/stdin <<< ${quote(this.simple(d))}`,
    () =>
      `n='a[$(${this.random.pick(STUBS)})]'; ${this.random.pick(['((n))', 'echo $((n))', '[[ n -eq 1 ]]', 'declare -i w=n', 'let n', 'test -v "$n"', '[[ -v $n ]]', 'read "$n" <<< 1', 'printf -v "$n" x', 'echo ${v[n]}', 'echo ${n:n}', 'unset "$n"', '[ $n ]', 'SECONDS=$n', 'RANDOM=$n', 'for OPTIND in "$n"; do :; done', 'a[n]=1'])}`,
    () => `v='$(${this.random.pick(STUBS)})'; echo "\${v@P}"`,
    () => `PS4='$(${this.random.pick(STUBS)} >&2)'; set -x; :`,
    () =>
      `v=${this.random.pick(STUBS)}; ${this.random.pick(['$v', '"$v"', '${v}', '$v x', '${v:-pa}', '${w:-pb}', '`echo $v`', '${v}"" y'])}`,
    () => `v=${this.random.pick(STUBS)}; ${this.random.pick(['v=pa', 'read v <<< pb', ': ${v:=pb}', 'w=1'])}; $v`,
    () =>
      `${this.random.pick(['{pa,x}', 'p[a]', '../bin/p?', '$(echo pc)', '`echo pd`', 'p${z}e', '"${z:-pf}"', 'pa""', '$z pb', '"" pc'])}`,
    () => `shopt -s expand_aliases\nalias q=${this.random.pick(STUBS)}\nq`,
    () => `p() { :; }; ${this.random.pick(['p', 'unset -f p; p', 'command p'])}; pa() { pb; }; pa`,
    () =>
      `echo pa | ${this.random.pick(['bash', 'sh', 'sh -s', 'bash -s x', 'xargs -I{} sh -c {}', 'xargs env', 'xargs bash -c'])}`,
    () =>
      `bash ${this.random.pick(["<<< 'pa x'", "<<'E'\npb\nE\n:", '<<E\n$(echo pc)\nE\n:', '<<E\npd\nE\n:', '< /dev/null', '-s <<< pe'])}`,
    () => `env ${this.random.pick(['-S "pa x"', 'x=1 pb', '-i pc', '-u x pd', '-- pe', 'PATH=/nowhere pf', '-'])}`,
    () =>
      this.random.pick([
        'pa $(',
        "pb 'x",
        'if pc',
        'pd )',
        '{ pe',
        'pf <<E\nx',
        'pa | ',
        '"pb',
        'pc &&& pd',
        'case x in pd',
        'pe ;; pf',
      ]),
    () => `mapfile -C ${this.random.pick(STUBS)} -c 1 v <<< "x"`,
    () => `set -- ${this.random.pick(STUBS)} x; ${this.random.pick(['"$@"', '$1', '$*', 'echo "$1"'])}`,
    () => `compgen -C ${this.random.pick(STUBS)} x`,
  ];

  private wrapper(): string {
    return this.random.pick([
      'env',
      'env v=1',
      'nohup',
      'timeout 5',
      'timeout -k 1 5',
      'nice',
      'nice -n 5',
      'nice -5',
      'command',
      'exec',
      'setsid -w',
      'stdbuf -oL',
      'env timeout 5 nice',
    ]);
  }

  private functionOf(depth: number): string {
    this.names += 1;
    const name = `f${this.names}`;
    const head = this.random.pick([`${name}() {`, `function ${name} {`, `function ${name}() {`]);
    const tail = this.random.chance(0.2) ? ` ${this.redirection()}` : '';
    return `${head} ${this.command(depth)}; }${tail}; ${this.random.chance(0.8) ? `${name} ${this.word(depth)}` : ':'}`;
  }

  private simple(depth: number): string {
    const before = this.random.chance(0.15) ? `${this.random.pick(VARIABLES)}=${this.word(depth)} ` : '';
    const words = Array.from({ length: this.random.below(3) }, () => this.word(depth));
    const after = this.random.chance(0.2) ? [this.redirection()] : [];
    return `${before}${[this.name(), ...words, ...after].join(' ')}`;
  }

  /** A name, quoted in one of the ways of the shell. */
  private name(): string {
    const stub = this.random.pick(STUBS);
    const [a, b] = [stub[0] as string, stub[1] as string];
    const code = b.charCodeAt(0);
    return this.random.pick([
      ...[stub, stub, stub, stub, `'${stub}'`, `"${stub}"`, `\\${stub}`, `${a}\\${b}`, `"${a}"${b}`, `'${a}'"${b}"`],
      ...[
        `$'${stub}'`,
        `$'${a}\\x${code.toString(16)}'`,
        `$'${a}\\${code.toString(8)}'`,
        `${a}""${b}`,
        `$"${stub}"`,
        `${a}\\\n${b}`,
      ],
    ]);
  }

  private redirection(): string {
    const file = this.random.pick(['o1', 'o2', 'd1/o3', './d2/../o4', '"o 5"', "o'6'", '$v.o', 'o*']);
    return this.random.pick([
      `> ${file}`,
      `>> ${file}`,
      `>| ${file}`,
      `&> ${file}`,
      `2> ${file}`,
      `>& ${file}`,
      '2>&1',
      '< f1',
      '> /dev/null',
      `3<> ${file}`,
      '>&2',
      `{w}> ${file}`,
    ]);
  }

  private substitution(depth: number): string {
    const inner = this.command(depth - 1);
    return this.random.pick([
      `$(${inner})`,
      `"$(${inner})"`,
      `\`${this.name().replaceAll('\\', '')} x\``,
      `<(${inner})`,
      `\${z:-$(${inner})}`,
      `"\${z-\`pa\`}"`,
    ]);
  }

  private quoted(depth: number): string {
    return this.random.pick(['"$v"', '"x y"', "'z'", 'x', `"$(${this.simple(depth - 1)})"`, '"${v:-x}"']);
  }

  private word(depth: number): string {
    if (depth > 0 && this.random.chance(0.25)) return this.substitution(depth);
    return this.random.pick([
      ...[
        'x',
        '-a',
        '"$v"',
        '$v',
        "'a b'",
        '"a  b"',
        '{1,2}',
        'x{a,b}y',
        '{1..3}',
        '*',
        'f?',
        '~',
        '~/x',
        '"~"',
        '\\$v',
        '$i',
        '${v}',
      ],
      ...[
        "$'a\\tb'",
        '"a\\"b"',
        '""',
        '$((1+2))',
        '${#v}',
        '"${v:-x y}"',
        'a=b',
        'a#b',
        '--k=v',
        '$$',
        '[ab]',
        '"*"',
        '\\*',
        'a\\ b',
      ],
    ]);
  }
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
