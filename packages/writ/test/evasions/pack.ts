import { existsSync, readFileSync } from 'node:fs';

/** Of the checkout, whether this file runs as it is or as it is built. */
const PACK = ['../../../../', '../../../../../']
  .map((up) => new URL(`${up}examples/packs/guarded-agent/`, import.meta.url))
  .find((folder) => existsSync(folder)) as URL;
const read = (file: string): string => readFileSync(new URL(file, PACK), 'utf8');

/**
 * Returns a bundle with the policies and accumulators of the guarded agent over other tools.
 *
 * @param inputs the Cedar type of the arguments of each tool, as `{ path: String }`
 * @param tools the text of `tools.yaml`
 * @param more other files, or others of the same name
 */
export function packOver(
  inputs: Readonly<Record<string, string>>,
  tools: string,
  more: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [shared = ''] = read('schema.cedarschema').split(/^action "/m);
  const actions = Object.entries(inputs).map(
    ([tool, input]) =>
      `action ${JSON.stringify(tool)} appliesTo { principal: [User, Agent], resource: [Tool], context: { input: ${input}, tool: ToolCall, ledger: Ledger, provenance: Provenance } };`,
  );
  return {
    'schema.cedarschema': `${shared}\n${actions.join('\n')}\n`,
    'ledger.yaml': read('ledger.yaml'),
    'policies/guarded-agent.cedar': read('policies/guarded-agent.cedar'),
    'tools.yaml': tools,
    ...more,
  };
}
