import { expect, it } from 'vitest';
import { notesOn } from './notes.js';

const noted = (name: string, argument: string, description = '') =>
  notesOn(
    {
      name,
      description,
      inputSchema: { type: 'object', properties: { [argument]: { type: 'string' } }, additionalProperties: false },
    },
    { roles: {} },
  );

it.each([
  ['query', 'sql', '', 'sql'],
  ['execute_sql', 'query', '', 'sql'],
  ['query', 'query', 'Runs a query on PostgreSQL', 'sql'],
  ['run_command', 'command', '', 'shell'],
  ['bash', 'cmd', '', 'shell'],
])('%s: its %s is noted as a program', (name, argument, description, language) => {
  expect(noted(name, argument, description)).toEqual([expect.stringContaining(`{ language: ${language} }`)]);
});

it.each([
  ['search_web', 'query'],
  ['run_robot', 'command'],
  ['publish', 'script'],
])('%s: its %s is not', (name, argument) => {
  expect(noted(name, argument)).toEqual([]);
});
