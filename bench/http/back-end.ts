import { createServer } from 'node:http';

/** The back end of all fronts: it answers every request with a small order, as fast as Node does. */

const [, , port] = process.argv;
const ORDER = Buffer.from(JSON.stringify({ id: 'o-17', item: 'lamp', total: 4_200, status: 'paid' }));
const HEADERS = { 'Content-Type': 'application/json', 'Content-Length': ORDER.length };

createServer((request, response) => {
  request.resume();
  response.writeHead(200, HEADERS).end(ORDER);
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('up\n'));
