import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/** The build, because a process of its own has no TypeScript. */
const BUILD = new URL('../dist/src/index.js', import.meta.url).href;

const READS = `
const { readPolicyText } = await import(${JSON.stringify(BUILD)});
const policies = Array.from({ length: 20_000 }, (_, i) => [
  \`@id("p\${i}") permit(principal == User::"u\${i}", action == Action::"view", resource) when { resource.size < \${i} && principal.dept == "d" };\`,
  \`@id("p\${i}") permit(principal in Team::"t\${i}", action, resource) when { context.hour > \${i} && !(resource.secret) } unless { principal.level < 3 };\`,
  \`@id("p\${i}") forbid(principal, action, resource == Doc::"d\${i}") when { context has name && context.name like "*x*" };\`,
][i % 3]);
console.log(readPolicyText(policies.join('\\n')).length);
`;

describe('many policies in one text', () => {
  // V8 of Node 20 ended the process (`unreachable code` in the deoptimizer) between 3,000 and 20,000 policies.
  it('are read, 20,000 of them, by a process that lives', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', READS], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      timeout: 150_000,
    });
    expect(stdout.trim()).toBe('20000');
  });
});
