import { Ajv, type Options } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { RE2JS } from 're2js';
import type { Tool } from '../protocol/call.js';

const ANYTHING = { test: () => true, toString: () => 'anything' };

/**
 * Compiles a `pattern`. The pattern comes from a server and the text from a client: together they must not block the
 * process. A pattern that needs more than linear time (look-around, back references) is left to the server.
 */
function linear(pattern: string): { readonly test: (text: string) => boolean; readonly toString: () => string } {
  try {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
    return { test: (text) => compiled.test(text), toString: () => `linear ${pattern}` };
  } catch {
    return ANYTHING;
  }
}

const OPTIONS: Options = {
  strict: false,
  validateFormats: false,
  validateSchema: false,
  // `code` is for generated modules, which these are not.
  code: { regExp: Object.assign(linear, { code: '' }) as never },
};

/**
 * Returns a function from arguments to their error by the input schema of a tool; undefined if they fit. A schema
 * that cannot be compiled checks nothing here; the schema of the policies still does.
 */
export function validatorOf({ inputSchema }: Tool): (input: unknown) => string | undefined {
  const { $schema: dialect, ...schema } = inputSchema as Record<string, unknown>;
  // MCP's default dialect is 2020-12. Formats are annotations there, and unknown keywords are allowed.
  const isOld = typeof dialect === 'string' && /draft-0[4-7]/.test(dialect);
  const ajv = new (isOld ? Ajv : Ajv2020)(OPTIONS);
  try {
    const validate = ajv.compile(schema);
    return (input) => (validate(input) ? undefined : ajv.errorsText(validate.errors, { dataVar: 'arguments' }));
  } catch {
    return () => undefined;
  }
}
