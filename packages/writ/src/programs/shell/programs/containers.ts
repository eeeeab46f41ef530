import { hostOf } from '../effects/hosts.js';
import { type Arg, literal } from '../syntax/arg.js';
import { type Call, KNOWN, type Outcome, type ProgramReader, UNKNOWN } from './call.js';
import { grammar, readOptions } from './options.js';

const DOCKER_PLAIN = new Set(
  'ps images logs inspect version info stats top port diff history events search context ls'.split(' '),
);
const DOCKER_RUN = grammar(
  `d i t rm e= p= v= w= u= h= l= P q name= env= publish= volume= workdir= user= network= interactive tty detach platform= pull= entrypoint= memory= m= cpus= restart= hostname= label= add-host= init read-only tmpfs= env-file= mount=`,
);
const EXEC = grammar('d i t e= u= w= interactive tty detach env= user= workdir= T index=');

/** Reads docker: what it starts runs in a container, with the folders that are mounted. */
export const docker: ProgramReader = (call) => {
  const { args } = call;
  const compose = args[0]?.value === 'compose' || call.name === 'docker-compose';
  const [first, ...rest] = call.name !== 'docker-compose' && compose ? args.slice(1) : args;
  const subcommand = first?.value;
  if (first !== undefined && subcommand === undefined)
    call.refuse('the text does not say which subcommand this is', first);
  const outcome = compose ? composeCall(call, subcommand, rest) : dockerCall(call, subcommand, rest);
  return subcommand === undefined
    ? outcome
    : { ...outcome, subcommand: compose ? `compose ${subcommand}` : subcommand };
};

function dockerCall(call: Call, subcommand: string | undefined, rest: readonly Arg[]): Outcome {
  if (subcommand === undefined || DOCKER_PLAIN.has(subcommand)) return KNOWN;
  if (
    ['stop', 'start', 'restart', 'kill', 'rm', 'rmi', 'wait', 'pause', 'unpause', 'tag', 'rename'].includes(subcommand)
  )
    return KNOWN;
  if (subcommand === 'pull' || subcommand === 'push') {
    const image = rest.find(({ lead }) => !lead.startsWith('-'));
    call.hostNamed(image?.value === undefined ? undefined : registryOf(image.value));
    call.package({
      manager: 'docker',
      names: image?.value === undefined ? [] : [image.value],
      unresolved: image?.value === undefined,
    });
    return rest.some(({ lead, value }) => lead.startsWith('-') && !/^(?:-q|--quiet|-a|--platform)$/.test(value ?? ''))
      ? UNKNOWN
      : KNOWN;
  }
  if (subcommand === 'build') {
    call.interpreter({ from: 'file' });
    for (const [index, arg] of rest.entries())
      if (
        !arg.lead.startsWith('-') &&
        !/^(?:-t|--tag|--target|--build-arg|--platform)$/.test(rest[index - 1]?.value ?? '')
      )
        call.reads(arg, true);
    call.hostNamed(undefined);
    return KNOWN;
  }
  if (subcommand === 'exec') return inContainer(call, rest, EXEC);
  if (subcommand !== 'run') return UNKNOWN;
  return inContainer(call, rest, DOCKER_RUN);
}

function inContainer(call: Call, rest: readonly Arg[], known: ReturnType<typeof grammar>): Outcome {
  const { operands, values, has, strange, loose } = readOptions(rest, known, true);
  const [image, ...command] = operands;
  if (strange !== undefined || loose !== undefined || has('mount', 'entrypoint', 'env-file')) return UNKNOWN;
  for (const arg of values('v', 'volume')) {
    // A short option may have its value behind `=`.
    const path = arg.value?.replace(/^=/, '').split(':')[0];
    if (arg.base !== undefined) {
      const rest = arg.base.rest.split(':')[0] as string;
      call.writes({ ...arg, base: { ...arg.base, rest } }, true);
    } else if (path === undefined) call.unresolved('writes');
    else if (/^[./~]/.test(path)) call.writes(literal(path, arg.pos), true);
  }
  const where = `container:${image?.value ?? '?'}`;
  if (known === DOCKER_RUN) {
    call.hostNamed(image?.value === undefined ? undefined : registryOf(image.value));
    call.interpreter({ from: 'package', ...(image?.value !== undefined && { code: image.value }) });
  }
  if (command.length > 0) call.run(command, where);
  return KNOWN;
}

function composeCall(call: Call, subcommand: string | undefined, rest: readonly Arg[]): Outcome {
  if (['ps', 'logs', 'config', 'images', 'top', 'version', 'ls'].includes(subcommand ?? '')) return KNOWN;
  if (subcommand === 'exec') return inContainer(call, rest, EXEC);
  if (!['up', 'down', 'start', 'stop', 'restart', 'build', 'pull'].includes(subcommand ?? '')) return UNKNOWN;
  // The file of the project says which images run, and with which folders.
  call.interpreter({ from: 'file' });
  call.reads(literal('.', call.pos), true);
  call.hostNamed(undefined);
  return KNOWN;
}

/** Returns the host of an image: its first part, if that looks like one. */
function registryOf(image: string): string {
  const first = image.split('/')[0] ?? '';
  return image.includes('/') && (/[.:]/.test(first) || first === 'localhost') ? (hostOf(first) ?? first) : 'docker.io';
}
