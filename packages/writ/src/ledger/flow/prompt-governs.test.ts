import { expect, it } from 'vitest';
import { Prompt } from './prompt-values.js';

const DELETE = {
  role: 'target',
  kind: undefined,
  nouns: new Set(['file', 'id']),
  verbs: new Set(['delet', 'remov']),
} as const;

it.each<[string, string, boolean]>([
  ['Delete file 7', '7', true],
  ['Look at file 7, and delete it', '7', true],
  ['Look at the file 7, and delete the file if it is old', '7', true],
  ['Open file 7 and delete', '7', true],
  ['Read file 7, and delete the oldest file', '7', false],
  ['Delete the oldest file, and read file 7', '7', false],
  ['Read file f-17, and remove another', 'f-17', false],
  ['Delete the file that is a copy of file 7', '7', false],
  ['Delete files older than file 7', '7', false],
  ['Delete everything but file 12', '12', false],
  ['Delete nothing but file 12', '12', true],
  ['Read the mail with the ID 17, and delete the file of it', '17', false],
  ['Delete the file with the ID 17', '17', true],
  ['Delete the #3 largest of the files', '3', false],
  ['Delete file #3', '3', true],
])('"%s" means %s for a deletion: %s', (prompt, id, isMeant) => {
  expect(new Prompt(prompt).names(id, DELETE, { characters: 100_000 })).toBe(isMeant);
});
