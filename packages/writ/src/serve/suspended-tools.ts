import type { Logger } from 'pino';
import type { ToolStates } from '../enforce/mcp/protocol/tool-states.js';
import { defined } from '../lib/defined.js';
import { type PinnedTool, suspensionOf, type ToolPins } from '../registry/tool-pins.js';
import type { RecordChange } from './runtime.js';

/** Records that tools were suspended, and logs it. */
export async function recordSuspended(
  tools: readonly PinnedTool[],
  record: RecordChange,
  logger: Logger,
): Promise<void> {
  for (const { server, tool, approved, now, findings } of tools) {
    logger.warn({ server, tool, findings }, 'a tool is suspended until it is approved: see writ tools');
    await record({
      by: 'writ',
      what: 'tools.suspend',
      detail: { server, tool, now, findings, ...defined({ approved }) },
    });
  }
}

/** Returns the states of tools by their pins. A tool that has none is suspended. */
export function toolStates(pins: ToolPins): ToolStates {
  return {
    stateOf(server, tool) {
      const pinned = pins.find(server, tool);
      if (pinned === undefined) return { suspended: `nobody has looked at ${server}/${tool} yet`, findings: [] };
      return { suspended: suspensionOf(pinned, pinned.now), findings: pinned.findings };
    },
  };
}
