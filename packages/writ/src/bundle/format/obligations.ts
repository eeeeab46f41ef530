import { z } from 'zod';
import { wrongInPath } from '../../lib/json-path.js';
import { table } from '../../lib/table.js';

/** The obligations that a permit can ask for (AuthZEN Obligations Profile 1.0), by the name that `@obligation` uses. */
const obligation = z.strictObject({
  type: z.string().min(1),
  properties: z.record(z.string(), z.unknown()).default({}),
});

/** The members that the profile requires of its own types. */
const REQUIRED = table<readonly string[]>({
  'step-up': ['acr_value'],
  notification: ['to', 'body'],
  session_termination: ['subject'],
  cap: ['path', 'max'],
  replace: ['path', 'value'],
  'drop-field': ['path'],
  watermark: ['text'],
});
/** The classes that `redact` searches texts for. */
const CLASSES = ['email', 'phone', 'iban', 'card', 'secret', 'instructions', 'hidden-text'];

/** A mistake in an obligation, with the property that has it. */
interface Wrong {
  readonly message: string;
  readonly at?: string;
  /** Of a character in the property. */
  readonly offset?: number | undefined;
}

/** Returns the reason why our enforcement points could not carry out an obligation. */
function wrongIn(type: string, { path, class: found, on, max }: Readonly<Record<string, unknown>>): Wrong | undefined {
  if (!['redact', 'cap', 'replace', 'drop-field', 'watermark'].includes(type)) return undefined;
  if (on !== undefined && on !== 'input' && on !== 'result') return { message: '`on` is input or result', at: 'on' };
  if (type === 'redact' && path === undefined && found === undefined)
    return { message: 'a redact has a `path` or a `class`' };
  if (found !== undefined && !CLASSES.includes(String(found)))
    return { message: `a \`class\` is ${CLASSES.join(', ')}`, at: 'class' };
  if (type === 'cap' && max !== undefined && typeof max !== 'number')
    return { message: '`max` is a number', at: 'max' };
  if (path === undefined) return undefined;
  if (typeof path !== 'string') return { message: '`path` is a JSONPath', at: 'path' };
  const wrong = wrongInPath(path);
  return wrong && { message: `\`path\` is not a JSONPath: ${wrong.message}`, at: 'path', offset: wrong.offset };
}

export const obligationsYaml = z.strictObject({
  obligations: z
    .record(
      z.string().regex(/^[\w.-]+$/, 'a name is letters, digits, dots, dashes and _'),
      obligation.superRefine(({ type, properties }, context) => {
        for (const member of REQUIRED[type] ?? []) {
          if (properties[member] === undefined)
            context.addIssue({ code: 'custom', path: ['properties'], message: `a ${type} has \`${member}\`` });
        }
        const wrong = wrongIn(type, properties);
        if (wrong === undefined) return;
        const { message, at, offset } = wrong;
        const path = ['properties', ...(at === undefined ? [] : [at])];
        context.addIssue({ code: 'custom', path, message, params: { offset } });
      }),
    )
    .default({}),
});
