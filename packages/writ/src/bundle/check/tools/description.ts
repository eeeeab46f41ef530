import { ToolDescriptionError } from '../../../ledger/errors.js';
import { Tools } from '../../../ledger/flow/tool-description.js';
import { EFFECTS } from '../../format/tools.js';
import { declaredPlace } from '../declared-place.js';
import type { Rule } from '../rule.js';

const NO_TOOL = { arguments: {}, opaque: [] };

/** A description of a tool whose paths or conditions do not parse. */
export const toolDescription: Rule = {
  code: 'tools/description',
  check({ tools: { tools, defaults, programs } }, find) {
    const attempt = (described: typeof tools, way: readonly string[], without = 0): void => {
      try {
        new Tools(described, defaults, EFFECTS);
      } catch (error) {
        if (!(error instanceof ToolDescriptionError)) throw error;
        find
          .in('tools.yaml')
          .error(
            error.message,
            error.help,
            declaredPlace(way, error.at && { ...error.at, path: error.at.path.slice(without) }),
          );
      }
    };
    attempt({}, ['defaults']);
    for (const [name, tool] of Object.entries(tools)) attempt({ [name]: tool }, ['tools', name]);
    // The labels of tables become those of a result with a call, which is too late to find a mistake.
    for (const [table, { result, columns }] of Object.entries(programs.tables ?? {})) {
      const way = ['programs', 'tables', table];
      attempt({ [table]: { ...NO_TOOL, result } }, way);
      for (const [name, labels] of Object.entries(columns))
        attempt({ [`${table}.${name}`]: { ...NO_TOOL, result: labels } }, [...way, 'columns', name], 1);
    }
  },
};
