import { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Orders } from './orders.js';

const reply = (value: unknown) => ({ content: [{ type: 'text' as const, text: JSON.stringify(value) }] });
const failure = (text: string) => ({ content: [{ type: 'text' as const, text }], isError: true });

/** Returns the face of the back end for models: two tools over MCP. */
export function desk(orders: Orders): McpServer {
  const server = new McpServer({ name: 'desk', version: '0.1.0' });
  server.registerTool(
    'get_customer',
    {
      description: "Get a customer's record",
      inputSchema: z.strictObject({ customer_id: z.string() }),
      annotations: { readOnlyHint: true },
    },
    ({ customer_id }) => {
      const customer = orders.customer(customer_id);
      return customer === undefined ? failure('there is no such customer') : reply(customer);
    },
  );
  server.registerTool(
    'refund_order',
    {
      description: 'Refund an order, wholly or in part. The amount is in cents.',
      inputSchema: z.strictObject({ order_id: z.string(), amount: z.int(), reason: z.string() }),
    },
    ({ order_id, amount }) => {
      const refund = orders.refund({ order: order_id, amount, over: 'MCP' });
      return refund === undefined ? failure('there is no such order') : reply({ refund });
    },
  );
  return server;
}
