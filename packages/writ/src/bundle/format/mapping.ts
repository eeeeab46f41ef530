import { z } from 'zod';
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

export const mappingYaml = z.strictObject({ server: name, tools: z.record(z.string(), mapping) });
