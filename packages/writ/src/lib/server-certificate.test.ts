import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, expect, test } from 'vitest';
import { Authority, type Pair } from '../../test/certificates.js';
import { nodeServer } from './node-server.js';
import { ServerCertificate } from './server-certificate.js';

const folder = mkdtempSync(join(tmpdir(), 'writ-certificate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FILES = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
function write({ cert, key }: Pair): void {
  writeFileSync(FILES.cert, cert);
  writeFileSync(FILES.key, key);
}

/** Returns the name in the certificate that a server presents. */
function presentedBy(port: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subjectaltname);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

test('a renewed certificate is presented without a restart, and a broken one is not', async () => {
  const authority = await Authority.make();
  const issue = (value: string): Promise<Pair> => authority.issue([{ type: 'dns', value }]);
  write(await issue('one.example'));
  const certificate = new ServerCertificate(FILES);
  const server = nodeServer({ headersTimeout: 10_000 }, certificate, (_, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    expect(await presentedBy(port)).toBe('DNS:one.example');
    expect(certificate.renew()).toBe(false);
    const two = await issue('two.example');
    write(two);
    expect(certificate.renew()).toBe(true);
    expect(await presentedBy(port)).toBe('DNS:two.example');
    // The half of a renewal: the key of before, with the next certificate.
    const three = await issue('three.example');
    write({ cert: three.cert, key: two.key });
    expect(() => certificate.renew()).toThrow(expect.objectContaining({ code: 'certificate_unusable' }));
    expect(await presentedBy(port)).toBe('DNS:two.example');
    write(three);
    expect(certificate.renew()).toBe(true);
    expect(await presentedBy(port)).toBe('DNS:three.example');
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test('files that are not there are named', () => {
  const files = { cert: join(folder, 'none.pem'), key: FILES.key };
  expect(() => new ServerCertificate(files)).toThrow(/none\.pem/);
});
