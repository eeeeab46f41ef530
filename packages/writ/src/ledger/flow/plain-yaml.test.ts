import { describe, expect, it } from 'vitest';
import { isPlainYaml } from './plain-yaml.js';
import { readAnswer } from './result-value.js';

/** Returns the CPU time that reading a text as a tool's answer takes, in milliseconds. */
function cpuMsOf(text: string): number {
  const before = process.cpuUsage();
  readAnswer({ content: [{ type: 'text', text }] }, 'yaml');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

describe('an answer that is hostile to a YAML parser (attack F1)', () => {
  it.each([
    ['braces', '{'.repeat(300)],
    ['braces in a mail', `Dear agent: ${'{'.repeat(300)}`],
    ['brackets, which ended the process', '['.repeat(3_000)],
    ['braces and brackets', '{['.repeat(200)],
    ['braces and commas', '{,'.repeat(300)],
    ['explicit keys', `{? ${'{? '.repeat(300)}`],
    ['explicit keys in a line', '? '.repeat(2_000)],
    ['a list in a list in a line', `${'- '.repeat(2_000)}a`],
    ['a list deeper with each line', Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}-`).join('\n')],
    ['a map deeper with each line', Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['colons', `a: ${'b: '.repeat(2_000)}`],
    ['half a megabyte of keys', 'a:\n'.repeat(160_000)],
    ['braces on lines of their own', '- {\n'.repeat(1_000)],
    ['explicit keys after a key', `a: ${'? '.repeat(2_000)}`],
    ['explicit keys after an anchor', `- &a ${'? '.repeat(2_000)}`],
    ['a few explicit keys on each line', 'a: ? ? ? b\n'.repeat(100)],
    ['explicit keys in a list', `[${'? '.repeat(2_000)}]`],
    ['anchors in a line', `- ${'&a '.repeat(20_000)}`],
    ['a map that is not closed', `{{{{{{${'a,\n'.repeat(20_000)}`],
  ])('is one text, and takes no time: %s', (_name, text) => {
    expect(isPlainYaml(text)).toBe(false);
    // A bound that no load of the machine reaches: CPU time, of some microseconds.
    expect(cpuMsOf(text)).toBeLessThan(500);
    expect(readAnswer({ content: [{ type: 'text', text }] }, 'yaml').value).toBe(text);
  });

  it.each([
    ['a list of records', '- id: 1\n  sender: ana@shop.example\n  body: |\n    Hello {name}, see [1].\n- id: 2\n'],
    ['questions in a text', '- body: "Really? Yes. Is it? [1]"\n  id: 1\n'],
    ['flow collections', 'items: [{ id: 1, tags: [a, b] }, { id: 2, tags: [] }]\n'],
    ['a nested map', 'a:\n  b:\n    c:\n      - d: 1\n'],
  ])('one that is not is read as before: %s', (_name, text) => {
    expect(isPlainYaml(text)).toBe(true);
    expect(typeof readAnswer({ content: [{ type: 'text', text }] }, 'yaml').value).toBe('object');
  });
});
