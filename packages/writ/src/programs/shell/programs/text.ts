import { type Arg, literal } from '../syntax/arg.js';
import { type Call, KNOWN, type ProgramReader, UNKNOWN } from './call.js';
import { grammar, readOptions } from './options.js';
import { readSed } from './sed-script.js';

const SED = grammar(
  'n e= E r f= i? I? s u z l= b expression= file= in-place? regexp-extended quiet silent separate null-data unbuffered posix debug line-length= help version',
);
const AWK = grammar('F= v= f= field-separator= assign= file= version help');

const sed: ProgramReader = (call) => {
  const { operands, values, has, strange, loose } = readOptions(call.args, SED);
  if (loose !== undefined) call.refuse('this can be an option of sed that runs a program', loose);
  if (strange !== undefined) call.refuse('this option of sed is not understood', strange);
  if (has('f', 'file')) call.refuse('sed runs a script that is not in the text');
  const given = values('e', 'expression');
  const scripts = given.length > 0 ? given : operands.slice(0, 1);
  for (const script of scripts) {
    if (script.value === undefined) return call.refuse('the text does not say what sed runs', script);
    const { reads, writes } = readSed(script.value, (why) => call.refuse(why, script));
    for (const path of reads) call.reads(literal(path, script.pos));
    for (const path of writes) call.writes(literal(path, script.pos));
  }
  for (const arg of given.length > 0 ? operands : operands.slice(1)) {
    if (arg.value === '-') continue;
    call.reads(arg);
    if (!has('i', 'I', 'in-place')) continue;
    call.writes(arg);
    // The copy stands beside the file; below a pattern it is already.
    for (const { value } of values('i', 'I', 'in-place'))
      if (arg.value !== undefined && value !== undefined) call.writes(literal(`${arg.value}${value}`, arg.pos));
      else if (arg.pattern === undefined) call.unresolved('writes');
  }
  // The suffix of a copy can hold a path.
  if (values('i', 'I', 'in-place').some(({ value }) => value === undefined || /[/*]/.test(value)))
    call.unresolved('writes');
  return KNOWN;
};

const awk: ProgramReader = (call) => {
  const { operands, values, strange, loose } = readOptions(call.args, AWK, true);
  if (loose !== undefined) call.refuse('this can be an option of awk that loads code', loose);
  if (strange !== undefined) call.refuse('this option of awk is not understood', strange);
  const files = values('f', 'file');
  if (files.length > 0) {
    for (const arg of files) {
      call.reads(arg);
      call.interpreter({ from: 'file', ...(arg.value !== undefined && { code: arg.value }) });
    }
  } else awkProgram(call, operands[0]);
  for (const arg of files.length > 0 ? operands : operands.slice(1)) {
    if (arg.value === '-' || /^[A-Za-z_]\w*=/.test(arg.lead)) continue;
    if (arg.value === undefined && arg.lead === '') call.unresolved('reads');
    call.reads(arg);
  }
  return KNOWN;
};

function awkProgram(call: Call, program: Arg | undefined): void {
  if (program === undefined) return;
  const { value } = program;
  if (value === undefined) {
    call.refuse('the text does not say what awk runs', program);
    return;
  }
  // `||` starts nothing.
  if (/system|@|\\\n/.test(value) || /\|/.test(value.replaceAll('||', '')))
    call.refuse('awk can run a program with this', program);
  if (/getline/.test(value)) call.unresolved('reads');
  if (/print[\s\S]*>/.test(value)) call.unresolved('writes');
  if (/ARGV|ARGC/.test(value)) call.unresolved('reads');
}

/** Reads jq: a filter reads nothing by itself. */
const jq: ProgramReader = (call) => {
  const operands: Arg[] = [];
  let filter = false;
  for (let index = 0; index < call.args.length; index += 1) {
    const arg = call.args[index] as Arg;
    const { value, lead } = arg;
    if (/^--(?:arg|argjson)$/.test(value ?? '')) index += 2;
    else if (/^--(?:slurpfile|rawfile)$/.test(value ?? '')) {
      index += 2;
      if (call.args[index] !== undefined) call.reads(call.args[index] as Arg);
    } else if (/^(?:-f|--from-file)$/.test(value ?? '')) {
      filter = true;
      index += 1;
      if (call.args[index] !== undefined) call.reads(call.args[index] as Arg);
    } else if (/^--(?:indent|seq|tab)$/.test(value ?? '')) index += value === '--indent' ? 1 : 0;
    else if (
      /^-[rcnsSeMCaj]+$|^--(?:raw-output|compact-output|null-input|slurp|sort-keys|exit-status|raw-input|monochrome-output|color-output|join-output|ascii-output)$/.test(
        value ?? '',
      )
    )
      continue;
    else if (/^-[rcnsSeMCajR]+$/.test(value ?? '')) continue;
    else if (lead.startsWith('-')) return UNKNOWN;
    else operands.push(arg);
  }
  const files = filter ? operands : operands.slice(1);
  if (!filter && (operands[0]?.many === true || /\b(?:input_filename|import|include)\b/.test(operands[0]?.value ?? '')))
    call.unresolved('reads');
  for (const arg of files) call.reads(arg);
  if (call.args.some(({ many, lead }) => many && lead === '')) call.unresolved('reads');
  return KNOWN;
};

export const TEXT: readonly (readonly [string, ProgramReader])[] = [
  ...['sed', 'gsed'].map((name) => [name, sed] as const),
  ...['awk', 'gawk', 'mawk', 'nawk'].map((name) => [name, awk] as const),
  ['jq', jq],
];
