import { MAPPING_VARIABLES, mappingEnvironment } from '@writ/enforce/cel';
import { z } from 'zod';
import { type CelProblem, celProblem } from '../../lib/cel-problem.js';
import { name } from '../names.js';

const template = {
  subject: z.unknown().optional(),
  action: z.strictObject({ name: z.string(), properties: z.record(z.string(), z.unknown()).optional() }).optional(),
  context: z.record(z.string(), z.unknown()).optional(),
};
const mappedResource = z.strictObject({
  type: z.string(),
  id: z.string(),
  properties: z.record(z.string(), z.unknown()).optional(),
});

/** A COAZ mapping: a template of one AuthZEN request, or of several that all have to be permitted. Leaf strings that begin with `$` are CEL. */
const mapping = z.union([
  z.strictObject({ evaluation: z.strictObject({ ...template, resource: mappedResource }) }),
  z.strictObject({
    evaluations: z.strictObject({
      ...template,
      resource: mappedResource.optional(),
      evaluations: z
        .array(
          z.strictObject({ action: template.action, resource: mappedResource.optional(), context: template.context }),
        )
        .min(1),
    }),
  }),
]);

export const mappingYaml = z.strictObject({
  server: name,
  tools: z.record(
    z.string(),
    mapping.superRefine((one, context) => {
      for (const { path, message, offset } of wrongLeaves(one, []))
        context.addIssue({ code: 'custom', path: [...path], message, params: { offset } });
    }),
  ),
});

const cel = mappingEnvironment(MAPPING_VARIABLES);

/** Yields each leaf that is not CEL, though it begins with `$`. */
function* wrongLeaves(
  node: unknown,
  path: readonly PropertyKey[],
): Generator<{ readonly path: readonly PropertyKey[]; readonly message: string; readonly offset: number }> {
  if (typeof node === 'object' && node !== null)
    for (const [key, value] of Object.entries(node)) yield* wrongLeaves(value, [...path, key]);
  if (typeof node !== 'string' || !node.startsWith('$') || node.startsWith('$$')) return;
  const wrong = wrongIn(node.slice(1));
  if (wrong === undefined) return;
  const help = wrong.help === undefined ? '' : ` (${wrong.help})`;
  yield { path, message: `it is not CEL: ${wrong.message}${help}; \`$$\` stands for a $`, offset: wrong.offset + 1 };
}

function wrongIn(expression: string): CelProblem | undefined {
  try {
    const { valid, error } = cel.parse(expression).check();
    return valid ? undefined : celProblem(error, cel);
  } catch (error) {
    return celProblem(error, cel);
  }
}
