// Reads deploy/Dockerfile: stages of steps, for the check of its form and for running it without Docker.
import { readFileSync } from 'node:fs';

/** Returns the stages of a Dockerfile, each with its name, its base and its steps, with the ARGs filled in. */
export function stagesOf(file) {
  const lines = readFileSync(file, 'utf8')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const args = new Map();
  const stages = [];
  for (const line of lines) {
    const [, verb, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (verb === undefined) throw new Error(`${file}: not a step: ${line}`);
    const words = filled(rest, args);
    if (verb === 'ARG') args.set(...argOf(words));
    else if (verb === 'FROM') stages.push({ ...fromOf(words), steps: [] });
    else if (stages.length === 0) throw new Error(`${file}: ${verb} before the first FROM`);
    else stages.at(-1).steps.push(stepOf(verb, words));
  }
  return stages;
}

function filled(text, args) {
  return text.replaceAll(/\$\{(\w+)\}/g, (all, name) => args.get(name) ?? all);
}

function argOf(words) {
  const [name, ...value] = words.split('=');
  return [name, value.join('=')];
}

function fromOf(words) {
  const [, base, name] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(words) ?? [];
  if (base === undefined) throw new Error(`not a FROM: ${words}`);
  return { base, name };
}

function stepOf(verb, words) {
  const flags = {};
  let rest = words;
  for (let found = /^--([a-z-]+)=(\S+)\s+/.exec(rest); found !== null; found = /^--([a-z-]+)=(\S+)\s+/.exec(rest)) {
    flags[found[1]] = found[2];
    rest = rest.slice(found[0].length);
  }
  if (verb === 'HEALTHCHECK') return { verb, flags, command: jsonOf(rest.replace(/^CMD\s+/, '')) };
  if (verb === 'CMD' || verb === 'ENTRYPOINT') return { verb, flags, command: jsonOf(rest) };
  return { verb, flags, words: rest.split(/\s+/), text: rest };
}

/** The forms with a shell are not read: what they run depends on one. */
function jsonOf(text) {
  const command = JSON.parse(text);
  if (!Array.isArray(command)) throw new Error(`not a list: ${text}`);
  return command;
}
