import type { Bundle } from '../bundle.js';
import type { Finding } from './finding.js';

/** What `tools.yaml` says, beside the actions that the schema has. */
export function checkTools({ tools, schema }: Bundle): Finding[] {
  const findings: Finding[] = [];
  const warn = (message: string, help: string): void => {
    findings.push({ severity: 'warning', file: 'tools.yaml', line: 1, column: 1, message, help });
  };
  for (const [name, { arguments: roles, opaque, result }] of Object.entries(tools)) {
    const declared = schema.action({ type: 'Action', id: name });
    if (declared === undefined) {
      warn(`${name} is not an action of the schema`, 'every call of it is denied');
      continue;
    }
    if (result === undefined)
      warn(
        `${name}: nothing is said of its result`,
        'it counts as external and confidential; say so, or what it is, in `result`',
      );
    const input = declared.context.attributes.get('input')?.type;
    const known = input?.kind === 'record' ? new Set(input.attributes.keys()) : undefined;
    for (const path of Object.keys(roles)) {
      const argument = /^\$?\.?([^.[\]]+)/.exec(path)?.[1] ?? path;
      if (known?.has(argument) === true || opaque.includes(argument)) continue;
      warn(`${name}: no argument ${argument} is in the schema`, 'the role can never match');
    }
  }
  return findings;
}
