import { ToolDescriptionError } from '../../../ledger/errors.js';
import { Tools } from '../../../ledger/flow/tool-description.js';
import { EFFECTS } from '../../format/tools.js';
import { declaredPlace } from '../declared-place.js';
import type { Rule } from '../rule.js';

/** A description of a tool whose paths or conditions do not parse. */
export const toolDescription: Rule = {
  code: 'tools/description',
  check({ tools: { tools, defaults } }, find) {
    const attempt = (described: typeof tools, way: readonly string[]): void => {
      try {
        new Tools(described, defaults, EFFECTS);
      } catch (error) {
        if (!(error instanceof ToolDescriptionError)) throw error;
        find.in('tools.yaml').error(error.message, error.help, declaredPlace(way, error.at));
      }
    };
    attempt({}, ['defaults']);
    for (const [name, tool] of Object.entries(tools)) attempt({ [name]: tool }, ['tools', name]);
  },
};
