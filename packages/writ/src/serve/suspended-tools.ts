import { defined } from '@writ/sdk/lib/defined';
import type { Logger } from 'pino';
import type { ToolStates } from '../enforce/mcp/protocol/tool-states.js';
import { howToApprove, type PinnedTool, suspensionOf, type ToolPins } from '../registry/tool-pins.js';
import type { RecordChange } from './runtime.js';

/** Records the tools of a server that count because they are seen for the first time. */
export async function recordFirstUse(tools: readonly PinnedTool[], record: RecordChange): Promise<void> {
  const [first] = tools;
  if (first === undefined) return;
  const seen = tools.map(({ tool, now }) => ({ tool, hash: now }));
  await record({ by: 'writ', what: 'tools.pin', detail: { server: first.server, tools: seen } });
}

/** Records that tools were suspended, and logs it. */
export async function recordSuspended(
  tools: readonly PinnedTool[],
  record: RecordChange,
  logger: Logger,
): Promise<void> {
  for (const { server, tool, approved, now, findings, unusable } of tools) {
    const until = unusable === undefined ? 'until it is approved' : 'until its server describes it otherwise';
    logger.warn(
      { server, tool, findings, ...defined({ unusable }) },
      `a tool is suspended ${until}: see writ tool list`,
    );
    await record({
      by: 'writ',
      what: 'tools.suspend',
      detail: { server, tool, now, findings, ...defined({ approved, unusable }) },
    });
  }
}

/** Returns the states of tools by their pins. A tool that has none is suspended. */
export function toolStates(pins: ToolPins): ToolStates {
  return {
    stateOf(server, tool) {
      const pinned = pins.find(server, tool);
      if (pinned === undefined) return { suspended: unseenText(server, tool), findings: [] };
      return { suspended: suspensionOf(pinned, pinned.now), findings: pinned.findings };
    },
  };
}

/** Returns why a tool without a pin may not be called. */
function unseenText(server: string, tool: string): string {
  return server === ''
    ? `no server of the gateway lists a tool ${tool}; \`writ tool list\` shows those that are listed`
    : `the tool ${tool} of the server ${server} is new, and nobody has looked at it; ${howToApprove(server, tool)}`;
}
