// A server over stdio that writes texts as it is given them, in the file of its first argument: `tools` is the text of a list, `answers`
// have the texts of members of the answer to each tool (`"result":{…}` or `"error":{…}`).
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const { tools, answers } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const write = (id, member) => process.stdout.write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},${member}}\n`);

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  if (method === 'initialize')
    write(
      id,
      `"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"exact","version":"1"}}`,
    );
  else if (method === 'tools/list') write(id, `"result":{"tools":${tools}}`);
  else if (method === 'tools/call') write(id, answers[params.name] ?? '"error":{"code":-32601,"message":"no"}');
  else write(id, '"error":{"code":-32601,"message":"no"}');
});
