import { MAPPING_VARIABLES, mappingEnvironment } from '@writ/enforce/cel';
import { HTTP_BINDING } from '@writ/enforce/http';
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

/** Mappings of the tools of a server, or of the operations of a service for HTTP. */
export const mappingYaml = z
  .strictObject({
    server: name.optional(),
    tools: mappingsIn(mappingEnvironment(MAPPING_VARIABLES)).default({}),
    service: name.optional(),
    operations: mappingsIn(mappingEnvironment(HTTP_BINDING.variables.bundle)).default({}),
  })
  .refine(({ server, service }) => (server === undefined) !== (service === undefined), {
    message: 'mappings are of a server, with tools, or of a service, with operations',
  })
  .refine(({ service, tools }) => service === undefined || Object.keys(tools).length === 0, {
    path: ['tools'],
    message: 'a service has operations, and no tools',
  })
  .refine(({ server, operations }) => server === undefined || Object.keys(operations).length === 0, {
    path: ['operations'],
    message: 'a server has tools, and no operations',
  });

type Cel = ReturnType<typeof mappingEnvironment>;

function mappingsIn(cel: Cel) {
  return z.record(
    z.string(),
    mapping.superRefine((one, context) => {
      for (const { path, message, offset } of wrongLeaves(one, [], cel))
        context.addIssue({ code: 'custom', path: [...path], message, params: { offset } });
    }),
  );
}

/** Yields each leaf that is not CEL, though it begins with `$`. */
function* wrongLeaves(
  node: unknown,
  path: readonly PropertyKey[],
  cel: Cel,
): Generator<{ readonly path: readonly PropertyKey[]; readonly message: string; readonly offset: number }> {
  if (typeof node === 'object' && node !== null)
    for (const [key, value] of Object.entries(node)) yield* wrongLeaves(value, [...path, key], cel);
  if (typeof node !== 'string' || !node.startsWith('$') || node.startsWith('$$')) return;
  const wrong = wrongIn(node.slice(1), cel);
  if (wrong === undefined) return;
  const help = wrong.help === undefined ? '' : ` (${wrong.help})`;
  yield { path, message: `it is not CEL: ${wrong.message}${help}; \`$$\` stands for a $`, offset: wrong.offset + 1 };
}

function wrongIn(expression: string, cel: Cel): CelProblem | undefined {
  try {
    const { valid, error } = cel.parse(expression).check();
    return valid ? undefined : celProblem(error, cel);
  } catch (error) {
    return celProblem(error, cel);
  }
}
