import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';
import { openDesk } from './database.js';

/** The support desk as an MCP server over stdio. It does what it is asked: deciding is not its work. */

const file = process.argv[2];
if (file === undefined) {
  console.error('usage: support-desk <database file>');
  process.exit(2);
}
const db = openDesk(file);

const reply = (value: unknown) => ({ content: [{ type: 'text' as const, text: JSON.stringify(value) }] });
const failure = (text: string) => ({ content: [{ type: 'text' as const, text }], isError: true });
const address = z.string().regex(/^[^@\s,;<>"]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/, 'one address');

function desk(): McpServer {
  const server = new McpServer({ name: 'support-desk', version: '0.1.0' });
  const readOnly = { readOnlyHint: true };

  server.registerTool(
    'list_inbound_mail',
    { description: 'List the mail that customers sent', inputSchema: z.strictObject({}), annotations: readOnly },
    () => reply(db.prepare('select id, sender, subject from inbound_mail order by id').all()),
  );
  server.registerTool(
    'read_inbound_mail',
    { description: 'Read one mail', inputSchema: z.strictObject({ mail_id: z.int() }), annotations: readOnly },
    ({ mail_id }) => one('mail', db.prepare('select * from inbound_mail where id = ?').get(mail_id)),
  );
  server.registerTool(
    'get_customer',
    {
      description: "Get a customer's record",
      inputSchema: z.strictObject({ customer_id: z.string() }),
      annotations: readOnly,
    },
    ({ customer_id }) => one('customer', db.prepare('select * from customers where id = ?').get(customer_id)),
  );
  server.registerTool(
    'get_order',
    { description: 'Get an order', inputSchema: z.strictObject({ order_id: z.string() }), annotations: readOnly },
    ({ order_id }) => one('order', db.prepare('select * from orders where id = ?').get(order_id)),
  );
  server.registerTool(
    'refund_order',
    {
      description: 'Refund an order, wholly or in part. The amount is in cents.',
      inputSchema: z.strictObject({ order_id: z.string(), amount: z.int(), reason: z.string() }),
    },
    ({ order_id, amount, reason }) => {
      if (db.prepare('select 1 from orders where id = ?').get(order_id) === undefined)
        return failure('there is no such order');
      const { lastInsertRowid } = db
        .prepare('insert into refunds (order_id, amount, reason) values (?, ?, ?)')
        .run(order_id, amount, reason);
      return reply({ refund: Number(lastInsertRowid) });
    },
  );
  server.registerTool(
    'send_email',
    {
      description: 'Send a mail to one recipient',
      inputSchema: z.strictObject({ to: address, subject: z.string(), body: z.string() }),
    },
    ({ to, subject, body }) => {
      const { lastInsertRowid } = db
        .prepare('insert into outgoing_mail (recipient, subject, body) values (?, ?, ?)')
        .run(to, subject, body);
      return reply({ mail: Number(lastInsertRowid) });
    },
  );
  server.registerTool(
    'deploy_release',
    {
      description: 'Deploy a version of a service',
      inputSchema: z.strictObject({ service: z.string(), version: z.string() }),
    },
    ({ service, version }) => {
      db.prepare('insert into deployments (service, version) values (?, ?)').run(service, version);
      return reply({ deployed: `${service} ${version}` });
    },
  );
  return server;
}

function one(what: string, row: unknown) {
  return row === undefined ? failure(`there is no such ${what}`) : reply(row);
}

serveStdio(desk);
